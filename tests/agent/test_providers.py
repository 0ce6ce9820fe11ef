"""The loop with the real clients of every provider, against stand-ins that speak and judge the real wires."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any

import pytest
import trio
from trio.testing import wait_all_tasks_blocked

from tests.agent.desk import Desk, FakeTool, meeting
from tests.runtime.house import HouseStore, lines, logged
from tests.standins.anthropic_server import serve_anthropic
from tests.standins.gemini_server import serve_gemini
from tests.standins.openai_server import serve_openai
from tests.standins.planned_server import Plan, PlannedServer
from trio_agent.core.budget import Budget
from trio_agent.core.price import Price
from trio_agent.models.anthropic import AnthropicWire
from trio_agent.models.gemini import GeminiWire
from trio_agent.models.openai import ChatWire, ResponsesWire
from trio_agent.models.streamed import StreamedModel
from trio_agent.models.wire import Wire
from trio_agent.runtime.session import Session
from trio_agent.seams import Model

Serve = Callable[[Plan], AbstractAsyncContextManager[PlannedServer]]

DEAR = Price(input=10_000, output=10_000, cache_write=10_000, cache_read=10_000)
"""A cent a token."""

PROVIDERS: dict[str, tuple[Serve, Callable[..., Wire], str]] = {
    "anthropic": (serve_anthropic, AnthropicWire, "claude-sonnet-5-5"),
    "gemini": (serve_gemini, GeminiWire, "gemini-4-hydrogen"),
    "openai": (serve_openai, ResponsesWire, "gpt-6"),
    "openai chat": (serve_openai, ChatWire, "local"),
}

HANGS_AFTER = {"anthropic": 5, "gemini": 3, "openai": 7, "openai chat": 4}
"""In how many events the first words of an answer have come."""

CALLS: dict[str, Any] = {
    "text": "I look.",
    "tool_calls": [{"name": "look", "input": {"at": "a"}}, {"name": "look", "input": {"at": "b"}}],
}


@pytest.fixture
def store() -> HouseStore:
    return HouseStore()


class Provided(Desk):
    """A desk whose models are the real clients, by the names of PROVIDERS; the first is the default."""

    def __init__(self, tmp_path: Path, servers: dict[str, PlannedServer], **more: Any) -> None:
        super().__init__(tmp_path, **more)
        self.servers = servers

    def _make_model(self, name: str) -> Model:
        chosen = name or next(iter(self.servers))
        _, wire, model = PROVIDERS[chosen]
        return StreamedModel(wire(model, "key", base_url=self.servers[chosen].url, price=DEAR))


async def until(session: Session, line: str) -> None:
    """Wait until the log ends with `line` and nobody works."""
    with trio.fail_after(30):
        while session.running or (await lines(session))[-1] != line:
            await session.signal.wait_past(session.signal.version)


@pytest.mark.parametrize("second", PROVIDERS)
@pytest.mark.parametrize("first", PROVIDERS)
async def test_a_cancelled_conversation_goes_on_with_any_provider(
    store: HouseStore, tmp_path: Path, first: str, second: str
) -> None:
    plan: list[dict[str, Any]] = [CALLS, {"text": "Half an answer, and more words", "hang_after": HANGS_AFTER[first]}]
    async with (
        PROVIDERS[first][0](plan) as before,
        PROVIDERS[second][0]([CALLS, {"text": "Done."}]) as after,
    ):
        servers = {first: before, second: after} if first != second else {first: before}
        if first == second:
            before._plan += [CALLS, {"text": "Done."}]
        desk = Provided(tmp_path, servers, tools=[FakeTool("look", "seen")])
        async with desk.session(store) as session:
            await session.post("hi")
            with trio.fail_after(30):
                await before.hanging.wait()
            with trio.fail_after(30):
                while not session.live.parts:
                    await session.signal.wait_past(session.signal.version)
            gone, before.left = before.clients_gone, trio.Event()
            await session.cancel("not that")
            with trio.fail_after(30):
                await before.left.wait()
            assert before.clients_gone == gone + 1, "the connection is closed"
            part = (await logged(session))[-2]
            assert (part.type, (part.display or {}).get("kind")) == ("agent", "cut_off")
            await session.post(f"/model {second}")
            await until(session, f"auto: The model is {desk._make_model(second).name} from now on.")
            await session.post("rather this")
            await until(session, "agent: Done.")
        assert before.complaints == after.complaints == []


async def test_dollars_that_a_provider_tells_of_end_the_call_while_it_runs(store: HouseStore, tmp_path: Path) -> None:
    plan: list[dict[str, Any]] = [{"text": "Words that never end", "usage": {"input_tokens": 500}, "hang_after": 5}]
    async with serve_anthropic(plan) as server:
        desk = Provided(tmp_path, {"anthropic": server}, budget=Budget(dollars=2.0))
        async with desk.session(store) as session:
            await session.post("hi")
            with trio.fail_after(30):
                while session.running or not (await lines(session))[-1].startswith("budget: "):
                    await session.signal.wait_past(session.signal.version)
            with trio.fail_after(30):
                await server.left.wait()
            assert session.usage.total_cost_usd >= 5


async def test_sub_agents_work_at_the_same_time_over_real_connections(store: HouseStore, tmp_path: Path) -> None:
    tasks = [{"name": "subagent", "input": {"task": task}} for task in ("one", "two")]
    meets = {"tool_calls": [{"name": "meet", "input": {}}]}
    plan: list[dict[str, Any]] = [
        {"tool_calls": tasks},
        meets,
        meets,
        {"text": "Met."},
        {"text": "Met."},
        {"text": "Done."},
    ]
    async with serve_anthropic(plan) as server:
        desk = Provided(tmp_path, {"anthropic": server}, tools=[meeting()])
        async with desk.session(store) as session:
            await session.post("hi")
            await until(session, "agent: Done.")
            results = [each.tool_result for each in await logged(session) if each.tool_name == "subagent"]
        assert results == ["Met.", "Met."]
        assert server.complaints == []
        await wait_all_tasks_blocked()
