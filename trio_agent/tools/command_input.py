"""What a command of a command line has on its stdin."""

from __future__ import annotations

import posixpath
from collections.abc import Sequence
from dataclasses import dataclass

from trio_agent.tools.command_line import SUBSTITUTED
from trio_agent.tools.find_command import read_find
from trio_agent.tools.program_kinds import NAMERS


@dataclass(frozen=True, slots=True)
class CommandInput:
    """What another command prints (`piped`), among it files that it finds at `places`; this `text`; or a `file`."""

    piped: bool = False
    text: str = ""
    file: bool = False
    places: tuple[str, ...] = ()

    def redirected(self, operator: str, target: str) -> CommandInput:
        """After one more redirection."""
        if operator == "<<<":
            return CommandInput(text=target)
        if operator == "<" and target == SUBSTITUTED:
            return CommandInput(piped=True)
        return CommandInput(file=True) if operator == "<" else self

    def after(self, operator: str, words: Sequence[str]) -> CommandInput:
        """Of the command that stands after `operator`, before which stood `words` with this input."""
        if not words and operator in ("(", "\n"):
            return self  # `a | (b)`, and `a |` at the end of a line
        if operator not in ("|", "|&"):
            return NOTHING
        name = posixpath.basename(words[0]) if words else ""
        if name == "find":
            return CommandInput(piped=True, places=read_find(words[1:]).roots)
        return CommandInput(piped=True, places=tuple(words[1:]) if name in NAMERS else self.places)


NOTHING = CommandInput()
