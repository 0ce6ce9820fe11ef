"""A session that begins as another did."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pytest
import trio
from trio.testing import wait_all_tasks_blocked

from tests.runtime.house import HouseAgent, HouseStore, at_rest, calling, house_hall, lines, logged
from trio_agent.core.errors import Conflict, InvalidContent, NotFound
from trio_agent.core.message import Message
from trio_agent.core.unfinished import Unfinished
from trio_agent.runtime.hall import Hall
from trio_agent.runtime.session import Session
from trio_agent.runtime.work import FORKED
from trio_agent.seams import Fork, SessionHandle


@pytest.fixture
def store() -> HouseStore:
    return HouseStore()


async def said(hall: Hall, *words: str) -> Session:
    """The newest session, after the agent has answered each of `words`."""
    session = await hall.newest()
    for each in words:
        await session.post(each)
        await at_rest(session)
    return session


async def test_a_fork_has_the_messages_so_far_and_goes_on_without_the_other(store: HouseStore) -> None:
    agent = HouseAgent()
    async with house_hall(store, agent) as hall:
        source = await said(hall, "one", "two")
        fork = await hall.fork(source.id, 2)
        assert await lines(fork) == ["user: one", "agent: to one"]
        assert fork.log.cursor.log != source.log.cursor.log
        await fork.post("three")
        await at_rest(fork)
        assert await lines(fork) == ["user: one", "agent: to one", "user: three", "agent: to three"]
        assert await lines(source) == ["user: one", "agent: to one", "user: two", "agent: to two"]
        assert agent.histories[-1] == ["one", "to one"]
        assert (await hall.newest()).id == fork.id


async def test_where_a_session_came_from_is_kept_across_restarts_and_the_deletion_of_that(store: HouseStore) -> None:
    async with house_hall(store, HouseAgent()) as hall:
        source = await said(hall, "one")
        await hall.change(source.id, title="The first", archived=None)
        fork = await hall.fork(source.id, 1)
        assert fork.kept.title == "The first (fork)"
        assert (await hall.fork(source.id, 1)).kept.title == "The first (fork 2)"
        assert (await hall.fork(source.id, 1, title="Another way")).kept.title == "Another way"
        await wait_all_tasks_blocked()
        await hall.delete(source.id)
    async with house_hall(store, HouseAgent()) as hall:
        assert {record.title for record in hall.records()} == {"The first (fork)", "The first (fork 2)", "Another way"}
        record = hall.records()[-1]
        assert record.forked_from == Fork(session_id=source.id, index=1, title="The first")


async def test_a_turn_that_the_fork_cuts_off_is_closed_in_the_fork_alone(store: HouseStore) -> None:
    async def work(session: SessionHandle, prompts: Sequence[Message]) -> None:
        await session.record(calling("slow"))
        await session.record(Message(type="tool", tool_name="slow", tool_call_id="id-slow", tool_result="done"))
        await session.record(Message(type="agent", content="finished", end_of_turn=True))

    async with house_hall(store, HouseAgent(work)) as hall:
        source = await said(hall, "go")
        fork = await hall.fork(source.id, 2)
        await at_rest(fork)
        assert await lines(fork) == ["user: go", "agent: ", f"tool: {FORKED}", f"error: {FORKED}"]
        unfinished = Unfinished()
        for message in await logged(fork):
            unfinished.see(message)
        assert not unfinished.calls()
        assert not unfinished.in_turn
        assert len(await lines(source)) == 4
    # Told once, however often the fork is opened.
    async with house_hall(store, HouseAgent()) as hall:
        fork = await hall.session(fork.id)
        await at_rest(fork)
        assert len(await lines(fork)) == 4


async def test_words_at_the_end_of_a_fork_are_not_answered_by_themselves(store: HouseStore) -> None:
    agent = HouseAgent()
    async with house_hall(store, agent) as hall:
        source = await said(hall, "one")
        fork = await hall.fork(source.id, 1)
        await at_rest(fork)
        assert await lines(fork) == ["user: one", f"error: {FORKED}"]
        assert agent.heard == [["one"]]


async def test_a_fork_of_nothing_or_too_much_is_refused(store: HouseStore) -> None:
    async with house_hall(store, HouseAgent()) as hall:
        source = await said(hall, "one")
        for index in (-1, 0, 3):
            with pytest.raises(InvalidContent):
                await hall.fork(source.id, index)
        with pytest.raises(NotFound):
            await hall.fork("0" * 16, 1)
        assert len(hall.records()) == 1


async def test_a_store_that_cannot_fork_says_so() -> None:
    class Plain:
        """A Store with its four methods and no more."""

        def __init__(self) -> None:
            store = HouseStore()
            self.append, self.read, self.sessions, self.save = store.append, store.read, store.sessions, store.save

    async with house_hall(Plain(), HouseAgent()) as hall:  # type: ignore[arg-type]
        source = await said(hall, "one")
        with pytest.raises(Conflict):
            await hall.fork(source.id, 1)


async def test_a_running_session_can_be_forked_and_runs_on(store: HouseStore) -> None:
    going, go_on = trio.Event(), trio.Event()

    async def work(session: SessionHandle, prompts: Sequence[Message]) -> None:
        going.set()
        await go_on.wait()
        await session.record(Message(type="agent", content="finished", end_of_turn=True))

    async with house_hall(store, HouseAgent(work)) as hall:
        source = await hall.newest()
        await source.post("go")
        await going.wait()
        fork = await hall.fork(source.id, 1)
        go_on.set()
        await at_rest(source)
        assert await lines(source) == ["user: go", "agent: finished"]
        await at_rest(fork)
        assert await lines(fork) == ["user: go", f"error: {FORKED}"]


async def test_an_agent_makes_the_notes_of_a_fork_from_those_of_the_session_it_came_from(store: HouseStore) -> None:
    class Noting(HouseAgent):
        def fork(self, notes: Mapping[str, str], history: Sequence[Message]) -> dict[str, str]:
            return {**notes, "at": history[-1].content}

    async with house_hall(store, Noting()) as hall:
        source = await said(hall, "one", "two")
        await source.describe(source.facts, {"place": "here"})
        assert (await hall.fork(source.id, 2)).notes == {"place": "here", "at": "to one"}
