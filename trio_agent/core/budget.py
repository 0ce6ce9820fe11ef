"""Limits of a turn and of a session, and the sentences that say that one was reached."""

from __future__ import annotations

from typing import Literal

import msgspec

Whose = Literal["turn", "session"]

_WHAT_TO_DO: dict[Whose, str] = {
    "turn": "The budget of this turn is reached. Continuing to chat will reset the budget.",
    "session": "The budget of this session is reached. Nothing more is spent until you write: your next message grants it as "
    "much again.",
}


class Budget(msgspec.Struct, frozen=True, kw_only=True):
    """What may be spent: dollars, model responses, seconds at work. 0 means unlimited."""

    dollars: float = 0.0
    responses: int = 0
    seconds: float = 0.0


class Spent(msgspec.Struct, frozen=True, kw_only=True):
    """What has been spent so far, in the units of Budget."""

    dollars: float = 0.0
    responses: int = 0
    seconds: float = 0.0


def breach(budget: Budget, spent: Spent, whose: Whose = "turn") -> str:
    """What was reached, a line a limit in the order dollars, seconds, responses, and what to do; empty within the budget.

    A limit is reached at equality, as in the seed.
    """
    lines = []
    if 0 < budget.dollars <= spent.dollars:
        lines.append(f"Spent ${spent.dollars:.2f} of ${budget.dollars:.2f}.")
    if 0 < budget.seconds <= spent.seconds:
        lines.append(f"Worked {spent.seconds:.0f} s of {budget.seconds:.0f} s.")
    if 0 < budget.responses <= spent.responses:
        lines.append(f"Used {spent.responses} of {budget.responses} model responses.")
    if lines:
        lines.append(_WHAT_TO_DO[whose])
    return "\n".join(lines)
