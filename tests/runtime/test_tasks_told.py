"""What runs in a session, as its readers are told of it: from the turn down to its model calls and tools."""

from __future__ import annotations

import json
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import pytest
import trio
from trio.testing import MockClock, wait_all_tasks_blocked

from tests.runtime.house import HouseAgent, HouseStore, at_rest, at_work, auto, events, lines
from trio_agent.core.cursor import start_of
from trio_agent.core.errors import NotFound
from trio_agent.core.message import Message, ToolCall
from trio_agent.runtime.follower import TASKS_INTERVAL_S, Follower
from trio_agent.runtime.session import Session
from trio_agent.seams import SessionHandle

CALL = ToolCall(name="bash", input="{}", tool_call_id="call-1")


async def hang_in_a_tool(session: SessionHandle, prompts: Sequence[Message]) -> None:
    async with session.running_tool(CALL) as run:
        with run.scope:
            await trio.sleep_forever()
    await session.record(auto("after the tool"))
    await trio.sleep_forever()


async def hang_in_a_model(session: SessionHandle, prompts: Sequence[Message]) -> None:
    async with session.asking_model():
        await trio.sleep_forever()


@pytest.fixture
def store() -> HouseStore:
    return HouseStore()


def short(session: Session) -> list[str]:
    return [f"{task.kind} {task.name}".strip() for task in session.tasks.told()]


async def told(follower: Follower) -> list[dict[str, Any]]:
    """The tasks of the next event of that name."""
    while True:
        for event in events(await anext(follower)):
            if event.event == "tasks":
                tasks: list[dict[str, Any]] = json.loads(event.data)["tasks"]
                return tasks


async def test_a_turn_and_its_tool_are_told_of_while_they_run(store: HouseStore) -> None:
    async with at_work(store, HouseAgent(hang_in_a_tool)) as session:
        assert short(session) == []
        await session.post("hi")
        await wait_all_tasks_blocked()
        turn, tool = session.tasks.told()
        assert (turn.kind, turn.idx, turn.parent, turn.stoppable) == ("turn", 0, 0, True)
        assert (tool.kind, tool.name, tool.tool_call_id, tool.parent) == ("tool", "bash", "call-1", turn.id)
        await session.cancel()
        assert short(session) == []


async def test_a_model_call_is_told_of_by_the_model_s_name(store: HouseStore) -> None:
    async with at_work(store, HouseAgent(hang_in_a_model)) as session:
        await session.post("hi")
        await wait_all_tasks_blocked()
        turn, model = session.tasks.told()
        assert (model.kind, model.parent, model.stoppable) == ("model", turn.id, False)
        await session.cancel()


async def test_a_tool_that_is_stopped_as_a_task_ends_alone(store: HouseStore) -> None:
    async with at_work(store, HouseAgent(hang_in_a_tool)) as session:
        await session.post("hi")
        await wait_all_tasks_blocked()
        _, tool = session.tasks.told()
        assert await session.cancel_task(tool.id, "not this one") == "not this one"
        await wait_all_tasks_blocked()
        assert short(session) == ["turn"]
        assert (await lines(session))[-1] == "auto: after the tool"
        with pytest.raises(NotFound):
            await session.cancel_task(tool.id)
        await session.cancel()


async def test_a_turn_that_is_stopped_as_a_task_is_written_down_when_the_answer_comes(store: HouseStore) -> None:
    async with at_work(store, HouseAgent(hang_in_a_model)) as session:
        await session.post("hi")
        await wait_all_tasks_blocked()
        turn = session.tasks.told()[0]
        assert await session.cancel_task(turn.id) == "user requested cancellation"
        assert not session.running
        assert (await lines(session))[-1] == "error: Cancelled: user requested cancellation"
        await session.post("again")
        await wait_all_tasks_blocked()
        assert session.tasks.told()[0].id != turn.id
        with pytest.raises(NotFound):
            await session.cancel_task(turn.id)
        assert session.running, "what has ended cannot stop what came after it"
        await session.cancel()


async def test_readers_are_told_of_tasks_only_where_they_ask(store: HouseStore, autojump_clock: MockClock) -> None:
    async with at_work(store, HouseAgent()) as session:
        await session.post("hi")
        await at_rest(session)
        start = start_of(session.log.cursor.log)
        names: list[str] = []
        with trio.move_on_after(5):
            async for chunk in Follower(session, start):
                names += [event.event for event in events(chunk)]
        assert "tasks" not in names


