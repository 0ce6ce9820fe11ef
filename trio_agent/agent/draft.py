"""Draft: an answer while it comes, so that what there is of it can be kept when it breaks off."""

from __future__ import annotations

from trio_agent.agent.spending import Call
from trio_agent.core.usage import Usage
from trio_agent.seams import OnText, Part


def unshown(part: Part, text: str, *, restart: bool = False) -> None:
    """For answers that nobody watches."""


class Draft:
    """Hears a model's text and usage, and passes them on to `show` and to `call`."""

    def __init__(self, show: OnText, call: Call) -> None:
        self._show = show
        self._call = call
        self._pieces: dict[Part, list[str]] = {}

    @property
    def content(self) -> str:
        return "".join(self._pieces.get("content", ()))

    @property
    def thinking(self) -> str:
        return "".join(self._pieces.get("thinking", ()))

    @property
    def has_begun(self) -> bool:
        """Whether there is anything to keep of it, or to pay for."""
        return bool(self.content or self.thinking or self.usage.cost_usd)

    @property
    def usage(self) -> Usage:
        return self._call.usage

    def write(self, part: Part, text: str, *, restart: bool = False) -> None:
        if restart:
            self._pieces[part] = []
        self._pieces.setdefault(part, []).append(text)
        self._show(part, text, restart=restart)

    def count(self, usage: Usage) -> None:
        self._call.so_far(usage)

    def end(self, usage: Usage) -> None:
        """The answer is whole."""
        self._call.answered(usage)
