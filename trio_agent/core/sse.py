"""Server-Sent Events, both ways: an event to bytes, and bytes to events.

Source: WHATWG HTML § 9.2.5 "Parsing an event stream" and § 9.2.6 "Interpreting an event stream".

Writing: LF only, one `data:` line, nothing in a field that could end it. Reading: LF, CR and CRLF end a line and nothing else
does (U+2028 is text); a line or event beyond its bound is an error, never an endless buffer.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from dataclasses import dataclass

from trio_agent.core.errors import ProtocolError

MAX_EVENT_CHARS = 64 * 1024 * 1024

_NAME = re.compile(r"[a-z_]+")
_ID = re.compile(r"[\x21-\x7e]*")
_LINE_END = re.compile(r"\r\n|\n|\r")
# The standard sets no end to the number; int() refuses more than 4300 digits, and no client waits longer than these say.
_RETRY = re.compile(r"[0-9]{1,9}")


@dataclass(frozen=True, slots=True)
class Event:
    """One dispatched event. `id` is the stream's last event id at that moment, as in the browser."""

    event: str
    data: str
    id: str = ""


def encode_event(event: str, data: bytes, id: str | None = None) -> bytes:
    """The bytes of one event. `data` is a single line of ASCII; ValueError where a field could break out of its line."""
    if not _NAME.fullmatch(event):
        raise ValueError(f"not an event name: {event!r}")
    if not data.isascii() or b"\n" in data or b"\r" in data:
        raise ValueError("event data must be one line of ASCII")
    if id is None:
        return b"event: %b\ndata: %b\n\n" % (event.encode(), data)
    if not _ID.fullmatch(id):
        raise ValueError(f"not an event id: {id!r}")
    return b"event: %b\nid: %b\ndata: %b\n\n" % (event.encode(), id.encode(), data)


def encode_retry(milliseconds: int) -> bytes:
    """The field that tells a browser how long to wait before it reconnects. ValueError where that is less than nothing."""
    if milliseconds < 0:
        raise ValueError(f"not a time to wait: {milliseconds} ms")
    return b"retry: %d\n\n" % milliseconds


class Parser:
    """An incremental reader of an event stream. Feed it bytes as they come, cut anywhere.

    `last_event_id` is what a client resumes from: the id of the last event that came whole, never of one still on its way.
    `retry_ms` is the server's last word on waiting. Raises ProtocolError for an event larger than `max_chars`, however it is
    cut; the parser is of no use after that.
    """

    def __init__(self, max_chars: int = MAX_EVENT_CHARS) -> None:
        self.last_event_id = ""
        self.retry_ms: int | None = None
        self._max_chars = max_chars
        # "utf-8" decoding replaces what is invalid, as the standard asks; the incremental decoder joins split sequences.
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._at_start = True
        self._after_cr = False
        # The pieces of a line without its end yet: joined once, or a long line in small chunks would cost its length squared.
        self._line: list[str] = []
        self._line_chars = 0
        self._event = ""
        self._id = ""
        self._data: list[str] = []
        self._data_chars = 0

    def feed(self, chunk: bytes) -> list[Event]:
        """The events that `chunk` completed."""
        text = self._decoder.decode(chunk)
        if not text:
            return []
        if self._at_start:
            self._at_start = False
            text = text.removeprefix("\ufeff")
        # A CR ends its line at once; where an LF comes first in the next chunk, it belongs to that CR.
        if self._after_cr:
            text = text.removeprefix("\n")
        self._after_cr = text.endswith("\r")
        return [event for line in self._lines(text) if (event := self._take(line)) is not None]

    def _lines(self, text: str) -> Iterator[str]:
        begin = 0
        for end in _LINE_END.finditer(text):
            self._hold(text[begin : end.start()])
            line = "".join(self._line)
            self._line, self._line_chars = [], 0
            yield line
            begin = end.end()
        self._hold(text[begin:])

    def _hold(self, piece: str) -> None:
        self._line.append(piece)
        self._line_chars += len(piece)
        if self._line_chars + self._data_chars > self._max_chars:
            raise ProtocolError(f"an event of more than {self._max_chars} characters")

    def _take(self, line: str) -> Event | None:
        if not line:
            return self._dispatch()
        field, _, value = line.partition(":")
        value = value.removeprefix(" ")
        match field:
            case "event":
                self._event = value
            case "data":
                self._data.append(value)
                # The line's end counts too, or endless empty lines would be an event of no size.
                self._data_chars += len(value) + 1
            case "id" if "\0" not in value:
                self._id = value
            case "retry" if _RETRY.fullmatch(value):
                self.retry_ms = int(value)
            case _:
                pass  # a comment, or a field of a later standard
        return None

    def _dispatch(self) -> Event | None:
        event, data = self._event, self._data
        self._event, self._data, self._data_chars = "", [], 0
        self.last_event_id = self._id
        if not data:
            return None
        return Event(event or "message", "\n".join(data), self.last_event_id)
