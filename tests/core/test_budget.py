"""When a turn has spent what it may, and what is said of it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trio_agent.core.budget import Budget, Spent, breach

LAST_LINE = "The budget of this turn is reached. Continuing to chat will reset the budget."


@pytest.mark.parametrize(
    ("budget", "spent", "line"),
    [
        (Budget(dollars=5.0), Spent(dollars=5.0), "Spent $5.00 of $5.00."),
        (Budget(dollars=5.0), Spent(dollars=7.125), "Spent $7.12 of $5.00."),
        (Budget(seconds=60), Spent(seconds=60.0), "Worked 60 s of 60 s."),
        (Budget(seconds=60), Spent(seconds=61.4), "Worked 61 s of 60 s."),
        (Budget(responses=3), Spent(responses=3), "Used 3 of 3 model responses."),
        (Budget(responses=3), Spent(responses=4), "Used 4 of 3 model responses."),
    ],
)
def test_a_limit_is_reached_at_equality_and_said_with_both_numbers(budget: Budget, spent: Spent, line: str) -> None:
    assert breach(budget, spent) == f"{line}\n{LAST_LINE}"


@pytest.mark.parametrize(
    ("budget", "spent"),
    [
        (Budget(dollars=5.0), Spent(dollars=4.99, responses=1000, seconds=1e6)),
        (Budget(seconds=60), Spent(dollars=1e6, responses=1000, seconds=59.9)),
        (Budget(responses=3), Spent(dollars=1e6, responses=2, seconds=1e6)),
        (Budget(dollars=5.0, responses=3, seconds=60), Spent()),
    ],
)
def test_nothing_is_said_within_the_budget(budget: Budget, spent: Spent) -> None:
    assert breach(budget, spent) == ""


@given(spent=st.builds(Spent, dollars=st.floats(0, 1e9), responses=st.integers(0, 10**9), seconds=st.floats(0, 1e9)))
def test_a_limit_of_0_is_no_limit(spent: Spent) -> None:
    assert breach(Budget(), spent) == ""


def test_of_a_session_it_is_said_that_the_next_message_grants_more() -> None:
    said = breach(Budget(dollars=1), Spent(dollars=1), "session")
    assert said.splitlines()[0] == "Spent $1.00 of $1.00."
    assert "budget of this session" in said
    assert "your next message grants it" in said


def test_all_limits_reached_are_said_in_the_order_dollars_seconds_responses() -> None:
    said = breach(Budget(dollars=1, responses=2, seconds=3), Spent(dollars=1, responses=2, seconds=3))
    assert said.splitlines() == [
        "Spent $1.00 of $1.00.",
        "Worked 3 s of 3 s.",
        "Used 2 of 2 model responses.",
        LAST_LINE,
    ]
