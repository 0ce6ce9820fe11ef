"""The agent's states: the contract's table, and ways through it."""

import pytest

from trio_agent.core.errors import IllegalTransition
from trio_agent.core.machine import TRANSITIONS, AgentState, step, way

CONTRACT = """
    Ready                        -> WaitingForUserInput
    WaitingForUserInput          -> SendingToLLM, Compacting, Error
    SendingToLLM                 -> ProcessingLLMResponse, Cancelled, BudgetExceeded, Error
    ProcessingLLMResponse        -> EndOfTurn, ToolUseRequested, Cancelled, BudgetExceeded, Error
    ToolUseRequested             -> CheckingForCancellation
    CheckingForCancellation      -> RunningTool, Cancelled
    RunningTool                  -> CheckingGitCommits, Cancelled, Error
    CheckingGitCommits           -> RunningAutoformatters, CheckingBudget, Error
    RunningAutoformatters        -> CheckingBudget, Error
    CheckingBudget               -> GatheringAdditionalMessages, BudgetExceeded
    GatheringAdditionalMessages  -> SendingToolResults, Error
    SendingToolResults           -> ProcessingLLMResponse, Cancelled, BudgetExceeded, Error
    EndOfTurn                    -> WaitingForUserInput
    Cancelled                    -> WaitingForUserInput
    BudgetExceeded               -> WaitingForUserInput
    Error                        -> WaitingForUserInput
    Compacting                   -> WaitingForUserInput, Error
"""
TABLE = {
    AgentState(start.strip()): {AgentState(end.strip()) for end in ends.split(",")}
    for start, ends in (line.split("->") for line in CONTRACT.strip().splitlines())
}
PAIRS = [(start, end) for start in AgentState for end in AgentState]
ENDINGS = [AgentState.END_OF_TURN, AgentState.CANCELLED, AgentState.BUDGET_EXCEEDED, AgentState.ERROR]


def name(state: object) -> str:
    return state.value if isinstance(state, AgentState) else str(state)


def test_the_transitions_are_the_contracts() -> None:
    assert TRANSITIONS == TABLE


def test_every_state_has_its_row() -> None:
    assert set(TRANSITIONS) == set(AgentState)


@pytest.mark.parametrize(("start", "end"), PAIRS, ids=name)
def test_a_step_is_legal_exactly_where_the_table_has_an_arrow(start: AgentState, end: AgentState) -> None:
    if end in TABLE[start]:
        assert step(start, end) is end
    else:
        with pytest.raises(IllegalTransition, match=f"^no arrow from {start.value} to {end.value}$"):
            step(start, end)


def distances(start: AgentState) -> dict[AgentState, int]:
    """How many arrows away each state is, by widening the circle around `start`."""
    far = {start: 0}
    circle = {start}
    while circle:
        circle = {end for each in circle for end in TABLE[each]} - set(far)
        far |= dict.fromkeys(circle, max(far.values()) + 1)
    return far


@pytest.mark.parametrize(("start", "end"), PAIRS, ids=name)
def test_a_way_is_legal_at_every_step_and_the_shortest_there_is(start: AgentState, end: AgentState) -> None:
    far = distances(start)
    if end not in far:
        with pytest.raises(IllegalTransition, match=f"^no way from {start.value} to {end.value}$"):
            way(start, end)
        return
    here = start
    for state in way(start, end):
        here = step(here, state)
    assert here is end
    assert len(way(start, end)) == far[end]


@pytest.mark.parametrize("ending", ENDINGS, ids=name)
@pytest.mark.parametrize("start", AgentState, ids=name)
def test_from_any_state_a_way_leads_through_any_ending_to_the_user(start: AgentState, ending: AgentState) -> None:
    assert way(ending, AgentState.WAITING_FOR_USER_INPUT) == (AgentState.WAITING_FOR_USER_INPUT,)
    assert ending is start or way(start, ending)[-1] is ending


def test_no_way_leads_back_to_ready() -> None:
    for start in set(AgentState) - {AgentState.READY}:
        with pytest.raises(IllegalTransition):
            way(start, AgentState.READY)
