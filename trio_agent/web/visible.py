"""Texts of others as they may be shown: what a page would not show, or would let look like something else, in signs.

Those are controls, and characters that turn the order of what stands around them, by which code reads otherwise than it runs
(CVE-2021-42574), or that hide in it. The page does the same with what it shows by itself (`static/js/shown.js`, which tells
what stays); one table tests both.
"""

from __future__ import annotations

import re

from trio_agent.core.wire import clean

MAX_LINE_CHARS = 2000
"""A minified script is one line, and nobody reads its end."""

_FLAGS = (
    "\U0001f3f4\U000e0067\U000e0062"
    "(?:\U000e0065\U000e006e\U000e0067|\U000e0073\U000e0063\U000e0074|\U000e0077\U000e006c\U000e0073)\U000e007f"
)
_HIDDEN = (
    "[\u115f\u1160\u17b4\u17b5\u202a-\u202e\u2060-\u206f\u3164\ufeff\uffa0\ufff0-\ufffb"
    "\U0001d173-\U0001d17a\U000e0000-\U000e00ff]",
    # A Mongolian vowel stands by itself behind it.
    "(?<![\u1820-\u18aa])\u180e",
    # Arabic to Burmese, Khmer to Vedic signs, Indic and Indonesian scripts beyond; then signs and their colours.
    "(?<![\u0600-\u109f\u1700-\u18af\u1900-\u1cff\ua800-\uaaff\uabc0-\uabff\ufb50-\ufdff\ufe70-\ufefc"
    "\U00010a00-\U00011fff\U0001e900-\U0001e95f\u203c-\u32ff\ufe0f\U0001f000-\U0001faff])[\u200c\u200d]",
    "(?<![#*0-9\u00a9-\u200a\u2010-\u2027\u202f-\u205f\u2070-\ufdff\ufe10-\ufefe\uff00-\U000e00ff])"
    "[\ufe00-\ufe0f\U000e0100-\U000e01ef]",
)
_PROSE = re.compile("|".join((_FLAGS, *_HIDDEN, "(?<![\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff])\u200b")))
_CONTROLS = "[\x00-\x08\x0b-\x1f\x7f-\x9f\u00ad\u034f\u061c\u200b\u200e\u200f\u2028\u2029]"
_CODE = re.compile("|".join((_FLAGS, *_HIDDEN, _CONTROLS)))


def visible(text: str) -> str:
    """`text`, a name or a line of code, with every such character as its picture (`␛`) or its number (`⟨U+202E⟩`)."""
    return visible_code(text).replace("\n", "␊")


def visible_code(text: str) -> str:
    """The same for a text of many lines: tabs and line feeds stay."""
    return _CODE.sub(_sign, clean(text))


def visible_prose(text: str) -> str:
    """What people and models say: characters that some language is written with stay, and controls are none of ours."""
    return _PROSE.sub(_sign, clean(text))


def visible_line(line: str) -> str:
    """A line of a file, cut to MAX_LINE_CHARS."""
    shown = visible(line[: MAX_LINE_CHARS + 1])
    if len(shown) <= MAX_LINE_CHARS:
        return shown
    return f"{shown[:MAX_LINE_CHARS]} … {len(line) - MAX_LINE_CHARS} more characters"


def _sign(match: re.Match[str]) -> str:
    code = ord(match[0][0])
    if code == 0x1F3F4:
        return match[0]
    if code < 0x20:
        return chr(0x2400 + code)
    return "␡" if code == 0x7F else f"⟨U+{code:04X}⟩"
