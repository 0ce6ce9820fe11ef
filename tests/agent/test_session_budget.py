"""The budget of a session: what all its turns may spend together, over restarts, until the user says more."""

from __future__ import annotations

from pathlib import Path

import pytest
import trio
from trio.testing import MockClock, wait_all_tasks_blocked

from tests.agent.desk import Desk, FakeTool, calls, roles, says, tells
from tests.runtime.house import HouseStore, at_rest, lines, logged, watch_states
from trio_agent.agent.allowance import Allowance, spent_in
from trio_agent.agent.spending import Spending
from trio_agent.core.budget import Budget, Spent
from trio_agent.core.display import cut_off_display, question_display
from trio_agent.core.errors import StoreFull
from trio_agent.core.machine import AgentState
from trio_agent.core.message import Message
from trio_agent.core.usage import Usage
from trio_agent.seams import Answer, ModelRequest, OnText, Toolbench, ToolResult


@pytest.fixture
def store() -> HouseStore:
    return HouseStore()


async def test_the_dollars_of_all_turns_are_one_sum_and_a_message_said_after_that_grants_as_much_again(
    store: HouseStore, tmp_path: Path
) -> None:
    steps = [says("One.", cost=0.6), calls("a", cost=0.5), says("Three.", cost=0.9), says("Four.", cost=0.2)]
    tool = FakeTool("a")
    desk = Desk(tmp_path, *steps, tools=[tool], budget=Budget(dollars=5.0), session_budget=Budget(dollars=1.0))
    async with desk.session(store) as session:
        states = watch_states(session)
        for words in ("one", "two"):
            await session.post(words)
            await at_rest(session)
        told = (await logged(session))[-1]
        assert told.type == "budget"
        assert told.end_of_turn
        assert told.display == {"kind": "budget", "whose": "session"}
        assert told.content.startswith("Spent $1.10 of $1.00.\nThe budget of this session is reached.")
        assert tool.runs == 0
        assert states[-2:] == [AgentState.BUDGET_EXCEEDED, AgentState.WAITING_FOR_USER_INPUT]
        await session.post("three")
        await at_rest(session)
        assert (await lines(session))[-1] == "agent: Three.", "a whole budget, not what is left of two"
        await session.post("four")
        await at_rest(session)
        assert (await lines(session))[-1].startswith("budget: Spent $1.10 of $1.00.")


async def test_dollars_of_the_session_end_an_answer_while_it_is_told(store: HouseStore, tmp_path: Path) -> None:
    desk = Desk(tmp_path, says("One.", cost=0.8), tells("Half", cost=0.3), session_budget=Budget(dollars=1.0))
    async with desk.session(store) as session:
        for words in ("one", "two"):
            await session.post(words)
            await at_rest(session)
        part, told = (await logged(session))[-2:]
        assert part.display == cut_off_display("the budget of this session was reached")
        assert told.content.startswith("Spent $1.10 of $1.00.")


async def test_a_restart_forgets_nothing_of_what_was_spent(store: HouseStore, tmp_path: Path) -> None:
    budget = Budget(dollars=1.0, responses=10)
    async with Desk(tmp_path, says("One.", cost=0.6), session_budget=budget).session(store) as session:
        await session.post("one")
        await at_rest(session)
    desk = Desk(tmp_path, says("Two.", cost=0.4), session_budget=budget)
    async with desk.session(store) as session:
        await session.post("two")
        await at_rest(session)
        assert (await lines(session))[-1].startswith("budget: Spent $1.00 of $1.00.")
    desk = Desk(tmp_path, says("Three.", cost=0.9), session_budget=budget)
    async with desk.session(store) as session:
        await session.post("three")
        await at_rest(session)
        assert (await lines(session))[-1] == "agent: Three."
    desk = Desk(tmp_path, says("Four.", cost=0.1), session_budget=budget)
    async with desk.session(store) as session:
        await session.post("four")
        await at_rest(session)
        assert (await lines(session))[-1].startswith("budget: Spent $1.00 of $1.00."), "of what was granted since"


