"""Stopping a turn, or one tool of it: the answer comes when nothing of it runs any more."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
import trio
from trio.testing import MockClock, wait_all_tasks_blocked

from tests.runtime.house import HouseAgent, HouseStore, at_rest, at_work, calling, house_hall, lines, logged
from trio_agent.core.errors import NotFound, RepositoryError, StoreDown
from trio_agent.core.message import Message
from trio_agent.runtime.session import DEFAULT_CANCEL_REASON, Session
from trio_agent.seams import SessionHandle, ToolRun


@pytest.fixture
def store() -> HouseStore:
    return HouseStore()


class Tools:
    """A turn whose two tools run until they are cancelled, and then take `cleanup_s` to be gone."""

    def __init__(self, cleanup_s: float = 0.0) -> None:
        self.cleanup_s = cleanup_s
        self.running: set[str] = set()
        self.results: dict[str, str] = {}

    async def turn(self, session: SessionHandle, prompts: Sequence[Message]) -> None:
        message = await session.record(calling("bash", "search"))
        async with trio.open_nursery() as nursery:
            for call in message.tool_calls:
                nursery.start_soon(self._run, session, call)

    async def _run(self, session: SessionHandle, call) -> None:  # type: ignore[no-untyped-def]
        async with session.running_tool(call) as run:
            await self._work(call.name, run)
        if run.scope.cancelled_caught:
            self.results[call.name] = run.cancelled

    async def _work(self, name: str, run: ToolRun) -> None:
        with run.scope:
            self.running.add(name)
            try:
                await trio.sleep_forever()
            finally:
                with trio.CancelScope(shield=True):
                    await trio.sleep(self.cleanup_s)
                self.running.discard(name)


async def sleep_forever(session: SessionHandle, prompts: Sequence[Message]) -> None:
    async with session.asking_model():
        session.write("content", "half an ans")
        await trio.sleep_forever()


async def test_cancelling_an_idle_session_changes_nothing(store: HouseStore) -> None:
    async with at_work(store, HouseAgent()) as session:
        assert await session.cancel() == DEFAULT_CANCEL_REASON == "user requested cancellation"
        assert await session.cancel("enough") == "enough"
        assert await lines(session) == []


async def test_a_model_call_is_cancelled_with_a_notice(store: HouseStore) -> None:
    agent = HouseAgent(sleep_forever)
    async with at_work(store, agent) as session:
        await session.post("hello")
        await wait_all_tasks_blocked()
        assert session.snapshot().agent_state == "SendingToLLM"
        assert await session.cancel("I changed my mind") == "I changed my mind"
        assert not session.running
        assert await lines(session) == ["user: hello", "error: Cancelled: I changed my mind"]
        assert not (await logged(session))[-1].end_of_turn
        state = session.snapshot()
        assert (state.agent_state, state.outstanding_llm_calls) == ("WaitingForUserInput", 0)
        assert not session.live.parts


async def test_the_answer_to_a_cancel_comes_when_nothing_runs_any_more(
    store: HouseStore, autojump_clock: MockClock
) -> None:
    tools = Tools(cleanup_s=3)
    async with at_work(store, HouseAgent(tools.turn)) as session:
        await session.post("hello")
        await wait_all_tasks_blocked()
        assert tools.running == {"bash", "search"}
        begun = trio.current_time()
        await session.cancel("stop")
        assert trio.current_time() == begun + 3
        assert not tools.running
        assert session.snapshot().outstanding_tool_calls == ()


async def test_calls_that_a_cancel_left_unfinished_get_results_and_then_comes_the_notice(store: HouseStore) -> None:
    tools = Tools()
    async with at_work(store, HouseAgent(tools.turn)) as session:
        await session.post("hello")
        await wait_all_tasks_blocked()
        await session.cancel("stop")
        messages = (await logged(session))[2:]
    assert [(message.type, message.tool_call_id) for message in messages] == [
        ("tool", "id-bash"),
        ("tool", "id-search"),
        ("error", ""),
    ]
    assert {message.tool_result for message in messages[:2]} == {"Cancelled before it finished: stop"}
    assert all(message.tool_error for message in messages[:2])
    assert all(message.display == {"kind": "stopped", "by": "user"} for message in messages[:2])
    assert messages[2].content == "Cancelled: stop"


async def test_two_cancels_of_one_turn_write_one_notice_and_the_first_reason_stands(
    store: HouseStore, autojump_clock: MockClock
) -> None:
    tools = Tools(cleanup_s=3)
    ended: list[float] = []

    async def cancel(session: Session, reason: str) -> None:
        await session.cancel(reason)
        ended.append(trio.current_time())

    async with at_work(store, HouseAgent(tools.turn)) as session:
        await session.post("hello")
        await wait_all_tasks_blocked()
        begun = trio.current_time()
        async with trio.open_nursery() as nursery:
            nursery.start_soon(cancel, session, "first")
            await trio.sleep(1)
            nursery.start_soon(cancel, session, "second")
        notices = [line for line in await lines(session) if line.startswith("error")]
    assert notices == ["error: Cancelled: first"]
    assert ended == [begun + 3, begun + 3]


async def test_a_cancelled_session_answers_the_next_words(store: HouseStore) -> None:
    async def turn(session: SessionHandle, prompts: Sequence[Message]) -> None:
        if prompts[0].content == "hang":
            await trio.sleep_forever()
        await session.record(Message(type="agent", content="fine", end_of_turn=True))

    async with at_work(store, HouseAgent(turn)) as session:
        await session.post("hang")
        await wait_all_tasks_blocked()
        await session.cancel()
        await session.post("hello")
        await at_rest(session)
        assert (await lines(session))[-2:] == ["user: hello", "agent: fine"]


async def test_words_that_came_during_a_cancelled_turn_are_answered_in_the_next(store: HouseStore) -> None:
    async def turn(session: SessionHandle, prompts: Sequence[Message]) -> None:
        if prompts[0].content == "hang":
            await trio.sleep_forever()

    agent = HouseAgent(turn)
    async with at_work(store, agent) as session:
        await session.post("hang")
        await wait_all_tasks_blocked()
        await session.post("rather this")
        await session.cancel()
        await at_rest(session)
    assert agent.heard == [["hang"], ["rather this"]]


async def test_words_that_nobody_is_at_work_on_yet_can_be_cancelled(store: HouseStore) -> None:
    agent = HouseAgent()
    async with at_work(store, agent) as session:
        await session.post("never mind")
        # No checkpoint since: the turn has not begun.
        await session.cancel("wrong session")
        await at_rest(session)
        assert await lines(session) == ["user: never mind", "error: Cancelled: wrong session"]
        assert agent.heard == []
        await session.cancel("again")
        assert len(await lines(session)) == 2
        await session.post("this instead")
        await at_rest(session)
        assert agent.heard == [["never mind", "this instead"]]


async def test_a_turn_that_ends_by_itself_as_it_is_cancelled_has_ended_by_itself(store: HouseStore) -> None:
    async def turn(session: SessionHandle, prompts: Sequence[Message]) -> None:
        with trio.CancelScope(shield=True):
            await goes_on.wait()

    goes_on = trio.Event()
    async with at_work(store, HouseAgent(turn)) as session:
        await session.post("hello")
        await wait_all_tasks_blocked()
        async with trio.open_nursery() as nursery:
            nursery.start_soon(session.cancel)
            await wait_all_tasks_blocked()
            goes_on.set()
        assert await lines(session) == ["user: hello"]


async def test_a_turn_that_fails_while_it_is_cancelled_is_cancelled(store: HouseStore) -> None:
    async def turn(session: SessionHandle, prompts: Sequence[Message]) -> None:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(trio.sleep_forever)
            try:
                await trio.sleep_forever()
            finally:
                raise RepositoryError("on the way out")

    async with at_work(store, HouseAgent(turn)) as session:
        await session.post("hello")
        await wait_all_tasks_blocked()
        await session.cancel("stop")
        assert not session.running
        assert session.snapshot().agent_state == "WaitingForUserInput"
        assert (await lines(session))[1].startswith("error: ")


async def test_a_cancel_that_cannot_be_recorded_still_stops_the_turn(store: HouseStore) -> None:
    async with at_work(store, HouseAgent(sleep_forever)) as session:
        await session.post("hello")
        await wait_all_tasks_blocked()
        store.refusal = StoreDown("gone")
        await session.cancel()
        assert not session.running
        assert session.snapshot().agent_state == "WaitingForUserInput"


async def test_one_tool_is_cancelled_and_the_others_go_on(store: HouseStore, autojump_clock: MockClock) -> None:
    tools = Tools(cleanup_s=2)
    async with at_work(store, HouseAgent(tools.turn)) as session:
        await session.post("hello")
        await wait_all_tasks_blocked()
        begun = trio.current_time()
        assert await session.cancel_tool("id-bash", "too slow") == "too slow"
        assert trio.current_time() == begun + 2, "it was gone before the answer came"
        assert tools.running == {"search"}
        assert session.running
        await wait_all_tasks_blocked()
        assert tools.results == {"bash": "too slow"}
        assert session.snapshot().outstanding_tool_calls == ("search",)


async def test_a_tool_that_is_not_running_cannot_be_cancelled(store: HouseStore) -> None:
    tools = Tools()
    async with at_work(store, HouseAgent(tools.turn)) as session:
        with pytest.raises(NotFound):
            await session.cancel_tool("id-bash")
        await session.post("hello")
        await wait_all_tasks_blocked()
        with pytest.raises(NotFound):
            await session.cancel_tool("id-of-nothing")
        await session.cancel_tool("id-bash")
        await wait_all_tasks_blocked()
        with pytest.raises(NotFound):
            await session.cancel_tool("id-bash")


async def test_two_calls_under_one_id_do_not_end_each_other_s_session(store: HouseStore) -> None:
    async def turn(session: SessionHandle, prompts: Sequence[Message]) -> None:
        (call,) = calling("bash").tool_calls
        async with session.running_tool(call), session.running_tool(call):
            await trio.lowlevel.checkpoint()
        await session.record(Message(type="agent", content="fine", end_of_turn=True))

    async with at_work(store, HouseAgent(turn)) as session:
        await session.post("hello")
        await at_rest(session)
        assert (await lines(session))[-1] == "agent: fine"


async def test_closing_the_hall_stops_the_turn_and_leaves_nothing_running(
    store: HouseStore, autojump_clock: MockClock
) -> None:
    tools = Tools(cleanup_s=1)
    async with house_hall(store, HouseAgent(tools.turn)) as hall:
        session = await hall.newest()
        await session.post("hello")
        await wait_all_tasks_blocked()
        assert tools.running
    assert not tools.running
