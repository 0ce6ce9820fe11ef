"""A line being typed: bytes from the keyboard in, finished messages out. Pure.

The keys are those that shells share: arrows, Home and End, Backspace, Ctrl-A/E/U/K/W, Up and Down for what was said before,
Alt-Enter for a line break. What is pasted keeps its line breaks (bracketed paste, xterm's mode 2004).
"""

from __future__ import annotations

import codecs
import re
from dataclasses import dataclass

from trio_agent.terminal.words import printable

PASTE_ON, PASTE_OFF = "\x1b[?2004h", "\x1b[?2004l"

_PASTE_BEGINS, _PASTE_ENDS = "\x1b[200~", "\x1b[201~"
# A whole sequence, or the beginning of one whose rest is still on its way.
_SEQUENCE = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|O[ -~]|[^\[O])")

_KEYS = {
    **dict.fromkeys(("\x1b[D", "\x1bOD", "\x02"), "left"),
    **dict.fromkeys(("\x1b[C", "\x1bOC", "\x06"), "right"),
    **dict.fromkeys(("\x1b[A", "\x1bOA", "\x10"), "up"),
    **dict.fromkeys(("\x1b[B", "\x1bOB", "\x0e"), "down"),
    **dict.fromkeys(("\x1b[H", "\x1bOH", "\x1b[1~", "\x01"), "home"),
    **dict.fromkeys(("\x1b[F", "\x1bOF", "\x1b[4~", "\x05"), "end"),
    **dict.fromkeys(("\x7f", "\x08"), "backspace"),
    "\x1b[3~": "delete",
    "\x15": "kill_before",
    "\x0b": "kill_after",
    "\x17": "kill_word",
    **dict.fromkeys(("\x1b\r", "\x1b\n"), "break"),
    **dict.fromkeys(("\r", "\n"), "enter"),
    "\x04": "leave",
}


@dataclass(frozen=True, slots=True)
class Submitted:
    """Enter was pressed; `text` may be blank."""

    text: str


@dataclass(frozen=True, slots=True)
class Left:
    """Ctrl-D on an empty line."""


class LineEditor:
    """`before` and `after` are what stands on both sides of the cursor."""

    def __init__(self) -> None:
        self.before = ""
        self.after = ""
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._held = ""
        self._pasting = False
        self._said: list[str] = []
        self._at = 0

    def feed(self, data: bytes) -> list[Submitted | Left]:
        """Take bytes from the keyboard, cut anywhere; what came of them, in order."""
        self._held += self._decoder.decode(data)
        news = []
        while self._held:
            key = self._next_key()
            if key is None:
                break
            if (done := self._press(key)) is not None:
                news.append(done)
        return news

    def _next_key(self) -> str | None:
        """Take a key, or the text of a paste, off what is held; None where its end has not come."""
        if self._pasting:
            text, end, rest = self._held.partition(_PASTE_ENDS)
            if not end:
                return None
            self._pasting, self._held = False, rest
            self._insert(printable(text))
            return ""
        if self._held[0] != "\x1b":
            key, self._held = self._held[0], self._held[1:]
            return key
        found = _SEQUENCE.match(self._held)
        if found is None:
            return None
        self._held = self._held[found.end() :]
        if found[0] == _PASTE_BEGINS:
            self._pasting = True
            return ""
        return found[0]

    def _press(self, key: str) -> Submitted | Left | None:
        match _KEYS.get(key):
            case "enter":
                return self._submit()
            case "leave":
                if not self.before and not self.after:
                    return Left()
                self.after = self.after[1:]
            case "left":
                self.before, self.after = self.before[:-1], self.before[-1:] + self.after
            case "right":
                self.before, self.after = self.before + self.after[:1], self.after[1:]
            case "home":
                self.before, self.after = "", self.before + self.after
            case "end":
                self.before, self.after = self.before + self.after, ""
            case "backspace":
                self.before = self.before[:-1]
            case "delete":
                self.after = self.after[1:]
            case "kill_before":
                self.before = ""
            case "kill_after":
                self.after = ""
            case "kill_word":
                self.before = re.sub(r"\S*\s*\Z", "", self.before)
            case "break":
                self._insert("\n")
            case "up":
                self._recall(-1)
            case "down":
                self._recall(1)
            case _:
                self._insert(printable(key))  # keys without a meaning here are control characters, which leave nothing
        return None

    def _insert(self, text: str) -> None:
        self.before += text

    def _submit(self) -> Submitted:
        text = self.before + self.after
        self.before = self.after = ""
        if text.strip():
            self._said.append(text)
        self._at = len(self._said)
        return Submitted(text)

    def _recall(self, step: int) -> None:
        at = self._at + step
        if 0 <= at <= len(self._said):
            self._at = at
            self.before, self.after = self._said[at] if at < len(self._said) else "", ""