async def test_a_budget_that_a_restart_makes_smaller_is_told_before_anything_is_asked(
    store: HouseStore, tmp_path: Path
) -> None:
    async with Desk(tmp_path, says("One.", cost=0.6)).session(store) as session:
        await session.post("one")
        await at_rest(session)
    desk = Desk(tmp_path, says("Two.", cost=0.1), session_budget=Budget(dollars=0.5))
    async with desk.session(store) as session:
        await session.post("two")
        await at_rest(session)
        assert (await lines(session))[-1].startswith("budget: Spent $0.60 of $0.50.")
        assert desk.model.requests == []
        await session.post("go on")
        await at_rest(session)
    assert roles(desk.model.requests[0]) == ["one", "One.", "two\n\ngo on"]


@pytest.mark.parametrize("restart", [False, True])
async def test_words_that_waited_when_it_was_reached_grant_nothing_and_are_heard_later(
    store: HouseStore, tmp_path: Path, restart: bool
) -> None:
    goes_on = trio.Event()

    async def slowly(request: ModelRequest, on_text: OnText) -> Answer:
        await goes_on.wait()
        return says("One.", cost=2)

    desk = Desk(tmp_path, slowly, says("Yes."), session_budget=Budget(dollars=1.0))
    async with desk.session(store) as session:
        await session.post("one")
        await wait_all_tasks_blocked()
        await session.post("two")
        goes_on.set()
        await at_rest(session)
        told = await lines(session)
        assert [line.partition(":")[0] for line in told] == ["user", "user", "agent", "budget", "auto"]
        assert "with your next message" in told[-1]
        assert len(desk.model.requests) == 1
        if not restart:
            await session.post("three")
            await at_rest(session)
    if restart:
        desk = Desk(tmp_path, says("Yes."), session_budget=Budget(dollars=1.0))
        async with desk.session(store) as session:
            await session.post("three")
            await at_rest(session)
    # After a restart, words stand where they were posted.
    heard = ["one\n\ntwo", "One.", "three"] if restart else ["one", "One.", "two\n\nthree"]
    assert roles(desk.model.requests[-1]) == heard


async def test_where_both_budgets_are_reached_both_are_told(store: HouseStore, tmp_path: Path) -> None:
    budget = Budget(dollars=1.0)
    desk = Desk(tmp_path, calls("a", cost=1), tools=[FakeTool("a")], budget=budget, session_budget=budget)
    async with desk.session(store) as session:
        await session.post("one")
        await at_rest(session)
        told = (await logged(session))[-1]
    assert "budget of this turn" in told.content
    assert "budget of this session" in told.content
    assert told.display == {"kind": "budget", "whose": "session"}


async def test_a_budget_that_could_not_be_told_for_want_of_room_still_holds(store: HouseStore, tmp_path: Path) -> None:
    async def fill(request: ModelRequest, on_text: OnText) -> Answer:
        store.refusal = StoreFull("the disk is full")
        return says("One.", cost=1.0)

    desk = Desk(tmp_path, fill, says("Never asked."), session_budget=Budget(dollars=0.9))
    async with desk.session(store) as session:
        await session.post("one")
        await at_rest(session)
        store.refusal = None
        await session.post("two")
        await at_rest(session)
        assert (await lines(session))[-1].startswith("budget: Spent $1.00 of $0.90.")
    assert len(desk.model.requests) == 1


async def test_seconds_are_those_at_work_and_end_a_call_in_a_later_turn(
    store: HouseStore, tmp_path: Path, autojump_clock: MockClock
) -> None:
    async def slowly(request: ModelRequest, on_text: OnText) -> Answer:
        await trio.sleep(20)
        return says("Slow.")

    desk = Desk(tmp_path, slowly, slowly, says("Quick."), session_budget=Budget(seconds=30))
    async with desk.session(store) as session:
        await session.post("one")
        await at_rest(session)
        await trio.sleep(1000)
        begun = trio.current_time()
        await session.post("two")
        await at_rest(session)
        assert trio.current_time() == begun + 10
        assert (await lines(session))[-1].startswith("budget: Worked 30 s of 30 s.")
        await session.post("three")
        await at_rest(session)
        assert (await lines(session))[-1] == "agent: Quick."


