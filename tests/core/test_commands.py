"""What is meant for the agent itself."""

from __future__ import annotations

import pytest

from trio_agent.core.commands import COMMANDS, Command, read_command


@pytest.mark.parametrize("name", COMMANDS)
def test_a_slash_and_a_name_are_a_command(name: str) -> None:
    assert read_command(f"/{name}") == Command(name)
    assert read_command(f"  /{name}  x y \n") == Command(name, "x y")
    assert read_command(f"/{name}\nmore words") == Command(name, "more words")
    assert read_command(f"/{name}\tmore") == Command(name, "more")


@pytest.mark.parametrize(
    "text", ["", "/", "compact", "/compacts", "/Compact", "please /compact", "//compact", "/ compact"]
)
def test_anything_else_is_meant_for_the_model(text: str) -> None:
    assert read_command(text) is None
