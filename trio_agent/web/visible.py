"""Text of files and names as it may be shown: what a page would not show, or would let look like something else, in signs."""

from __future__ import annotations

import re

from trio_agent.core.wire import clean

MAX_LINE_CHARS = 2000
"""A minified script is one line, and nobody reads its end."""

# Controls but the tab; and what turns the direction of the text around it, by which code reads otherwise than it runs
# (CVE-2021-42574).
_UNSEEN = re.compile("[\x00-\x08\x0a-\x1f\x7f-\x9f\u200b\u200e\u200f\u2028\u2029\u202a-\u202e\u2060-\u2069\ufeff]")


def visible(text: str) -> str:
    """`text` with every such character as its picture (`␛`) or its number (`⟨U+202E⟩`)."""
    return _UNSEEN.sub(_sign, clean(text))


def visible_line(line: str) -> str:
    """A line of a file, cut to MAX_LINE_CHARS."""
    shown = visible(line[: MAX_LINE_CHARS + 1])
    if len(shown) <= MAX_LINE_CHARS:
        return shown
    return f"{shown[:MAX_LINE_CHARS]} … {len(line) - MAX_LINE_CHARS} more characters"


def _sign(match: re.Match[str]) -> str:
    code = ord(match[0])
    if code < 0x20:
        return chr(0x2400 + code)
    return "␡" if code == 0x7F else f"⟨U+{code:04X}⟩"
