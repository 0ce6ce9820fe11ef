"""The budget of a turn: dollars, responses, seconds."""

from __future__ import annotations

from pathlib import Path

import pytest
import trio
from trio.testing import MockClock, wait_all_tasks_blocked

from tests.agent.desk import Desk, FakeTool, calls, roles, says
from tests.runtime.house import HouseStore, at_rest, lines, logged, watch_states
from trio_agent.agent.spending import Spending
from trio_agent.core.budget import Budget
from trio_agent.core.machine import AgentState
from trio_agent.core.usage import Usage
from trio_agent.seams import Answer, ModelRequest, OnText, Toolbench, ToolResult


@pytest.fixture
def store() -> HouseStore:
    return HouseStore()


async def test_dollars_that_are_spent_end_the_turn_and_the_next_begins_afresh(
    store: HouseStore, tmp_path: Path
) -> None:
    desk = Desk(
        tmp_path,
        calls("a", cost=0.6),
        calls("a", cost=0.5),
        calls("a", cost=0.6),
        says("Done.", cost=0.1),
        tools=[FakeTool("a")],
        budget=Budget(dollars=1.0),
    )
    async with desk.session(store) as session:
        states = watch_states(session)
        await session.post("hi")
        await at_rest(session)
        told = await logged(session)
        assert told[-1].type == "budget"
        assert told[-1].end_of_turn
        assert told[-1].content.startswith("Spent $1.10 of $1.00.")
        assert "reset the budget" in told[-1].content
        assert states[-2:] == [AgentState.BUDGET_EXCEEDED, AgentState.WAITING_FOR_USER_INPUT]
        await session.post("continue")
        await at_rest(session)
        assert (await lines(session))[-1] == "agent: Done."


async def test_calls_that_the_budget_left_undone_are_closed_and_not_run(store: HouseStore, tmp_path: Path) -> None:
    tool = FakeTool("a")
    desk = Desk(tmp_path, calls("a", cost=2), says("Fine."), tools=[tool], budget=Budget(dollars=1.0))
    async with desk.session(store) as session:
        await session.post("hi")
        await at_rest(session)
        messages = await logged(session)
        assert [message.type for message in messages] == ["user", "agent", "tool", "budget"]
        assert messages[2].tool_error
        assert messages[2].display == {"kind": "stopped", "by": "budget"}
        assert tool.runs == 0
        await session.post("go on")
        await at_rest(session)
    assert roles(desk.model.requests[-1])[-1] == "go on"


async def test_responses_are_counted_a_turn(store: HouseStore, tmp_path: Path) -> None:
    steps = [calls("a"), calls("a"), says("Never asked.")]
    desk = Desk(tmp_path, *steps, tools=[FakeTool("a")], budget=Budget(responses=2))
    async with desk.session(store) as session:
        await session.post("hi")
        await at_rest(session)
        assert (await lines(session))[-1].startswith("budget: Used 2 of 2 model responses.")
    assert len(desk.model.requests) == 2


async def test_seconds_end_a_model_call_while_it_runs(
    store: HouseStore, tmp_path: Path, autojump_clock: MockClock
) -> None:
    async def forever(request: ModelRequest, on_text: OnText) -> Answer:
        await trio.sleep_forever()
        raise AssertionError

    desk = Desk(tmp_path, forever, says("Quick."), budget=Budget(seconds=30))
    async with desk.session(store) as session:
        begun = trio.current_time()
        await session.post("hi")
        await at_rest(session)
        assert trio.current_time() == begun + 30
        assert (await lines(session))[-1].startswith("budget: Worked 30 s of 30 s.")
        assert session.snapshot().outstanding_llm_calls == 0
        await trio.sleep(1000)
        await session.post("again")
        await at_rest(session)
        assert (await lines(session))[-1] == "agent: Quick."


async def test_seconds_end_tools_while_they_run(store: HouseStore, tmp_path: Path, autojump_clock: MockClock) -> None:
    async def forever(input: bytes, bench: Toolbench) -> ToolResult:
        desk.workspace.commit("a")
        await trio.sleep_forever()
        raise AssertionError

    desk = Desk(tmp_path, calls("a"), tools=[FakeTool("a", forever)], budget=Budget(seconds=30))
    async with desk.session(store) as session:
        await session.post("hi")
        await at_rest(session)
        assert [message.type for message in await logged(session)] == ["user", "agent", "tool", "budget", "commit"]
        assert session.snapshot().outstanding_tool_calls == ()


async def test_seconds_that_run_out_while_the_dollars_are_told_tell_no_second_time(
    store: HouseStore, tmp_path: Path, autojump_clock: MockClock
) -> None:
    desk = Desk(tmp_path, calls("a", cost=2), tools=[FakeTool("a")], budget=Budget(dollars=1.0, seconds=30))
    deliver = desk.workspace.deliver

    async def slowly(slug: str):  # type: ignore[no-untyped-def]
        await trio.sleep(60)
        return await deliver(slug)

    desk.workspace.deliver = slowly  # type: ignore[method-assign]
    async with desk.session(store) as session:
        await session.post("hi")
        await at_rest(session)
        assert [message.type for message in await logged(session)].count("budget") == 1


async def test_a_budget_of_nothing_is_unlimited(store: HouseStore, tmp_path: Path, autojump_clock: MockClock) -> None:
    async def slowly(request: ModelRequest, on_text: OnText) -> Answer:
        await trio.sleep(100_000 / 2)
        return says("Done.", cost=1_000_000)

    desk = Desk(tmp_path, *[calls("a")] * 50, slowly, tools=[FakeTool("a")], budget=Budget())
    async with desk.session(store) as session:
        await session.post("hi")
        await at_rest(session)
        assert (await lines(session))[-1] == "agent: Done."


async def test_a_turn_can_be_cancelled_before_its_seconds_are_over(
    store: HouseStore, tmp_path: Path, autojump_clock: MockClock
) -> None:
    async def forever(request: ModelRequest, on_text: OnText) -> Answer:
        await trio.sleep_forever()
        raise AssertionError

    async with Desk(tmp_path, forever, budget=Budget(seconds=30)).session(store) as session:
        await session.post("hi")
        await wait_all_tasks_blocked()
        await session.cancel()
        assert await lines(session) == ["user: hi", "error: Cancelled: user requested cancellation"]


def test_what_was_spent_is_summed_and_time_runs_by_the_clock_it_was_given() -> None:
    now = 100.0
    spending = Spending(Budget(dollars=1.0, seconds=10), lambda: now)
    with spending.running():
        assert spending.deadline == 110.0
        spending.call().answered(Usage(cost_usd=0.5))
        assert spending.breach() == ""
        now = 104.0
        assert spending.elapsed_ns == 4_000_000_000
        spending.call().answered(Usage(cost_usd=0.5))
        assert spending.breach().startswith("Spent $1.00 of $1.00.")
        now = 109.9999999
        assert "Worked 10 s of 10 s." in spending.breach(), "the deadline's own rounding is no reason to say nothing"
    now = 200.0
    assert spending.elapsed_ns == 9_999_999_900
    assert spending.deadline == float("inf"), "nothing is at work any more"


def test_without_a_limit_of_seconds_there_is_no_deadline() -> None:
    spending = Spending(Budget(), lambda: 5.0)
    with spending.running():
        assert spending.deadline == float("inf")
