"""Messages that wait: for the next step, for the end of the turn, or to be taken back, which holds for ever."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
import trio
from trio.testing import wait_all_tasks_blocked

from tests.runtime.house import HouseAgent, HouseStore, at_rest, at_work, lines
from trio_agent.core.errors import KeyReused, NotFound, StoreFull
from trio_agent.core.message import Message
from trio_agent.core.prompts import Waiting
from trio_agent.runtime.prompts import Prompts
from trio_agent.runtime.session import Session
from trio_agent.runtime.withdrawals import WITHDRAWN
from trio_agent.seams import SessionHandle


@pytest.fixture
def store() -> HouseStore:
    return HouseStore()


class Desk:
    """A turn that takes along what there is, as often as it is let go on."""

    def __init__(self) -> None:
        self.steps, self._steps = trio.open_memory_channel[None](10)
        self.taken: list[list[str]] = []

    async def turn(self, session: SessionHandle, prompts: Sequence[Message]) -> None:
        async for _ in self._steps:
            self.taken.append([each.content for each in session.take_prompts()])
        await session.record(Message(type="agent", content="done", end_of_turn=True))

    async def step(self) -> None:
        self.steps.send_nowait(None)
        await wait_all_tasks_blocked()


def waiting(session: Session) -> list[tuple[int, str]]:
    return [(each.idx, each.when) for each in session.prompts.waiting]


async def test_what_is_queued_waits_for_the_end_of_the_turn_and_holds_nobody_up(store: HouseStore) -> None:
    desk = Desk()
    agent = HouseAgent(desk.turn)
    async with at_work(store, agent) as session:
        await session.post("begin")
        await wait_all_tasks_blocked()
        await session.post("later", queued=True)
        await session.post("now")
        assert waiting(session) == [(1, "after_turn"), (2, "next_step")]
        await desk.step()
        assert desk.taken == [["now"]]
        assert waiting(session) == [(1, "after_turn")]
        assert session.kept.taken <= 1, "what is queued has not been taken up"
        desk.steps.close()
        await at_rest(session)
        assert agent.heard == [["begin"], ["later"]]
        assert waiting(session) == []


async def test_what_was_taken_back_is_told_to_nobody(store: HouseStore) -> None:
    desk = Desk()
    agent = HouseAgent(desk.turn)
    async with at_work(store, agent) as session:
        await session.post("begin")
        await wait_all_tasks_blocked()
        await session.post("oops")
        await session.post("right")
        await session.withdraw(1)
        await desk.step()
        desk.steps.close()
        await at_rest(session)
        assert (desk.taken, agent.heard) == ([["right"]], [["begin"]])
        assert f"auto: {WITHDRAWN}" in await lines(session)
        assert [each.content for each in await session.history() if each.type == "user"] == ["begin", "right"]


async def test_taking_back_twice_is_taking_back_once(store: HouseStore) -> None:
    desk = Desk()
    async with at_work(store, HouseAgent(desk.turn)) as session:
        await session.post("begin")
        await wait_all_tasks_blocked()
        await session.post("oops")
        await session.withdraw(1)
        await session.withdraw(1)
        assert (await lines(session)).count(f"auto: {WITHDRAWN}") == 1


async def test_what_was_read_or_is_none_of_the_users_cannot_be_taken_back(store: HouseStore) -> None:
    async with at_work(store, HouseAgent()) as session:
        await session.post("begin")
        await at_rest(session)
        for idx in (0, 1, 2, -1):
            with pytest.raises(NotFound):
                await session.withdraw(idx)
        assert len(await lines(session)) == 2


async def test_where_it_cannot_be_written_down_the_message_waits_on_in_its_place(store: HouseStore) -> None:
    desk = Desk()
    async with at_work(store, HouseAgent(desk.turn)) as session:
        await session.post("begin")
        await wait_all_tasks_blocked()
        await session.post("one")
        await session.post("two")
        store.refusal = StoreFull("the disk is full")
        with pytest.raises(StoreFull):
            await session.withdraw(1)
        store.refusal = None
        assert waiting(session) == [(1, "next_step"), (2, "next_step")]
        await desk.step()
        assert desk.taken == [["one", "two"]]


async def test_while_it_is_being_written_down_nobody_is_given_it_nor_told_of_it(store: HouseStore) -> None:
    desk = Desk()
    agent = HouseAgent(desk.turn)
    async with at_work(store, agent) as session:
        await session.post("begin")
        await wait_all_tasks_blocked()
        await session.post("oops")
        leaving = session.prompts.begin_withdrawal(1)
        assert leaving is not None
        await desk.step()
        assert desk.taken == [[]]
        assert [each.content for each in await session.history() if each.type == "user"] == ["begin"]
        session.prompts.end_withdrawal(leaving, done=True)


async def test_an_agent_that_begins_anew_never_hears_of_it_and_nothing_was_interrupted(store: HouseStore) -> None:
    desk = Desk()
    async with at_work(store, HouseAgent(desk.turn)) as session:
        await session.post("begin")
        await wait_all_tasks_blocked()
        await session.post("oops")
        await session.withdraw(1)
        desk.steps.close()
        await at_rest(session)
    again = HouseAgent()
    async with at_work(store, again) as session:
        assert "error" not in " ".join(await lines(session))
        await session.post("go on")
        await at_rest(session)
    assert again.histories == [["begin", WITHDRAWN, "done"]]


async def test_an_answer_to_a_question_is_none_that_is_queued(store: HouseStore) -> None:
    got: list[str] = []

    async def turn(session: SessionHandle, prompts: Sequence[Message]) -> None:
        if prompts[0].content == "hello":
            got.append((await session.wait_reply(await session.record(Message(type="auto", content="?")))).content)

    agent = HouseAgent(turn)
    async with at_work(store, agent) as session:
        await session.post("hello")
        await wait_all_tasks_blocked()
        await session.post("later", queued=True)
        await session.post("red")
        await at_rest(session)
    assert (got, agent.heard) == (["red"], [["hello"], ["later"]])


async def test_a_post_is_taken_back_by_its_key_before_and_after_it_comes(store: HouseStore) -> None:
    desk = Desk()
    async with at_work(store, HouseAgent(desk.turn)) as session:
        await session.post("begin", key="the-first-key", digest="0")
        await wait_all_tasks_blocked()
        await session.post("oops", key="a-key-that-came", digest="1")
        assert await session.withdraw_posted("a-key-that-came") == 1
        assert await session.withdraw_posted("a-key-that-came") == 1
        for _ in range(2):
            assert await session.withdraw_posted("a-key-to-come") is None
        with pytest.raises(KeyReused):
            await session.post("too late", key="a-key-to-come", digest="2")
        with pytest.raises(NotFound):
            await session.withdraw_posted("the-first-key")
        await desk.step()
        assert desk.taken == [[]]


def test_what_is_on_hold_goes_with_the_next_message() -> None:
    prompts = Prompts()
    prompts.add(Message(type="user", idx=3))
    prompts.hold()
    prompts.add(Message(type="user", idx=5))
    assert prompts.waiting == (Waiting(idx=3, when="next_message"), Waiting(idx=5, when="next_step"))
