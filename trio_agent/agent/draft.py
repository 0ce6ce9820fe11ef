"""Draft: an answer while it comes, so that what there is of it can be kept when it breaks off."""

from __future__ import annotations

import re

from trio_agent.agent.spending import Call
from trio_agent.core.usage import Usage
from trio_agent.seams import OnText, Part

KEPT_CHARS = 1024 * 1024
"""Of the beginning of a part, and as much of its end: of an answer without an end the whole would be in every later read."""

_WORD_CHARS = 4096
"""A word longer than that is cut like any other text."""

_SPACE = re.compile(r"\s")


def unshown(part: Part, text: str, *, restart: bool = False) -> None:
    """For answers that nobody watches."""


class Draft:
    """Hears a model's text and usage, and passes them on to `show` and to `call`."""

    def __init__(self, show: OnText, call: Call) -> None:
        self._show = show
        self._call = call
        self._ends: dict[Part, Ends] = {}

    @property
    def content(self) -> str:
        """The beginning and the end of it, where it is very long."""
        return self._text("content")

    @property
    def thinking(self) -> str:
        """The same of the thoughts."""
        return self._text("thinking")

    @property
    def has_begun(self) -> bool:
        """Whether there is anything to keep of it, or to pay for."""
        return bool(self.content or self.thinking or self.usage.cost_usd)

    @property
    def usage(self) -> Usage:
        return self._call.usage

    def write(self, part: Part, text: str, *, restart: bool = False) -> None:
        if restart or part not in self._ends:
            self._ends[part] = Ends()
        self._ends[part].add(text)
        self._show(part, text, restart=restart)

    def count(self, usage: Usage) -> None:
        self._call.so_far(usage)

    def end(self, usage: Usage) -> None:
        """The answer is whole."""
        self._call.answered(usage)

    def _text(self, part: Part) -> str:
        return self._ends[part].text() if part in self._ends else ""


class Ends:
    """The first and the last KEPT_CHARS of a text of any length, in bounded memory."""

    def __init__(self) -> None:
        self._head: list[str] = []
        self._head_chars = 0
        self._tail: list[str] = []
        self._tail_chars = 0
        self._dropped = 0

    def add(self, text: str) -> None:
        if room := KEPT_CHARS - self._head_chars:
            self._head.append(text[:room])
            self._head_chars += len(self._head[-1])
        if rest := text[room:]:
            self._tail.append(rest)
            self._tail_chars += len(rest)
        if self._tail_chars > 2 * KEPT_CHARS:
            # Dropped when as much again has come, so that the cost of joining is paid seldom.
            tail = "".join(self._tail)[-KEPT_CHARS:]
            self._dropped += self._tail_chars - len(tail)
            self._tail, self._tail_chars = [tail], len(tail)

    def text(self) -> str:
        """What was kept. Between its parts stands how many characters are missing."""
        head, tail = "".join(self._head), "".join(self._tail)
        if len(tail) <= KEPT_CHARS and not self._dropped:
            return head + tail
        told = self._head_chars + self._tail_chars + self._dropped
        head, tail = _without_last_word(head), _without_first_word(tail[-KEPT_CHARS:])
        return f"{head}\n… {told - len(head) - len(tail)} characters left out …\n{tail}"


# Words are not cut in two: half of a secret is one too, which nobody would know any more.
def _without_last_word(text: str) -> str:
    word = _SPACE.split(text[-_WORD_CHARS:])[-1]
    return text if len(word) == _WORD_CHARS else text[: len(text) - len(word)]


def _without_first_word(text: str) -> str:
    word = _SPACE.split(text[:_WORD_CHARS], maxsplit=1)[0]
    return text if len(word) == _WORD_CHARS else text[len(word) :]
