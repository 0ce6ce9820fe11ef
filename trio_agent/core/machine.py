"""The agent's states as data. The table is the truth; the diagram in the docs is generated from it.

Rules: a session starts in Ready; every way out of a turn ends in WaitingForUserInput by way of one of EndOfTurn,
Cancelled, BudgetExceeded or Error; what is not in the table is a bug and raises.
"""

from __future__ import annotations

from enum import Enum

from trio_agent.core.errors import IllegalTransition


class AgentState(Enum):
    """Names as they stand on the wire (`agent_state`)."""

    READY = "Ready"
    WAITING_FOR_USER_INPUT = "WaitingForUserInput"
    SENDING_TO_LLM = "SendingToLLM"
    PROCESSING_LLM_RESPONSE = "ProcessingLLMResponse"
    END_OF_TURN = "EndOfTurn"
    TOOL_USE_REQUESTED = "ToolUseRequested"
    CHECKING_FOR_CANCELLATION = "CheckingForCancellation"
    RUNNING_TOOL = "RunningTool"
    CHECKING_GIT_COMMITS = "CheckingGitCommits"
    RUNNING_AUTOFORMATTERS = "RunningAutoformatters"
    CHECKING_BUDGET = "CheckingBudget"
    GATHERING_ADDITIONAL_MESSAGES = "GatheringAdditionalMessages"
    SENDING_TOOL_RESULTS = "SendingToolResults"
    CANCELLED = "Cancelled"
    BUDGET_EXCEEDED = "BudgetExceeded"
    ERROR = "Error"
    COMPACTING = "Compacting"


_S = AgentState

TRANSITIONS: dict[AgentState, frozenset[AgentState]] = {
    _S.READY: frozenset({_S.WAITING_FOR_USER_INPUT}),
    _S.WAITING_FOR_USER_INPUT: frozenset({_S.SENDING_TO_LLM, _S.COMPACTING, _S.ERROR}),
    _S.SENDING_TO_LLM: frozenset({_S.PROCESSING_LLM_RESPONSE, _S.CANCELLED, _S.BUDGET_EXCEEDED, _S.ERROR}),
    _S.PROCESSING_LLM_RESPONSE: frozenset(
        {_S.END_OF_TURN, _S.TOOL_USE_REQUESTED, _S.CANCELLED, _S.BUDGET_EXCEEDED, _S.ERROR}
    ),
    _S.TOOL_USE_REQUESTED: frozenset({_S.CHECKING_FOR_CANCELLATION}),
    _S.CHECKING_FOR_CANCELLATION: frozenset({_S.RUNNING_TOOL, _S.CANCELLED}),
    _S.RUNNING_TOOL: frozenset({_S.CHECKING_GIT_COMMITS, _S.CANCELLED, _S.ERROR}),
    _S.CHECKING_GIT_COMMITS: frozenset({_S.RUNNING_AUTOFORMATTERS, _S.CHECKING_BUDGET, _S.ERROR}),
    _S.RUNNING_AUTOFORMATTERS: frozenset({_S.CHECKING_BUDGET, _S.ERROR}),
    _S.CHECKING_BUDGET: frozenset({_S.GATHERING_ADDITIONAL_MESSAGES, _S.BUDGET_EXCEEDED}),
    _S.GATHERING_ADDITIONAL_MESSAGES: frozenset({_S.SENDING_TOOL_RESULTS, _S.ERROR}),
    _S.SENDING_TOOL_RESULTS: frozenset({_S.PROCESSING_LLM_RESPONSE, _S.CANCELLED, _S.BUDGET_EXCEEDED, _S.ERROR}),
    _S.END_OF_TURN: frozenset({_S.WAITING_FOR_USER_INPUT}),
    _S.CANCELLED: frozenset({_S.WAITING_FOR_USER_INPUT}),
    _S.BUDGET_EXCEEDED: frozenset({_S.WAITING_FOR_USER_INPUT}),
    _S.ERROR: frozenset({_S.WAITING_FOR_USER_INPUT}),
    _S.COMPACTING: frozenset({_S.WAITING_FOR_USER_INPUT, _S.ERROR}),
}

ENDINGS = frozenset({_S.END_OF_TURN, _S.CANCELLED, _S.BUDGET_EXCEEDED, _S.ERROR})
"""The states in which a turn can end."""


def step(state: AgentState, to: AgentState) -> AgentState:
    """`to`, if an arrow leads there from `state`; otherwise IllegalTransition."""
    if to not in TRANSITIONS[state]:
        raise IllegalTransition(f"no arrow from {state.value} to {to.value}")
    return to


def way(state: AgentState, to: AgentState) -> tuple[AgentState, ...]:
    """The shortest legal way from `state` to `to`, without its start.

    Cancellation and failure strike at any moment, also between two arrows: an ending such as Cancelled is then reached
    by walking the table, not by leaping over it. Raises IllegalTransition where no way leads.
    """
    paths: list[tuple[AgentState, ...]] = [()]
    seen = {state}
    for path in paths:
        here = path[-1] if path else state
        if here is to:
            return path
        for following in sorted(TRANSITIONS[here] - seen, key=lambda each: each.value):
            seen.add(following)
            paths.append((*path, following))
    raise IllegalTransition(f"no way from {state.value} to {to.value}")
