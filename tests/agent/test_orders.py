"""Commands: what the agent itself does when a user tells it to."""

from __future__ import annotations

from pathlib import Path

import pytest
import trio
from trio.testing import wait_all_tasks_blocked

from tests.agent.desk import Desk, FakeModel, FakeTool, calls, roles, says
from tests.runtime.house import HouseStore, at_rest, lines, watch_states
from trio_agent.core.budget import Budget
from trio_agent.core.errors import ConfigError
from trio_agent.core.machine import AgentState
from trio_agent.seams import Model, Toolbench, ToolResult


@pytest.fixture
def store() -> HouseStore:
    return HouseStore()


class Choice(Desk):
    """A desk with a second model, called `other`."""

    def __init__(self, tmp_path: Path, *args, **more) -> None:  # type: ignore[no-untyped-def]
        super().__init__(tmp_path, *args, **more)
        self.other = FakeModel(says("I am the other."))
        self.other.name = "other"
        self.other.context_window = 2000

    def _make_model(self, name: str) -> Model:
        super()._make_model(name)
        match name:
            case "":
                return self.model
            case "other":
                return self.other
            case _:
                raise ConfigError(f"no model is called {name!r}")


async def test_the_model_is_changed_in_mid_session_and_the_choice_is_kept(store: HouseStore, tmp_path: Path) -> None:
    desk = Choice(tmp_path, says("Hello."))
    async with desk.session(store) as session:
        states = watch_states(session)
        await session.post("hi")
        await at_rest(session)
        del states[:]
        await session.post("/model other")
        await at_rest(session)
        assert (await lines(session))[-1] == "auto: The model is other from now on."
        assert set(states) <= {AgentState.WAITING_FOR_USER_INPUT}
        assert (session.snapshot().model, session.snapshot().context_window) == ("other", 2000)
        await session.post("who are you?")
        await at_rest(session)
        assert (await lines(session))[-1] == "agent: I am the other."
    assert roles(desk.other.requests[0]) == ["hi", "Hello.", "who are you?"]
    again = Choice(tmp_path)
    async with again.session(store) as session:
        assert session.snapshot().model == "other"
    assert again.asked_models == ["other"]


async def test_a_model_that_cannot_be_is_not_chosen(store: HouseStore, tmp_path: Path) -> None:
    desk = Choice(tmp_path, says("Hello."))
    async with desk.session(store) as session:
        await session.post("/model nonsense")
        await at_rest(session)
        assert (await lines(session))[-1] == "error: The model was not changed: no model is called 'nonsense'."
        await session.post("/model")
        await at_rest(session)
        assert (await lines(session))[-1] == "auto: The model is fake."
        assert session.kept.model == ""
        await session.post("hi")
        await at_rest(session)
        assert (await lines(session))[-1] == "agent: Hello."


async def test_tools_go_with_the_model(store: HouseStore, tmp_path: Path) -> None:
    desk = Choice(tmp_path, says("Hello."), tools=[FakeTool("a"), FakeTool("for-fake")])
    tools_of = desk._tools_of
    desk._tools_of = lambda model: [
        each for each in tools_of(model) if model.name == "fake" or "for" not in each.spec.name
    ]  # type: ignore[method-assign]
    async with desk.session(store) as session:
        for words in ("hi", "/model other", "hi"):
            await session.post(words)
            await at_rest(session)
    assert [spec.name for spec in desk.model.requests[0].tools] == ["subagent", "a", "for-fake"]
    assert [spec.name for spec in desk.other.requests[0].tools] == ["subagent", "a"]
    assert desk.tools_closed == 1, "what they left running goes on with the new model"


async def test_a_command_beside_words_is_done_before_them(store: HouseStore, tmp_path: Path) -> None:
    goes_on = trio.Event()

    async def wait(input: bytes, bench: Toolbench) -> ToolResult:
        await goes_on.wait()
        return ToolResult(text="done")

    desk = Choice(tmp_path, calls("a"), says("First."), tools=[FakeTool("a", wait)])
    async with desk.session(store) as session:
        await session.post("hi")
        await wait_all_tasks_blocked()
        for words in ("use tabs", "/model other", "who are you?"):
            await session.post(words)
        goes_on.set()
        await at_rest(session)
        assert (await lines(session))[-2:] == ["auto: The model is other from now on.", "agent: I am the other."]
    assert roles(desk.model.requests[1]) == ["hi", "call a", "a: done", "use tabs"], "what was said before the command"
    assert roles(desk.other.requests[0]) == ["hi", "call a", "a: done", "use tabs", "First.", "who are you?"]


async def test_a_command_is_no_name_for_a_session_and_no_turn(store: HouseStore, tmp_path: Path) -> None:
    desk = Desk(tmp_path, says("Hello."))
    async with desk.session(store) as session:
        await session.post("/model")
        await at_rest(session)
        assert session.snapshot().title == ""
        assert desk.model.requests == []
    async with Desk(tmp_path).session(store) as session:
        assert (await lines(session))[-1] == "auto: The model is fake.", "and nothing of it was interrupted"


async def test_a_model_of_unknown_price_is_said_to_be_once(store: HouseStore, tmp_path: Path) -> None:
    desk = Desk(tmp_path, says("One."), says("Two."), budget=Budget(dollars=2.5))
    desk.model.priced = False
    async with desk.session(store) as session:
        for words in ("hi", "more"):
            await session.post(words)
            await at_rest(session)
        told = [line for line in await lines(session) if line.startswith("auto: ")]
    assert len(told) == 1
    assert "the limit of $2.50 a turn does not hold" in told[0]


async def test_a_model_of_unknown_price_is_no_matter_without_a_limit(store: HouseStore, tmp_path: Path) -> None:
    desk = Desk(tmp_path, says("One."))
    desk.model.priced = False
    async with desk.session(store) as session:
        await session.post("hi")
        await at_rest(session)
        assert await lines(session) == ["user: hi", "agent: One."]


@pytest.mark.parametrize("words", ["/compact and then run the tests", "/pull now"])
async def test_what_follows_a_command_that_takes_nothing_is_not_dropped_unsaid(
    store: HouseStore, tmp_path: Path, words: str
) -> None:
    desk = Desk(tmp_path, says("Hello."), says("We greeted."))
    async with desk.session(store) as session:
        for each in ("hi", words):
            await session.post(each)
            await at_rest(session)
        told = await lines(session)
    assert told[-1].startswith("auto: ")
    assert "takes nothing after it, so nothing was done" in told[-1]
    assert len(desk.model.requests) == 1
