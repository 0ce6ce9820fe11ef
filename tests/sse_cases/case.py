"""The cases of `cases.json`, which Python, JavaScript and Chromium are held to alike."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from trio_agent.core.sse import Event

FILE = Path(__file__).with_name("cases.json")

SUITE = frozenset(
    f"format-{name}"
    for name in (
        *("bom", "bom-2", "comments", "data-before-final-empty-line", "field-data", "field-event", "field-event-empty"),
        *("field-id", "field-id-2", "field-id-3", "field-id-null", "field-parsing", "field-retry", "field-retry-bogus"),
        *("field-retry-empty", "field-unknown", "leading-space", "newlines", "null-character", "utf-8"),
    )
)
"""Those of the Web Platform Tests' `eventsource/format-*` that are about the stream: the three `format-mime-*` are about
headers, which a parser does not see.
"""


@dataclass(frozen=True, slots=True)
class Case:
    """A stream, the events in it, and what a client knows when it has ended."""

    name: str
    shows: str
    stream: bytes
    events: list[Event]
    last_event_id: str
    retry_ms: int | None
    reconnects: bool


def cases() -> list[Case]:
    """All of them, in the file's order."""
    return [
        Case(
            name=each["name"],
            shows=each["shows"],
            stream=b"".join(_piece(piece) for piece in each["stream"]),
            events=[Event(*event) for event in each["events"]],
            last_event_id=each["last_event_id"],
            retry_ms=each["retry_ms"],
            reconnects=each.get("reconnects", False),
        )
        for each in json.loads(FILE.read_text("utf-8"))["cases"]
    ]


def _piece(piece: str | tuple[str, int]) -> bytes:
    text, times = (piece, 1) if isinstance(piece, str) else piece
    return text.encode("latin-1") * times
