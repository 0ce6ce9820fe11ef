"""Names of forks."""

from __future__ import annotations

import pytest

from trio_agent.runtime.fork_title import MAX_TITLE_CHARS, fork_title


@pytest.mark.parametrize(
    ("title", "taken", "called"),
    [
        ("go", (), "go (fork)"),
        ("go", ("go", "go (fork)"), "go (fork 2)"),
        ("go", ("go (fork)", "go (fork 2)", "go (fork 4)"), "go (fork 3)"),
        ("go (fork)", ("go (fork)",), "go (fork 2)"),
        ("go (fork 2)", (), "go (fork)"),
        ("", (), ""),
        (" (fork)", (), ""),
    ],
)
def test_a_fork_is_called_like_its_origin_and_not_like_any_other(
    title: str, taken: tuple[str, ...], called: str
) -> None:
    assert fork_title(title, taken) == called


def test_a_long_title_makes_room_for_what_tells_the_fork_apart() -> None:
    first = fork_title("x" * MAX_TITLE_CHARS, ())
    second = fork_title(first, (first,))
    assert len(first) == len(second) == MAX_TITLE_CHARS
    assert first.endswith("x (fork)")
    assert second.endswith("x (fork 2)")
