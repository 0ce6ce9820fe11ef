"""What a client holds of a log, and how the stream's events change it.

Rules, the page's own (`static/js/reducer.js`): a message is applied if its `idx` is the next, dropped if it is known, and
if it lies beyond the next then something is missing and the stream must be reopened. The cursor is the id of the last
message applied, or of the `ready` or `reset` that the connection began with. Text still being written is a level, not a
queue: offset 0 replaces, an offset that meets the end appends, and anything else is a gap.

A new connection tells all text being written again, from offset 0. Where it begins with what is held, only the rest is
news: whoever prints it goes on in the middle of a word.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal, TypeVar

import msgspec

from trio_agent.client.events import (
    Event,
    MessageArrived,
    Opened,
    Part,
    Reset,
    StateChanged,
    TextDropped,
    TextGrew,
    ToolWrote,
)
from trio_agent.core import sse
from trio_agent.core.errors import ProtocolError
from trio_agent.core.machine import ENDINGS, AgentState
from trio_agent.core.message import Message
from trio_agent.core.state import State

IDLE_STATES = frozenset(state.value for state in {AgentState.READY, AgentState.WAITING_FOR_USER_INPUT, *ENDINGS})

SHORTEST_BEAT_S, LONGEST_BEAT_S = 1.0, 3600.0

T = TypeVar("T")


class _Ready(msgspec.Struct, frozen=True):
    log: str
    start: int = msgspec.field(name="from")
    count: int
    heartbeat: float
    server: str = ""


class _Reset(msgspec.Struct, frozen=True):
    reason: str
    log: str
    start: int = msgspec.field(name="from", default=0)


class _Delta(msgspec.Struct, frozen=True):
    idx: int
    part: Literal["content", "thinking"]
    offset: int
    text: str


class _Output(msgspec.Struct, frozen=True):
    tool_call_id: str
    offset: int
    text: str


class Misfit(ProtocolError):
    """An event that does not go on from what is held: the stream must be reopened at the cursor."""


def is_working(state: State) -> bool:
    """Is a turn under way? A state of a newer server counts as work."""
    return state.agent_state not in IDLE_STATES


class Replica:
    """How far one client has read. Messages are counted, not kept."""

    def __init__(self) -> None:
        self.log = ""
        self.cursor = ""
        """What to resume from; empty before anything came."""
        self.count = 0
        """The index that the next message must have."""
        self._draft_idx = -1
        self._draft: dict[Part, str] = {}
        # Parts told on this connection: only what it told itself can it go on with.
        self._told: set[Part] = set()
        self._output_ends: dict[str, int] = {}

    def apply(self, event: sse.Event) -> list[Event]:
        """The news in `event`, in order; none where it is known, or is not about the session.

        Raises Misfit where the stream must be reopened, ProtocolError where the event is none of this protocol.
        """
        match event.event:
            case "message":
                return list(self._message(_decoded(event, Message), event.id))
            case "delta":
                return list(self._delta(_decoded(event, _Delta)))
            case "tool":
                return list(self._output(_decoded(event, _Output)))
            case "state":
                return list(self._state(_decoded(event, State)))
            case "reset":
                return [self._restart(_decoded(event, _Reset), event.id)]
            case "ready":
                return list(self._ready(_decoded(event, _Ready), event.id))
            case _:
                return []  # heartbeat and bye are about the connection; others are of a later protocol

    def _message(self, message: Message, cursor: str) -> Iterator[Event]:
        if message.idx < self.count:
            return
        if message.idx > self.count:
            raise Misfit(f"message {message.idx} came where {self.count} was due")
        self.count += 1
        self.cursor = cursor
        self._forget_draft()
        self._output_ends.pop(message.tool_call_id, None)
        yield MessageArrived(message, cursor)

    def _delta(self, delta: _Delta) -> Iterator[Event]:
        if delta.idx < self.count:
            return
        if delta.idx != self._draft_idx:
            self._forget_draft()
            self._draft_idx = delta.idx
        held = self._draft.get(delta.part, "")
        if delta.offset == 0:
            self._draft[delta.part] = delta.text
            self._told.add(delta.part)
            if not delta.text.startswith(held):
                yield TextGrew(delta.idx, delta.part, 0, delta.text)
            elif len(delta.text) > len(held):
                yield TextGrew(delta.idx, delta.part, len(held), delta.text[len(held) :])
        elif delta.part in self._told and delta.offset == len(held):
            self._draft[delta.part] = held + delta.text
            yield TextGrew(delta.idx, delta.part, delta.offset, delta.text)
        else:
            raise Misfit(f"text at {delta.offset} came where {len(held)} was due")

    def _output(self, output: _Output) -> Iterator[Event]:
        held = self._output_ends.get(output.tool_call_id, 0)
        end = output.offset + len(output.text)
        known = held - output.offset
        self._output_ends[output.tool_call_id] = end
        if known <= 0:
            yield ToolWrote(output.tool_call_id, output.offset, output.text)
        elif end > held:
            # Told again by a new connection: the rest is news.
            yield ToolWrote(output.tool_call_id, held, output.text[known:])
        elif end < held:
            yield ToolWrote(output.tool_call_id, output.offset, output.text)

    def _state(self, state: State) -> Iterator[Event]:
        if not is_working(state):
            # Nobody is writing any more: what no message took over was given up.
            if self._draft_idx >= 0:
                yield TextDropped(self._draft_idx)
            self._forget_draft()
            self._output_ends.clear()
        yield StateChanged(state)

    def _ready(self, ready: _Ready, cursor: str) -> Iterator[Event]:
        if self.log and ready.log != self.log:
            yield self._restart(_Reset("new_log", ready.log, ready.start), cursor)
        if not self.log:
            self.log, self.count = ready.log, ready.start
        self._told.clear()
        if ready.start > self.count and self.cursor:
            # It begins after what is held, which was never asked for: ask from the start, and hold nothing until then.
            self.cursor = ""
            raise Misfit(f"the stream begins at {ready.start} where {self.count} was due")
        if ready.start > self.count:
            # It was asked from the start: there the log begins, and what was before has been removed.
            yield self._restart(_Reset("compacted", ready.log, ready.start), cursor)
        if ready.start == self.count:
            self.cursor = cursor
        yield Opened(ready.log, ready.start, ready.count, ready.heartbeat, ready.server)

    def _restart(self, reset: _Reset, cursor: str) -> Reset:
        self.log, self.cursor, self.count = reset.log, cursor, reset.start
        self._forget_draft()
        self._output_ends.clear()
        return Reset(reset.reason, reset.log, reset.start)

    def _forget_draft(self) -> None:
        self._draft_idx = -1
        self._draft.clear()
        self._told.clear()


def heartbeat_of(event: sse.Event) -> float:
    """Seconds between the heartbeats that a `ready` event promises. Raises ProtocolError where it is none."""
    # A server that promises a beat every millisecond would be reopened in a hot loop, one that promises none never.
    return min(max(_decoded(event, _Ready).heartbeat, SHORTEST_BEAT_S), LONGEST_BEAT_S)


def _decoded(event: sse.Event, kind: type[T]) -> T:
    try:
        return msgspec.json.decode(event.data, type=kind)
    except msgspec.DecodeError as exc:
        raise ProtocolError(f"the server sent a {event.event} that cannot be read: {exc}") from exc