async def test_the_time_a_user_takes_to_answer_is_not_the_session_s(
    store: HouseStore, tmp_path: Path, autojump_clock: MockClock
) -> None:
    async def ask(input: bytes, bench: Toolbench) -> ToolResult:
        return ToolResult(text=await bench.ask("Which?"))

    desk = Desk(tmp_path, calls("a"), says("Done."), tools=[FakeTool("a", ask)], session_budget=Budget(seconds=30))
    async with desk.session(store) as session:
        await session.post("one")
        await wait_all_tasks_blocked()
        await trio.sleep(500)
        await session.post("that")
        await at_rest(session)
        assert (await lines(session))[-1] == "agent: Done."
        assert "budget" not in {each.type for each in await logged(session)}


def at(second: float) -> str:
    return f"2026-11-23T08:{int(second) // 60:02}:{second % 60:09.6f}Z"


def work(kind: str, begun: float, ended: float, *, elapsed: float = 0.0, **fields: object) -> Message:
    return Message(
        type=kind,  # type: ignore[arg-type]
        start_time=at(begun),
        end_time=at(ended),
        timestamp=at(ended),
        elapsed=int(elapsed * 1e9),
        **fields,  # type: ignore[arg-type]
    )


def test_from_the_log_what_ran_at_the_same_time_counts_once_and_questions_not_at_all() -> None:
    log = [
        work("agent", 0, 10, usage=Usage(cost_usd=0.5)),
        work("tool", 10, 30, tool_call_id="1"),
        work("tool", 12, 40, tool_call_id="2"),
        Message(type="auto", timestamp=at(110), display=question_display("3", "Which?", ())),
        Message(type="user", timestamp=at(150)),
        work("tool", 100, 160, tool_call_id="3"),
        Message(type="auto", timestamp=at(205), display=question_display("4", "Which?", ())),
        work("tool", 200, 230, tool_call_id="4"),
        # The clock was set back by an hour while it ran.
        work("compact", 240, 250, usage=Usage(cost_usd=0.25)),
        work("agent", 250, 240, elapsed=5, display=cut_off_display("cancelled"), usage=Usage(cost_usd=1)),
        Message(type="auto", usage=Usage(cost_usd=0.25)),
    ]
    assert spent_in(log) == Spent(dollars=2.0, responses=2, seconds=40 + 20 + 5 + 10 + 5)


def test_what_is_spent_after_it_was_told_counts_for_the_next_grant() -> None:
    allowance = Allowance(Budget(dollars=1.0), [], lambda: 0.0)
    turn = Spending(Budget(), lambda: 0.0, within=allowance.spending)
    turn.call().answered(Usage(cost_usd=1.5))
    assert (turn.over(), allowance.spending.over()) == ("session", "session")
    told = Message(type="budget", idx=3, display={"kind": "budget", "whose": "session"})
    allowance.told(told)
    turn.call().answered(Usage(cost_usd=1.0))
    assert not allowance.grants([Message(type="user", idx=2)])
    assert allowance.grants([Message(type="user", idx=4)])
    assert allowance.spending.over() == "session"
    again = Allowance(Budget(dollars=1.0), [told, Message(type="auto", idx=4, usage=Usage(cost_usd=1.0))], lambda: 0.0)
    assert not again.grants([Message(type="user", idx=2)])
    assert again.spending.over() == "session"


def test_what_is_granted_while_work_goes_on_begins_there() -> None:
    now = 100.0
    spending = Spending(Budget(seconds=30), lambda: now, whose="session", before=Spent(seconds=20))
    with spending.running():
        assert spending.deadline == 110
        now = 112.0
        assert spending.over() == "session"
        spending.renew()
        assert spending.over() is None
        assert spending.deadline == 142


async def test_where_the_price_is_not_known_the_limits_that_do_not_hold_are_named(
    store: HouseStore, tmp_path: Path
) -> None:
    steps = [says("One."), says("Two.")]
    desk = Desk(tmp_path, *steps, budget=Budget(dollars=1.0), session_budget=Budget(dollars=20.0))
    desk.model.priced = False
    async with desk.session(store) as session:
        for words in ("one", "two"):
            await session.post(words)
            await at_rest(session)
        (told,) = [each for each in await lines(session) if each.startswith("auto: ")]
    assert "the limit of $1.00 a turn and $20.00 a session does not hold" in told


def test_of_a_turn_s_own_budget_a_session_hears_nothing() -> None:
    allowance = Allowance(Budget(dollars=1.0), [], lambda: 0.0)
    allowance.told(Message(type="budget", idx=3, display={"kind": "budget", "whose": "turn"}))
    assert allowance.grants([Message(type="user", idx=2)])
