"""Commands: what a user tells the agent itself to do, instead of asking the model. They begin with a slash."""

from __future__ import annotations

import msgspec

COMMANDS = {
    "compact": "put a summary in place of the conversation so far, for the model; the log keeps everything",
    "base": "count what changed from a commit on: `/base COMMIT` (a hash, a branch, a tag, `HEAD~2`); without one, from HEAD",
    "pull": "merge what you have committed in your repository since into the session's clone",
    "model": "go on with another model: `/model NAME`; without a name, say which one it is",
}
"""What each does. A user's message whose first word is a slash and one of these names is a command."""


class Command(msgspec.Struct, frozen=True):
    """A command and what follows it, without the blanks around it."""

    name: str
    argument: str = ""


def read_command(text: str) -> Command | None:
    """The command that `text` is, or None for words that are meant for the model."""
    name, *rest = text.split(maxsplit=1)[:2] or [""]
    if not name.startswith("/") or name[1:] not in COMMANDS:
        return None
    return Command(name[1:], rest[0].strip() if rest else "")
