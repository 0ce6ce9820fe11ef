"""What a user asked of the demo model.

Several messages may come as one text, divided by an empty line: two that were sent while the model was busy, or one after
another that failed. The last one that is a command counts, or else what follows a one-line command. An `echo` or `bash`
may itself hold empty lines, so it reaches to the end.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass

# Bounds on what a prompt may ask for: a slip of the finger must not keep the program busy for days.
MAX_WORDS = 100_000
MAX_PAUSE_MS = 60_000
MAX_SECONDS = 3_600  # and this is the longest that the bash tool waits
MAX_BURST = 1_000_000
MAX_BURST_BYTES = 1024 * 1024
MAX_DOLLARS = 1_000_000

DEFAULT_PAUSE_MS = 20
DEFAULT_BURST_BYTES = 500

# How much longer than the sleep itself `slow` lets the bash tool wait.
SLOW_MARGIN_S = 60


@dataclass(frozen=True, slots=True)
class Echo:
    text: str


@dataclass(frozen=True, slots=True)
class Stream:
    words: int
    pause_ms: int


@dataclass(frozen=True, slots=True)
class Bash:
    """`timeout_s` is None for the tool's own."""

    command: str
    timeout_s: int | None = None


@dataclass(frozen=True, slots=True)
class Burst:
    """`size` is the bytes of one message, about."""

    count: int
    size: int


@dataclass(frozen=True, slots=True)
class Cost:
    dollars: float


@dataclass(frozen=True, slots=True)
class Fail:
    pass


@dataclass(frozen=True, slots=True)
class Tour:
    pass


@dataclass(frozen=True, slots=True)
class Misused:
    """A command with arguments it cannot take; `usage` says which it can."""

    usage: str


Command = Echo | Stream | Bash | Burst | Cost | Fail | Tour | Misused

USAGE = {
    "echo": "`echo TEXT` answers TEXT.",
    "stream": f"`stream N [MS]` streams N words (at most {MAX_WORDS:,}), MS milliseconds apart"
    f" ({DEFAULT_PAUSE_MS}; at most {MAX_PAUSE_MS:,}).",
    "bash": "`bash COMMAND` runs COMMAND by the bash tool and answers its output.",
    "slow": f"`slow SECONDS` is `bash sleep SECONDS` (at most {MAX_SECONDS:,}).",
    "burst": f"`burst N [BYTES]` records N messages (at most {MAX_BURST:,}) of about BYTES each"
    f" ({DEFAULT_BURST_BYTES}; at most {MAX_BURST_BYTES:,}).",
    "fail": "`fail` answers as a provider that is overloaded, once.",
    "cost": f"`cost DOLLARS` answers with that usage (at most {MAX_DOLLARS:,}).",
}

_COMMAND = re.compile(rf"({'|'.join(USAGE)})(?:[ \t\n](.*))?", re.DOTALL)
_BETWEEN_MESSAGES = re.compile(r"\n\n+")
_WHOLE = re.compile(r"[0-9]{1,9}")
_DECIMAL = re.compile(r"[0-9]{1,9}(\.[0-9]{1,9})?")


def read_prompt(text: str) -> Command:
    """What `text` asks for. Never an error: what is no command is the tour."""
    text = text.lstrip()
    gaps = list(_BETWEEN_MESSAGES.finditer(text))
    starts = [0, *(gap.end() for gap in gaps)]
    ends = [*(gap.start() for gap in gaps), len(text)]
    for start, end in zip(reversed(starts), reversed(ends), strict=True):
        match _command(text[start:end]):
            case None | Misused():
                continue
            case Echo() | Bash(timeout_s=None):
                return _command(text[start:]) or Tour()
            case command:
                rest = text[end:].lstrip()
                return (_command(rest) or Tour()) if rest else command
    return _command(text) or Tour()


def _command(text: str) -> Command | None:
    found = _COMMAND.fullmatch(text)
    if found is None:
        return None
    name: str = found[1]
    rest: str = found[2] or ""
    return _well_formed(name, rest) or Misused(f"Usage: {USAGE[name]}")


def _well_formed(name: str, rest: str) -> Command | None:
    match name, rest.split():
        case "echo", [_, *_]:
            return Echo(rest)
        case "bash", [_, *_]:
            return Bash(rest.strip())
        case "fail", []:
            return Fail()
        case "stream", [words, *pause] if len(pause) < 2:
            count = _whole(words, 1, MAX_WORDS)
            pause_ms = _whole(pause[0], 0, MAX_PAUSE_MS) if pause else DEFAULT_PAUSE_MS
            return None if count is None or pause_ms is None else Stream(count, pause_ms)
        case "burst", [messages, *bytes_each] if len(bytes_each) < 2:
            count = _whole(messages, 1, MAX_BURST)
            size = _whole(bytes_each[0], 1, MAX_BURST_BYTES) if bytes_each else DEFAULT_BURST_BYTES
            return None if count is None or size is None else Burst(count, size)
        case "slow", [seconds] if (duration_s := _decimal(seconds, MAX_SECONDS)) is not None:
            return Bash(f"sleep {seconds}", timeout_s=min(math.ceil(duration_s) + SLOW_MARGIN_S, MAX_SECONDS))
        case "cost", [dollars] if (amount := _decimal(dollars.removeprefix("$"), MAX_DOLLARS)) is not None:
            return Cost(amount)
        case _:
            return None


def _whole(text: str, low: int, high: int) -> int | None:
    return int(text) if _WHOLE.fullmatch(text) and low <= int(text) <= high else None


def _decimal(text: str, high: float) -> float | None:
    return float(text) if _DECIMAL.fullmatch(text) and float(text) <= high else None
