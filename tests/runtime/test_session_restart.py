"""What a session shows of a turn that its process did not survive."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import pytest
import trio
from trio.testing import wait_all_tasks_blocked

from tests.runtime.house import HouseAgent, HouseStore, Turn, at_rest, at_work, calling, lines, logged
from trio_agent.core.errors import RepositoryError, StoreFull
from trio_agent.core.machine import AgentState
from trio_agent.core.message import Message
from trio_agent.runtime.session import Session
from trio_agent.runtime.work import INTERRUPTED
from trio_agent.seams import Attendant, SessionHandle, SessionRecord


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
        assert messages[0].display == {"kind": "stopped", "by": "restart"}
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


# ------------------------------------------------------------------------- what the log alone does not tell


ANSWER = Message(type="agent", content="answer", end_of_turn=True)


async def fail_in_passing(session: SessionHandle, prompts: Sequence[Message]) -> None:
    """Something did not work, which is told, and the turn goes on."""
    await session.record(calling("bash"))
    await session.record(Message(type="tool", tool_call_id="id-bash", tool_result="done"))
    await session.record(Message(type="error", content="the commits did not arrive"))
    await trio.sleep_forever()


async def answer_too_early(session: SessionHandle, prompts: Sequence[Message]) -> None:
    """The last answer is recorded after words came that it does not answer; the turn goes on to its end."""
    assert isinstance(session, Session)
    await session.post("more")
    await session.record(ANSWER)
    await trio.sleep_forever()


@pytest.mark.parametrize("turn", [fail_in_passing, answer_too_early])
async def test_a_turn_that_seems_to_have_ended_or_words_that_seem_answered_are_interrupted_once(
    store: HouseStore, turn: Turn
) -> None:
    await leave_a_turn_running(store, turn)
    for _ in range(3):
        async with at_work(store, HouseAgent()) as session:
            told = await lines(session)
        assert told[-1] == f"error: {INTERRUPTED}"
        assert [line for line in told if INTERRUPTED in line] == told[-1:]


async def take_along(session: SessionHandle, prompts: Sequence[Message]) -> None:
    """Words that came in mid-turn are answered with the others; then there is still something to do."""
    assert isinstance(session, Session)
    await session.post("more")
    assert [prompt.content for prompt in session.take_prompts()] == ["more"]
    async with session.asking_model():
        await session.record(ANSWER)
    await trio.sleep_forever()


async def take_along_and_end(session: SessionHandle, prompts: Sequence[Message]) -> None:
    assert isinstance(session, Session)
    await session.post("more")
    session.take_prompts()
    await session.record(ANSWER)


async def fail(session: SessionHandle, prompts: Sequence[Message]) -> None:
    await session.record(Message(type="error", content="overloaded"))
    session.end_turn(AgentState.ERROR)


async def break_down(session: SessionHandle, prompts: Sequence[Message]) -> None:
    raise RuntimeError("a bug")


@pytest.mark.parametrize("turn", [take_along, take_along_and_end, fail, break_down])
async def test_a_turn_that_ended_or_was_answered_whatever_its_log_looks_like_is_not_interrupted(
    store: HouseStore, turn: Turn
) -> None:
    async with at_work(store, HouseAgent(turn)) as session:
        await session.post("hello")
        await wait_all_tasks_blocked()
        told = await lines(session)
    async with at_work(store, HouseAgent()) as session:
        assert await lines(session) == told


async def test_a_turn_that_was_cancelled_is_not_interrupted(store: HouseStore) -> None:
    async with at_work(store, HouseAgent(hang_in_tools)) as session:
        await session.post("hello")
        await wait_all_tasks_blocked()
        await session.cancel("enough")
        told = await lines(session)
    async with at_work(store, HouseAgent()) as session:
        assert await lines(session) == told


async def test_words_that_were_cancelled_before_anybody_took_them_up_are_not_interrupted(store: HouseStore) -> None:
    class Slow(HouseAgent):
        @asynccontextmanager
        async def attend(self, session: SessionHandle, history: Sequence[Message]) -> AsyncIterator[Attendant]:
            await trio.sleep_forever()
            yield  # type: ignore[misc]

    async with at_work(store, HouseAgent()) as session:
        await session.post("hello")
        await at_rest(session)
    async with at_work(store, Slow()) as session:
        await session.post("go on")
        await session.cancel("enough")
        told = await lines(session)
    assert told[-2:] == ["user: go on", "error: Cancelled: enough"]
    async with at_work(store, HouseAgent()) as session:
        assert await lines(session) == told


async def test_words_to_an_agent_that_could_not_begin_are_not_interrupted(store: HouseStore) -> None:
    agent = HouseAgent()
    async with at_work(store, agent) as session:
        await session.post("hello")
        await at_rest(session)
    agent.refusal = RepositoryError("git refused")
    async with at_work(store, agent) as session:
        await session.post("hello?")
        await wait_all_tasks_blocked()
        told = await lines(session)
    assert told[-1].startswith("error: git refused")
    for _ in range(2):
        async with at_work(store, HouseAgent()) as session:
            assert await lines(session) == told


async def test_an_interruption_that_was_told_but_not_noted_is_not_told_twice(store: HouseStore) -> None:
    class Unkept(HouseStore):
        async def save(self, record: SessionRecord) -> None:
            raise StoreFull("the disk is full")

    await leave_a_turn_running(store, hang)
    unkept = Unkept()
    unkept._entries, unkept._records = store._entries, store._records
    for each in (unkept, unkept, store, store):
        async with at_work(each, HouseAgent()) as session:
            assert await lines(session) == ["user: hello", f"error: {INTERRUPTED}"]
    assert (await store.sessions())[0].turn_from == 0


async def test_an_interruption_is_not_told_again_because_the_agent_could_not_begin_after_it(store: HouseStore) -> None:
    await leave_a_turn_running(store, answer_too_early)
    agent = HouseAgent()
    agent.refusal = RepositoryError("git refused")
    async with at_work(store, agent) as session:
        told = await lines(session)
    assert [line.partition(":")[0] for line in told[-2:]] == ["error", "error"]
    async with at_work(store, HouseAgent()) as session:
        assert await lines(session) == told


async def test_what_was_noted_of_a_longer_log_is_not_believed(store: HouseStore) -> None:
    """A log that was cut back to where words stood last: nothing in it says that they were answered."""
    async with at_work(store, HouseAgent(fail)) as session:
        for words in ("hello", "hello again"):
            await session.post(words)
            await at_rest(session)
    del store._entries[session.kept.log][1:]
    async with at_work(store, HouseAgent()) as session:
        assert await lines(session) == ["user: hello", f"error: {INTERRUPTED}"]
