"""What a session shows of a turn that its process did not survive."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
import trio
from trio.testing import wait_all_tasks_blocked

from tests.runtime.house import HouseAgent, HouseStore, at_rest, at_work, calling, lines, logged
from trio_agent.core.errors import StoreFull
from trio_agent.core.message import Message
from trio_agent.runtime.work import INTERRUPTED
from trio_agent.seams import SessionHandle


@pytest.fixture
def store() -> HouseStore:
    return HouseStore()


async def hang(session: SessionHandle, prompts: Sequence[Message]) -> None:
    await trio.sleep_forever()


async def hang_in_tools(session: SessionHandle, prompts: Sequence[Message]) -> None:
    await session.record(calling("bash", "search"))
    await session.record(Message(type="tool", tool_call_id="id-search", tool_result="found"))
    await trio.sleep_forever()


async def leave_a_turn_running(store: HouseStore, turn) -> None:  # type: ignore[no-untyped-def]
    """A process that ends, without a word to the log, in the middle of a turn."""
    async with at_work(store, HouseAgent(turn)) as session:
        await session.post("hello")
        await wait_all_tasks_blocked()


async def test_a_running_turn_is_shown_as_interrupted_once(store: HouseStore) -> None:
    await leave_a_turn_running(store, hang)
    for _ in range(3):
        async with at_work(store, HouseAgent()) as session:
            assert await lines(session) == ["user: hello", f"error: {INTERRUPTED}"]


async def test_a_running_tool_is_shown_as_interrupted_and_not_run_again(store: HouseStore) -> None:
    await leave_a_turn_running(store, hang_in_tools)
    agent = HouseAgent()
    async with at_work(store, agent) as session:
        messages = (await logged(session))[3:]
        assert [(message.type, message.tool_call_id) for message in messages] == [("tool", "id-bash"), ("error", "")]
        assert messages[0].tool_error
        assert messages[0].tool_result == INTERRUPTED
        assert agent.heard == []
    assert agent.histories[0][-1] == INTERRUPTED, "the agent is told as well"


async def test_a_turn_that_ended_is_not_interrupted(store: HouseStore) -> None:
    async with at_work(store, HouseAgent()) as session:
        await session.post("hello")
        await at_rest(session)
    async with at_work(store, HouseAgent()) as session:
        assert await lines(session) == ["user: hello", "agent: to hello"]


async def test_a_turn_on_words_from_before_the_last_answer_is_interrupted_too(store: HouseStore) -> None:
    asked = trio.Event()

    async def turn(session: SessionHandle, prompts: Sequence[Message]) -> None:
        if prompts[0].content == "later":
            await trio.sleep_forever()
        await asked.wait()
        await session.record(Message(type="agent", content="first answer", end_of_turn=True))

    async with at_work(store, HouseAgent(turn)) as session:
        await session.post("hello")
        await wait_all_tasks_blocked()
        await session.post("later")
        asked.set()
        await wait_all_tasks_blocked()
        told = await lines(session)
    assert told == ["user: hello", "user: later", "agent: first answer"], "the log alone looks finished"
    for _ in range(2):
        async with at_work(store, HouseAgent()) as session:
            assert await lines(session) == [*told, f"error: {INTERRUPTED}"]
    async with at_work(store, HouseAgent()) as session:
        await session.post("continue")
        await at_rest(session)
    async with at_work(store, HouseAgent()) as session:
        assert (await lines(session))[-1] == "agent: to continue"


async def test_words_that_come_while_the_interruption_is_written_down_are_heard_once(store: HouseStore) -> None:
    await leave_a_turn_running(store, hang)
    agent = HouseAgent()
    store.gate = trio.Event()
    async with at_work(store, agent) as session, trio.open_nursery() as nursery:
        nursery.start_soon(session.post, "go on")
        await wait_all_tasks_blocked()
        store.gate.set()
        await at_rest(session)
    assert agent.heard == [["go on"]]
    assert agent.histories == [["hello", INTERRUPTED]]


async def test_a_session_on_a_full_disk_can_be_read_and_lives_on_when_there_is_room(store: HouseStore) -> None:
    await leave_a_turn_running(store, hang_in_tools)
    store.refusal = StoreFull("the disk is full")
    agent = HouseAgent()
    async with at_work(store, agent) as session:
        assert not session.ended
        assert len(await lines(session)) == 3
        store.refusal = None
        await session.post("go on")
        await at_rest(session)
        assert (await lines(session))[-2:] == ["user: go on", "agent: to go on"]


async def test_every_word_that_was_acknowledged_is_there_after_a_restart(store: HouseStore) -> None:
    async with at_work(store, HouseAgent(hang)) as session:
        acknowledged = [(await session.post(f"{number}")).cursor for number in range(5)]
    async with at_work(store, HouseAgent()) as session:
        assert [await session.log.resume(cursor) for cursor in acknowledged] == [(each, None) for each in acknowledged]
        assert (await lines(session))[:5] == [f"user: {number}" for number in range(5)]
