"""The limits of one turn, and the sentence that says one was reached."""

from __future__ import annotations

import msgspec


class Budget(msgspec.Struct, frozen=True, kw_only=True):
    """What one turn may spend: dollars, model responses, wall-clock seconds. 0 means unlimited."""

    dollars: float = 0.0
    responses: int = 0
    seconds: float = 0.0


class Spent(msgspec.Struct, frozen=True, kw_only=True):
    """What a turn has spent so far, in the units of Budget."""

    dollars: float = 0.0
    responses: int = 0
    seconds: float = 0.0


def breach(budget: Budget, spent: Spent) -> str:
    """What was reached, one line a limit, in the order dollars, seconds, responses; empty while within the budget.

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
        lines.append("The budget of this turn is reached. Continuing to chat will reset the budget.")
    return "\n".join(lines)