async def test_who_asks_is_told_at_once_that_nothing_runs(store: HouseStore, autojump_clock: MockClock) -> None:
    async with at_work(store, HouseAgent()) as session:
        follower = Follower(session, session.log.cursor, tasks=True)
        begun = trio.current_time()
        assert await told(follower) == []
        assert trio.current_time() == begun


async def test_what_is_short_is_folded_and_the_last_is_always_told(
    store: HouseStore, autojump_clock: MockClock
) -> None:
    calls = 100

    async def many_tools(session: SessionHandle, prompts: Sequence[Message]) -> None:
        for number in range(calls):
            async with session.running_tool(ToolCall(name=f"t{number}", input="{}", tool_call_id=f"{number}")):
                await trio.sleep(0.01)

    async with at_work(store, HouseAgent(many_tools)) as session, trio.open_nursery() as nursery:
        times: list[float] = []
        last: list[Any] = [None]

        async def read() -> None:
            async for chunk in Follower(session, session.log.cursor, tasks=True):
                for event in events(chunk):
                    if event.event == "tasks":
                        times.append(trio.current_time())
                        last[0] = json.loads(event.data)["tasks"]

        nursery.start_soon(read)
        await session.post("hi")
        await trio.sleep(5)
        nursery.cancel_scope.cancel()
    assert last[0] == []
    gaps = [later - earlier for earlier, later in pairwise(times)]
    assert min(gaps) >= TASKS_INTERVAL_S - 1e-6
    assert 3 <= len(times) <= calls * 0.01 / TASKS_INTERVAL_S + 4


async def test_a_stop_is_told_before_what_it_stops_has_ended(store: HouseStore, autojump_clock: MockClock) -> None:
    async def slow_to_end(session: SessionHandle, prompts: Sequence[Message]) -> None:
        try:
            await trio.sleep_forever()
        finally:
            with trio.move_on_after(10, shield=True):
                await trio.sleep(3)

    async with at_work(store, HouseAgent(slow_to_end)) as session, trio.open_nursery() as nursery:
        await session.post("hi")
        await wait_all_tasks_blocked()
        follower = Follower(session, session.log.cursor, tasks=True)
        assert [task.get("cancelled") for task in await told(follower)] == [None]
        begun = trio.current_time()
        nursery.start_soon(session.cancel)
        assert [task.get("cancelled") for task in await told(follower)] == [True]
        assert trio.current_time() - begun <= TASKS_INTERVAL_S + 1e-6
        assert await told(follower) == []
        assert trio.current_time() - begun >= 3


async def test_a_single_tool_s_stop_is_told_before_it_has_ended(store: HouseStore, autojump_clock: MockClock) -> None:
    async def slow_tool(session: SessionHandle, prompts: Sequence[Message]) -> None:
        async with session.running_tool(CALL) as run:
            with run.scope:
                try:
                    await trio.sleep_forever()
                finally:
                    with trio.move_on_after(10, shield=True):
                        await trio.sleep(3)

    async with at_work(store, HouseAgent(slow_tool)) as session, trio.open_nursery() as nursery:
        await session.post("hi")
        await wait_all_tasks_blocked()
        follower = Follower(session, session.log.cursor, tasks=True)
        assert len(await told(follower)) == 2
        begun = trio.current_time()
        nursery.start_soon(session.cancel_tool, "call-1")
        assert [task.get("cancelled") for task in await told(follower)] == [None, True]
        assert trio.current_time() - begun <= TASKS_INTERVAL_S + 1e-6


async def test_the_event_tells_the_clock_that_its_times_are_by(store: HouseStore, autojump_clock: MockClock) -> None:
    async with at_work(store, HouseAgent(hang_in_a_model)) as session:
        await session.post("hi")
        await wait_all_tasks_blocked()
        await trio.sleep(42)
        follower = Follower(session, session.log.cursor, tasks=True)
        chunk = await anext(follower) + await anext(follower)
        assert b"\nid:" not in chunk, "it moves no client's cursor"
        state, tasks = events(chunk)
        assert (state.event, tasks.event) == ("state", "tasks")
        data = json.loads(tasks.data)
        assert data["now_s"] - data["tasks"][0]["since_s"] == pytest.approx(42)
        await session.cancel()
