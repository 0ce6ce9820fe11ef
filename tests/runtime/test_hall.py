"""The hall: sessions by id."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import pytest
import trio
from structlog.testing import capture_logs
from trio.testing import MockClock, wait_all_tasks_blocked

from tests.runtime.house import PROJECT, HouseAgent, HouseStore, answer_at_once, at_rest, events, house_hall, lines
from trio_agent.core.cursor import start_of
from trio_agent.core.errors import Conflict, NotFound, StoreDown
from trio_agent.core.message import Message
from trio_agent.core.state import Facts
from trio_agent.core.usage import Usage
from trio_agent.runtime.damaged_session import DamagedSession
from trio_agent.runtime.follower import Follower
from trio_agent.runtime.session import DEFAULT_CANCEL_REASON
from trio_agent.runtime.work import INTERRUPTED
from trio_agent.seams import Attendant, Entry, SessionHandle


@pytest.fixture
def store() -> HouseStore:
    return HouseStore()


async def hang(session: SessionHandle, prompts: Sequence[Message]) -> None:
    await trio.sleep_forever()


async def test_the_first_session_is_made_by_itself(store: HouseStore) -> None:
    async with house_hall(store, HouseAgent()) as hall:
        session = await hall.newest()
        (record,) = await store.sessions()
        assert (record.session_id, record.project) == (session.id, PROJECT)
        assert hall.open_sessions() == [session]


async def test_the_newest_session_is_opened_again_after_a_restart(store: HouseStore) -> None:
    async with house_hall(store, HouseAgent()) as hall:
        old = await hall.newest()
        await old.post("old")
        new = await hall.create()
        await new.post("new")
        await at_rest(new)
        await at_rest(old)
    agent = HouseAgent()
    async with house_hall(store, agent) as hall:
        session = await hall.newest()
        assert session.id == new.id
        assert await lines(session) == ["user: new", "agent: to new"]
        assert [each.id for each in hall.open_sessions()] == [new.id], "the other is opened when asked for"
        assert await lines(await hall.session(old.id)) == ["user: old", "agent: to old"]
        assert [record.session_id for record in hall.records()] == [new.id, old.id]


async def test_sessions_of_another_project_are_not_seen(store: HouseStore) -> None:
    async with house_hall(store, HouseAgent(), "/srv/other") as hall:
        other = await hall.newest()
    async with house_hall(store, HouseAgent()) as hall:
        assert (await hall.newest()).id != other.id
        assert len(hall.records()) == 1
        with pytest.raises(NotFound):
            await hall.session(other.id)


async def test_a_session_that_many_ask_for_at_once_is_opened_once(store: HouseStore) -> None:
    async with house_hall(store, HouseAgent()) as hall:
        old = await hall.newest()
        await hall.create()
    agent = HouseAgent()
    async with house_hall(store, agent) as hall:
        found = []

        async def ask() -> None:
            found.append(await hall.session(old.id))

        async with trio.open_nursery() as nursery:
            for _ in range(10):
                nursery.start_soon(ask)
        await wait_all_tasks_blocked()
        assert len({id(session) for session in found}) == 1
        await found[0].post("hello")
        await at_rest(found[0])
        assert agent.attempts == 2


class HeldStore(HouseStore):
    """A store in which the logs named in `held` are read when their event is set."""

    def __init__(self) -> None:
        super().__init__()
        self.held: dict[str, trio.Event] = {}

    async def read(self, log: str, start: int, stop: int) -> list[Entry]:
        if log in self.held:
            await self.held[log].wait()
        return await super().read(log, start, stop)


async def test_a_log_that_takes_long_to_read_keeps_nobody_from_the_others(autojump_clock: MockClock) -> None:
    store = HeldStore()
    async with house_hall(store, HouseAgent()) as hall:
        long, short = await hall.newest(), await hall.create()
        await hall.create()
    store.held[long.kept.log] = trio.Event()
    async with house_hall(store, HouseAgent()) as hall, trio.open_nursery() as nursery:
        nursery.start_soon(hall.session, long.id)
        await wait_all_tasks_blocked()
        with trio.move_on_after(1) as waiting:
            assert (await hall.session(short.id)).id == short.id
        assert not waiting.cancelled_caught
        store.held[long.kept.log].set()


async def test_who_asks_for_a_session_while_it_is_deleted_gets_it_or_is_told_that_there_is_none(
    store: HouseStore,
) -> None:
    async with house_hall(store, HouseAgent()) as hall:
        for _ in range(20):
            session = await hall.create()
            outcomes: list[str] = []

            async def ask(session_id: str, outcomes: list[str]) -> None:
                try:
                    while True:
                        assert (await hall.session(session_id)).id == session_id
                except NotFound:
                    outcomes.append("not found")

            async with trio.open_nursery() as nursery:
                for _ in range(5):
                    nursery.start_soon(ask, session.id, outcomes)
                nursery.start_soon(hall.delete, session.id)
            assert outcomes == ["not found"] * 5


async def test_who_asks_for_a_session_that_is_deleted_while_it_is_opened_is_told_that_there_is_none() -> None:
    store = HeldStore()
    async with house_hall(store, HouseAgent()) as hall:
        old = await hall.newest()
        await hall.create()
    store.held[old.kept.log] = trio.Event()
    async with house_hall(store, HouseAgent()) as hall:
        outcomes: list[str] = []

        async def ask() -> None:
            try:
                await hall.session(old.id)
                outcomes.append("found")
            except NotFound:
                outcomes.append("not found")

        async with trio.open_nursery() as nursery:
            nursery.start_soon(hall.delete, old.id)
            await wait_all_tasks_blocked()
            for _ in range(20):
                nursery.start_soon(ask)
            await wait_all_tasks_blocked()
            store.held[old.kept.log].set()
        assert len(outcomes) == 20
        assert "not found" in outcomes


async def test_while_the_newest_session_is_deleted_there_is_always_a_newest(store: HouseStore) -> None:
    async with house_hall(store, HouseAgent()) as hall:
        first = await hall.newest()
        for _ in range(20):
            session = await hall.create()

            async def ask(last: str) -> None:
                while (await hall.newest()).id != last:
                    pass

            async with trio.open_nursery() as nursery:
                for _ in range(5):
                    nursery.start_soon(ask, first.id)
                nursery.start_soon(hall.delete, session.id)


async def test_a_session_that_nobody_made_is_not_found(store: HouseStore) -> None:
    async with house_hall(store, HouseAgent()) as hall:
        for call in (
            lambda: hall.session("0" * 16),
            lambda: hall.change("0" * 16, title="a", archived=None),
            lambda: hall.delete("0" * 16),
        ):
            with pytest.raises(NotFound):
                await call()


async def test_a_session_is_made_with_the_title_and_model_that_were_asked_for(store: HouseStore) -> None:
    async with house_hall(store, HouseAgent()) as hall:
        session = await hall.create(title="Mine", model="demo")
        assert (session.snapshot().title, session.model) == ("Mine", "demo")
        assert await hall.newest() is session


async def test_a_session_that_could_not_be_kept_was_not_made(store: HouseStore) -> None:
    async with house_hall(store, HouseAgent()) as hall:
        first = await hall.newest()
        await wait_all_tasks_blocked()
        store.refusal = StoreDown("gone")
        with pytest.raises(StoreDown):
            await hall.create()
        assert await hall.newest() is first


async def test_a_title_and_the_archive_are_kept_and_seen(store: HouseStore) -> None:
    async with house_hall(store, HouseAgent()) as hall:
        session = await hall.newest()
        record = await hall.change(session.id, title="New", archived=None)
        assert (record.title, record.archived) == ("New", False)
        record = await hall.change(session.id, title=None, archived=True)
        assert (record.title, record.archived) == ("New", True)
        assert session.snapshot().title == "New"
        assert hall.records() == [record]
    async with house_hall(store, HouseAgent()) as hall:
        assert hall.records()[0].title == "New"


async def test_a_running_session_is_neither_archived_nor_deleted_but_renamed(store: HouseStore) -> None:
    async with house_hall(store, HouseAgent(hang)) as hall:
        session = await hall.newest()
        await session.post("hello")
        await wait_all_tasks_blocked()
        with pytest.raises(Conflict):
            await hall.change(session.id, title=None, archived=True)
        with pytest.raises(Conflict):
            await hall.delete(session.id)
        await hall.change(session.id, title="At work", archived=None)
        assert session.running
        assert session.snapshot().title == "At work"
        assert len(await store.sessions()) == 1


async def test_a_deleted_session_is_gone_with_its_log_and_what_the_agent_kept(store: HouseStore) -> None:
    agent = HouseAgent()
    async with house_hall(store, agent) as hall:
        session = await hall.create()
        await session.post("hello")
        await at_rest(session)
        await hall.delete(session.id)
        assert agent.forgotten == [session.id]
        assert await store.read(session.kept.log, 0, 10) == []
        assert session.id not in [record.session_id for record in await store.sessions()]
        with pytest.raises(NotFound):
            await hall.session(session.id)
        assert (await hall.newest()).id != session.id


async def test_streams_of_a_deleted_session_end(store: HouseStore) -> None:
    async with house_hall(store, HouseAgent()) as hall:
        session = await hall.newest()
        await session.post("hello")
        await at_rest(session)
        chunks: list[bytes] = []
        async with trio.open_nursery() as nursery:

            async def follow() -> None:
                chunks.extend([chunk async for chunk in Follower(session, start_of(session.kept.log))])

            nursery.start_soon(follow)
            await wait_all_tasks_blocked()
            await hall.delete(session.id)
        assert b'"session_ended":true' in events(b"".join(chunks))[-1].data.encode()


async def test_when_all_sessions_are_deleted_the_newest_is_a_new_one(store: HouseStore) -> None:
    async with house_hall(store, HouseAgent()) as hall:
        first = await hall.newest()
        await hall.delete(first.id)
        second = await hall.newest()
        assert second.id != first.id
        await second.post("hello")
        await at_rest(second)
        assert await lines(second) == ["user: hello", "agent: to hello"]


async def test_no_word_is_acknowledged_once_the_session_is_being_deleted(store: HouseStore) -> None:
    async with house_hall(store, HouseAgent()) as hall:
        session = await hall.newest()
        await wait_all_tasks_blocked()
        store.gate = trio.Event()
        async with trio.open_nursery() as nursery:
            nursery.start_soon(hall.delete, session.id)
            await wait_all_tasks_blocked()

            async def post() -> None:
                with pytest.raises(Conflict):
                    await session.post("hello")

            nursery.start_soon(post)
            await wait_all_tasks_blocked()
            store.gate.set()
        assert await store.read(session.kept.log, 0, 10) == []


class _SlowAgent(HouseAgent):
    """Has something kept of the session before it is at work, once it may `begin`."""

    def __init__(self) -> None:
        super().__init__()
        self.begin = trio.Event()

    @asynccontextmanager
    async def attend(self, session: SessionHandle, history: Sequence[Message]) -> AsyncIterator[Attendant]:
        await self.begin.wait()
        await session.describe(Facts(slug="begun"))
        async with super().attend(session, history) as attendant:
            yield attendant


async def test_an_agent_that_was_about_to_begin_in_a_deleted_session_is_no_error(store: HouseStore) -> None:
    agent = _SlowAgent()
    async with house_hall(store, agent) as hall:
        session = await hall.newest()
        with capture_logs() as logs:
            async with trio.open_nursery() as nursery:
                store.gate = trio.Event()
                nursery.start_soon(hall.delete, session.id)
                await wait_all_tasks_blocked()
                # It waits behind the deletion, which has the record.
                agent.begin.set()
                await wait_all_tasks_blocked()
                store.gate.set()
        assert session.kept.deleted
    assert [(line["event"], line["log_level"]) for line in logs] == [("agent_not_needed", "info")]


class _LateAgent(HouseAgent):
    """Is at work once it may `begin`, and has something kept of the session at the end of a turn, however it ends."""

    def __init__(self) -> None:
        super().__init__(self._turn)
        self.begin = trio.Event()

    @asynccontextmanager
    async def attend(self, session: SessionHandle, history: Sequence[Message]) -> AsyncIterator[Attendant]:
        await self.begin.wait()
        async with super().attend(session, history) as attendant:
            yield attendant

    async def _turn(self, session: SessionHandle, prompts: Sequence[Message]) -> None:
        try:
            await trio.sleep_forever()
        finally:
            with trio.CancelScope(shield=True):
                await session.describe(Facts(slug="ended"))


async def test_a_turn_that_was_about_to_begin_in_a_deleted_session_is_no_error(store: HouseStore) -> None:
    agent = _LateAgent()
    async with house_hall(store, agent) as hall:
        session = await hall.newest()
        await session.post("hello")
        await wait_all_tasks_blocked()
        with capture_logs() as logs:
            async with trio.open_nursery() as nursery:
                store.gate = trio.Event()
                nursery.start_soon(hall.delete, session.id)
                await wait_all_tasks_blocked()
                agent.begin.set()
                await wait_all_tasks_blocked()
                store.gate.set()
        assert session.kept.deleted
    assert "turn_not_needed" in [line["event"] for line in logs]
    assert {line["log_level"] for line in logs} == {"info"}


async def test_of_two_who_delete_at_once_one_finds_nothing(store: HouseStore) -> None:
    outcomes: list[str] = []
    async with house_hall(store, HouseAgent()) as hall:
        session = await hall.newest()
        await wait_all_tasks_blocked()

        async def delete() -> None:
            try:
                await hall.delete(session.id)
                outcomes.append("deleted")
            except NotFound:
                outcomes.append("not found")

        async with trio.open_nursery() as nursery:
            nursery.start_soon(delete)
            nursery.start_soon(delete)
    assert sorted(outcomes) == ["deleted", "not found"]


async def test_a_session_that_could_not_be_deleted_works_on(store: HouseStore) -> None:
    agent = HouseAgent()
    async with house_hall(store, agent) as hall:
        session = await hall.newest()
        await wait_all_tasks_blocked()
        store.refusal = StoreDown("gone")
        with pytest.raises(StoreDown):
            await hall.delete(session.id)
        store.refusal = None
        await session.post("hello")
        await at_rest(session)
        assert await lines(session) == ["user: hello", "agent: to hello"]
        assert agent.forgotten == []


async def test_a_client_that_goes_away_while_it_deletes_leaves_nothing_behind(store: HouseStore) -> None:
    agent = HouseAgent()
    async with house_hall(store, agent) as hall:
        session = await hall.newest()
        await wait_all_tasks_blocked()
        store.gate = trio.Event()
        scope = trio.CancelScope()

        async def delete() -> None:
            with scope:
                await hall.delete(session.id)

        async with trio.open_nursery() as nursery:
            nursery.start_soon(delete)
            await wait_all_tasks_blocked()
            scope.cancel()
            store.gate.set()
        assert await store.sessions() == []
        assert agent.forgotten == [session.id]


class ForgetfulAgent(HouseAgent):
    """It cannot forget: that raises `trouble`, or never ends."""

    def __init__(self, trouble: Exception | None) -> None:
        super().__init__()
        self.trouble = trouble

    async def forget(self, session_id: str) -> None:
        await super().forget(session_id)
        if self.trouble is None:
            await trio.sleep_forever()
        else:
            raise self.trouble


@pytest.mark.parametrize("trouble", [OSError(16, "Device or resource busy"), RuntimeError("a bug"), None])
async def test_a_session_whose_workspace_stays_is_deleted_all_the_same_and_that_is_logged(
    store: HouseStore, trouble: Exception | None, autojump_clock: MockClock
) -> None:
    agent = ForgetfulAgent(trouble)
    async with house_hall(store, agent) as hall:
        session = await hall.newest()
        with capture_logs() as logs:
            await hall.delete(session.id)
        assert agent.forgotten == [session.id]
        assert [(each["event"], each["session"]) for each in logs] == [("session_not_forgotten", session.id)]
        with pytest.raises(NotFound):
            await hall.session(session.id)


async def test_a_session_that_breaks_does_not_end_its_siblings(store: HouseStore) -> None:
    async def turn(session: SessionHandle, prompts: Sequence[Message]) -> None:
        if prompts[0].content == "break":
            # A bug in a store, which is none of the errors that a session is prepared for.
            store.refusal = ZeroDivisionError("a bug")
        await answer_at_once(session, prompts)

    async with house_hall(store, HouseAgent(turn)) as hall:
        sibling = await hall.newest()
        broken = await hall.create()
        await wait_all_tasks_blocked()
        await broken.post("break")
        await wait_all_tasks_blocked()
        store.refusal = None
        assert broken.ended
        with pytest.raises(Conflict):
            await broken.post("still there?")
        await sibling.post("hello")
        await at_rest(sibling)
        assert (await lines(sibling))[-1] == "agent: to hello"


async def test_an_old_session_costs_its_log_alone_until_somebody_says_something(store: HouseStore) -> None:
    async with house_hall(store, HouseAgent()) as hall:
        old = await hall.newest()
        await old.post("hello")
        await at_rest(old)
        await hall.create()
    agent = HouseAgent()
    async with house_hall(store, agent) as hall:
        await wait_all_tasks_blocked()
        assert agent.attempts == 1, "the newest is made ready"
        session = await hall.session(old.id)
        await wait_all_tasks_blocked()
        assert (session.attendant, session.state.value) == (None, "WaitingForUserInput")
        assert await lines(session) == ["user: hello", "agent: to hello"]
        assert await session.cancel() == DEFAULT_CANCEL_REASON
        assert agent.attempts == 1
        await session.post("more")
        await at_rest(session)
        assert agent.attempts == 2
        assert agent.histories[-1] == ["hello", "to hello"]
        assert (await lines(session))[2:] == ["user: more", "agent: to more"]


async def test_an_agent_that_is_wanted_begins_before_anything_is_said(store: HouseStore) -> None:
    async with house_hall(store, HouseAgent()) as hall:
        old = await hall.newest()
        await hall.create()
    agent = HouseAgent()
    async with house_hall(store, agent) as hall:
        session = await hall.session(old.id)
        await wait_all_tasks_blocked()
        session.want_agent()
        await wait_all_tasks_blocked()
        assert session.attendant is not None
        assert await lines(session) == []


async def test_an_old_session_that_was_interrupted_says_so_to_who_only_looks(store: HouseStore) -> None:
    async with house_hall(store, HouseAgent(hang)) as hall:
        old = await hall.newest()
        await old.post("hello")
        await wait_all_tasks_blocked()
        await hall.create()
    agent = HouseAgent()
    async with house_hall(store, agent) as hall:
        session = await hall.session(old.id)
        await wait_all_tasks_blocked()
        assert await lines(session) == ["user: hello", f"error: {INTERRUPTED}"]
        assert agent.attempts == 1


async def test_how_long_a_session_is_and_what_it_cost_is_known_without_its_log(store: HouseStore) -> None:
    async def turn(session: SessionHandle, prompts: Sequence[Message]) -> None:
        await session.record(Message(type="agent", content="a", end_of_turn=True, usage=Usage(cost_usd=0.25)))

    async with house_hall(store, HouseAgent(turn)) as hall:
        old = await hall.newest()
        for _ in range(2):
            await old.post("hello")
            await at_rest(old)
        await hall.create()
    async with house_hall(store, HouseAgent()) as hall:
        reads = store.reads
        (_, record) = hall.records()
        assert (record.messages, record.cost_usd, store.reads) == (4, 0.5, reads)


async def test_how_long_a_session_is_is_known_where_its_agent_could_not_begin(store: HouseStore) -> None:
    agent = HouseAgent()
    agent.refusal = StoreDown("gone")
    async with house_hall(store, agent) as hall:
        session = await hall.newest()
        await wait_all_tasks_blocked()
        assert len(await lines(session)) == 1
    assert (await store.sessions())[0].messages == 1


def tamper(store: HouseStore, log: str) -> None:
    first = store._entries[log][0]
    store._entries[log][0] = Entry(log, 0, first.wire.replace(b"hello", b"hullo"), first.tag)


async def test_a_log_that_was_tampered_with_is_not_shown_and_keeps_nobody_from_the_others(store: HouseStore) -> None:
    async with house_hall(store, HouseAgent()) as hall:
        whole, broken = await hall.newest(), await hall.create(title="Mine")
        for session in (whole, broken):
            await session.post("hello")
            await at_rest(session)
    tamper(store, broken.kept.log)
    agent = HouseAgent()
    async with house_hall(store, agent) as hall:
        assert (await hall.newest()).id == whole.id
        damaged = await hall.session(broken.id)
        assert isinstance(damaged, DamagedSession)
        assert broken.kept.log in damaged.damage
        assert damaged.log.cursor.log != broken.kept.log, "no cursor of what was there fits what is shown"
        (told,) = await lines(damaged)
        assert told.startswith("error: This session cannot be shown")
        assert (damaged.snapshot().title, damaged.ended, damaged.running) == ("Mine", True, False)
        with pytest.raises(Conflict):
            await damaged.post("still there?")
        await damaged.cancel()
        with pytest.raises(Conflict, match="damaged"):
            await hall.fork(broken.id, 1)
        record = await hall.change(broken.id, title="Broken", archived=True)
        assert (record.log, record.title, record.messages) == (broken.kept.log, "Broken", 2)
        await wait_all_tasks_blocked()
        assert agent.attempts == 1
    assert len(store._entries[broken.kept.log]) == 2, "it stays as it is, for whoever can mend it"


async def test_where_no_session_is_whole_there_is_a_new_one(store: HouseStore) -> None:
    async with house_hall(store, HouseAgent()) as hall:
        broken = await hall.newest()
        await broken.post("hello")
        await at_rest(broken)
    tamper(store, broken.kept.log)
    async with house_hall(store, HouseAgent()) as hall:
        fresh = await hall.newest()
        assert await hall.newest() is fresh
        assert [record.session_id for record in hall.records()] == [fresh.id, broken.id]


async def test_a_damaged_session_is_deleted_like_any_other(store: HouseStore) -> None:
    async with house_hall(store, HouseAgent()) as hall:
        broken = await hall.newest()
        await broken.post("hello")
        await at_rest(broken)
    tamper(store, broken.kept.log)
    agent = HouseAgent()
    async with house_hall(store, agent) as hall:
        await hall.delete(broken.id)
        assert agent.forgotten == [broken.id]
        assert broken.kept.log not in store._entries
        with pytest.raises(NotFound):
            await hall.session(broken.id)


async def test_sessions_work_side_by_side(store: HouseStore) -> None:
    async def turn(session: SessionHandle, prompts: Sequence[Message]) -> None:
        if prompts[0].content == "hang":
            await trio.sleep_forever()
        await answer_at_once(session, prompts)

    async with house_hall(store, HouseAgent(turn)) as hall:
        one, other = await hall.newest(), await hall.create()
        await one.post("hang")
        await other.post("hello")
        await at_rest(other)
        assert one.running
        assert await lines(other) == ["user: hello", "agent: to hello"]
