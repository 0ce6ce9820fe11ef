"""Text that is still being written, as a level: what is there so far, never a queue.

A writer adds; a reader remembers how far it has read and asks for the rest. A reader that was away, slow or new gets one piece
with all it lacks, so nothing piles up for anybody. Offsets count Unicode code points, of the text without its secrets.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from trio_agent.core.redaction import BY_SHAPE, RedactedStream, Redactor
from trio_agent.core.sse import encode_event
from trio_agent.core.wire import clean, encode_json
from trio_agent.runtime.live_text import LiveText
from trio_agent.runtime.signal import Signal
from trio_agent.seams import Part

TOOL_TAIL_CHARS = 16 * 1024  # what a late reader is shown of a running tool's output


class Live:
    """What one session is writing: the parts of the next message, and the output of running tools."""

    def __init__(self, signal: Signal, redactor: Redactor = BY_SHAPE) -> None:
        self._signal = signal
        self._redactor = redactor
        self._editions = 0
        self.version = 0
        self.parts: dict[Part, LiveText] = {}
        self.tools: dict[str, LiveText] = {}
        self._parts_redacted: dict[Part, RedactedStream] = {}
        self._tools_redacted: dict[str, RedactedStream] = {}

    def write(self, part: Part, text: str, *, restart: bool = False) -> None:
        """Add to a part of the next message. With `restart`, what the part held is void."""
        if restart or part not in self.parts:
            self.parts[part] = self._new()
            self._parts_redacted[part] = self._redactor.stream()
        self.parts[part].add(self._parts_redacted[part].add(clean(text)))
        self._changed()

    def emit(self, tool_call_id: str, text: str) -> None:
        """Add to the output of a running tool, of which only the end is kept."""
        if tool_call_id not in self.tools:
            self.tools[tool_call_id] = self._new(TOOL_TAIL_CHARS)
            self._tools_redacted[tool_call_id] = self._redactor.stream()
        self.tools[tool_call_id].add(self._tools_redacted[tool_call_id].add(clean(text)))
        self._changed()

    def drop_parts(self) -> None:
        """A message was recorded: what was written of it is in it now."""
        self.parts.clear()
        self._parts_redacted.clear()

    def drop_tool(self, tool_call_id: str) -> None:
        self.tools.pop(tool_call_id, None)
        self._tools_redacted.pop(tool_call_id, None)

    def _new(self, tail_chars: int | None = None) -> LiveText:
        self._editions += 1
        return LiveText(self._editions, tail_chars)

    def _changed(self) -> None:
        self.version += 1
        self._signal.notify()


@dataclass(slots=True)
class LiveReader:
    """How far one connection has read."""

    _idx: int = -1
    _read: dict[str, tuple[int, int]] = field(default_factory=dict)

    def frames(self, live: Live, idx: int) -> list[bytes]:
        """What is new since the last call, as ready frames; parts belong to the message `idx` that is to come."""
        frames = []
        seen: dict[str, tuple[int, int]] = {}
        for part, text in live.parts.items():
            # A message that came in between takes the index, and the client forgets what it had under it: told anew.
            read = self._read if idx == self._idx else {}
            if (piece := _piece(read, f"part {part}", text, seen)) is not None:
                data = {"idx": idx, "part": part, "offset": piece[0], "text": piece[1]}
                frames.append(encode_event("delta", encode_json(data)))
        for call, text in live.tools.items():
            if (piece := _piece(self._read, f"tool {call}", text, seen)) is not None:
                data = {"tool_call_id": call, "offset": piece[0], "text": piece[1]}
                frames.append(encode_event("tool", encode_json(data)))
        self._idx, self._read = idx, seen
        return frames


_Places = dict[str, tuple[int, int]]


def _piece(read: _Places, name: str, text: LiveText, seen: _Places) -> tuple[int, str] | None:
    """The offset and text of what `read` lacks, or None where it lacks nothing."""
    edition, offset = read.get(name, (0, 0))
    if edition != text.edition:
        offset, edition = 0, 0
    seen[name] = (text.edition, text.end)
    begin = max(offset, text.start)
    # A text begun anew is told even while it is empty, or the client would go on showing the one that is void.
    if begin == text.end and edition:
        return None
    return begin, text.since(begin)
