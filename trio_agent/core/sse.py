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
    """The field that tells a browser how long to wait before it reconnects."""
    return b"retry: %d\n\n" % milliseconds


class Parser:
    """An incremental reader of an event stream. Feed it bytes as they come, cut anywhere.

    `last_event_id` and `retry_ms` follow the stream. Raises ProtocolError for an event larger than `max_chars`.
    """

    def __init__(self, max_chars: int = MAX_EVENT_CHARS) -> None:
        self.last_event_id = ""
        self.retry_ms: int | None = None
        self._max_chars = max_chars
        # "utf-8" decoding replaces what is invalid, as the standard asks; the incremental decoder joins split sequences.
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._at_start = True
        self._after_cr = False
        self._pending = ""
        self._searched = 0
        self._event = ""
        self._data: list[str] = []
        self._size = 0

    def feed(self, chunk: bytes) -> list[Event]:
        """The events that `chunk` completed."""
        text = self._decoder.decode(chunk)
        if self._at_start and text:
            self._at_start = False
            text = text.removeprefix("\ufeff")
        if self._after_cr and text:
            self._after_cr = False
            text = text.removeprefix("\n")
        self._pending += text
        return [event for line in self._lines() if (event := self._take(line)) is not None]

    def _lines(self) -> Iterator[str]:
        begin = 0
        while match := _LINE_END.search(self._pending, max(begin, self._searched)):
            # A CR at the very end ends its line now; if the next chunk begins with LF, that belongs to it.
            self._after_cr = match.group() == "\r" and match.end() == len(self._pending)
            yield self._pending[begin : match.start()]
            begin = self._searched = match.end()
        self._pending = self._pending[begin:]
        # What was searched in vain need not be searched again, or a long line would cost the square of its length.
        self._searched = len(self._pending)
        if len(self._pending) + self._size > self._max_chars:
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
                self._size += len(value)
            case "id" if "\0" not in value:
                self.last_event_id = value
            case "retry" if value.isascii() and value.isdigit():
                self.retry_ms = int(value)
            case _:
                pass  # a comment, or a field of a later standard
        return None

    def _dispatch(self) -> Event | None:
        event, data = self._event, self._data
        self._event, self._data, self._size = "", [], 0
        if not data:
            return None
        return Event(event or "message", "\n".join(data), self.last_event_id)
