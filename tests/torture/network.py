"""A network in the process: it delays, stalls, holds back, cuts at any byte, and dies without a word.

A Link is the way from the server to one client, and knows what its bytes are cut into. The server's end waits while the
buffers between are full. What the client's end reads is recorded as facts, by a parser of its own.
"""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random

import httpx2
import trio

from tests.torture import history as h
from trio_agent.core.sse import Event, Parser

WRITE_S = 20.0
"""How long a write may wait for a reader that takes nothing, as in the server's connection class."""
KEEP_ALIVE_S = 25.0
"""When a peer that died without a word is found by TCP's own probes."""

CRUMBS = 40
"""Bounded, for a stream read byte by byte costs a thousand times as much and finds nothing more."""

Record = Callable[[h.Fact], None]


@dataclass(frozen=True, slots=True)
class Way:
    """What a link is like from its beginning. `piece_bytes`: the first CRUMBS reads take so much at most; 0 = all there is."""

    latency_s: float = 0.0
    piece_bytes: int = 0
    buffer_bytes: int = 1 << 20
    hold_s: float = 0.0
    """A proxy lets bytes through only at multiples of this; 0 = no such proxy."""


@dataclass(eq=False)
class Link:
    """The bytes of one connection, on their way. `number` is the connection's in the history."""

    number: int
    client: int
    way: Way
    random: Random
    record: Record
    count: Callable[[str], None]
    leaving: trio.CancelScope = field(default_factory=trio.CancelScope)
    """The server's work on this connection: cancelled when it learns that the client has gone."""
    heard_at: float = 0.0
    """Since when the client has waited for bytes."""

    def __post_init__(self) -> None:
        self._pieces: deque[tuple[float, bytes]] = deque()
        self._buffered = 0
        self._changed = trio.Event()
        self._stalled_until = 0.0
        self._silent = False
        self._broken = False
        self._finished_at = float("inf")
        self._left: int | None = None
        self._ending = ""
        self._tail = b""
        self._tee = Parser()
        self._takes = 0
        self._waits = True
        self.heard_at = trio.current_time()
        # A reader that is slow itself is promised no bound on time, ever.
        self._slow = self.way.hold_s > 0 or self.way.buffer_bytes < 1 << 16
        if self._slow:
            self._hinder()

    # ------------------------------------------------------------------------------------------------ the server's end

    async def send(self, chunk: bytes) -> None:
        """Returns when the buffers have taken it. Raises trio.BrokenResourceError."""
        with trio.fail_after(WRITE_S):
            while self._buffered >= self.way.buffer_bytes and not self._broken:
                await self._change()
        await trio.lowlevel.checkpoint()
        if self._broken:
            raise trio.BrokenResourceError
        due = trio.current_time() + self.way.latency_s
        if self.way.hold_s:
            due = (due // self.way.hold_s + 1) * self.way.hold_s
        self._pieces.append((due, chunk))
        self._buffered += len(chunk)
        self._notify()

    def finish(self) -> None:
        """The server has said all."""
        self.record(h.Ended(trio.current_time(), self.number))
        self._finished_at = min(self._finished_at, trio.current_time() + self.way.latency_s)
        self._notify()

    # ------------------------------------------------------------------------------------------------ the client's end

    @property
    def lives(self) -> bool:
        """Whether bytes still come, and nothing is about to end it."""
        return not self._silent and not self._broken and self._left is None

    @property
    def idle(self) -> bool:
        """Whether the client has all that was sent, and waits for more."""
        return self._waits and not self._pieces

    async def receive(self) -> bytes:
        """Some bytes, or none at the end. Raises httpx2.ReadError where the connection is torn."""
        await trio.lowlevel.checkpoint()
        # Not when bytes came: what the client's own consumer takes its time for is no silence.
        self.heard_at = trio.current_time()
        self._waits = True
        while True:
            now = trio.current_time()
            if self._broken:
                raise httpx2.ReadError("torn")
            until = float("inf")
            if not self._silent:
                due = self._pieces[0][0] if self._pieces else self._finished_at
                until = max(due, self._stalled_until)
                if until <= now:
                    self._waits = False
                    return self._take() if self._pieces else b""
            with trio.move_on_at(until):
                await self._change()

    def _take(self) -> bytes:
        due, chunk = self._pieces.popleft()
        size = len(chunk)
        if self.way.piece_bytes and self._takes < CRUMBS:
            self._takes += 1
            size = self.random.randint(1, self.way.piece_bytes)
        if self._left is not None:
            size = min(size, self._left)
        piece, rest = chunk[:size], chunk[size:]
        if rest:
            self._pieces.appendleft((due, rest))
        self._buffered -= len(piece)
        self._tail = (self._tail + piece)[-2:]
        for event in self._tee.feed(piece):
            self._tell(event)
        if self._left is not None:
            self._left -= len(piece)
            if self._left <= 0:
                self._end(self._ending)
        self._notify()
        return piece

    # -------------------------------------------------------------------------------------------------------- the faults

    def cut(self, ending: str, after_bytes: int = 0) -> None:
        """End it when `after_bytes` more have come: `reset` tears it, `finish` closes it in order, `silent` says nothing."""
        if self._left is not None or self._broken or self._silent:
            return
        self._hinder()
        self._left, self._ending = after_bytes, ending
        if after_bytes == 0:
            self._end(ending)

    def stall(self, seconds: float) -> None:
        """Nothing comes through for so long, then all of it."""
        self._hinder()
        self._stalled_until = max(self._stalled_until, trio.current_time() + seconds)
        self._notify()

    def resume(self) -> None:
        """The stall is over, and bytes flow as before."""
        if trio.current_time() >= self._stalled_until and self._left is None and not self._slow and not self._silent:
            self.record(h.Flowing(trio.current_time(), self.number))

    def _end(self, ending: str) -> None:
        if self._tail not in (b"\n\n", b""):
            self.count("cut within an event")
        match ending:
            case "reset":
                self._broken = True
                self.leaving.cancel()
            case "finish":
                self._pieces.clear()
                self._finished_at = 0.0
                self.leaving.cancel()
            case _:
                self._silent = True
                # Nobody tells the server either: its probes find out, or its writes do.
                self.leaving.deadline = min(self.leaving.deadline, trio.current_time() + KEEP_ALIVE_S)
        self._notify()

    def leave(self) -> None:
        """The client goes away, which the server learns unless the network is dead."""
        now = trio.current_time()
        self.record(h.Closed(now, self.number, self.heard_at if self._waits else now))
        if not self._silent:
            self._broken = True
            self.leaving.cancel()
        self._notify()

    def excuse(self) -> None:
        """No bound holds from here on, for a reason that is not the network's."""
        self._hinder()

    def _hinder(self) -> None:
        self.record(h.Hindered(trio.current_time(), self.number))

    def _notify(self) -> None:
        changed, self._changed = self._changed, trio.Event()
        changed.set()

    async def _change(self) -> None:
        await self._changed.wait()

    def _tell(self, event: Event) -> None:
        now, number = trio.current_time(), self.number
        data = json.loads(event.data)
        match event.event:
            case "ready":
                self.record(h.Opened(now, number, data["log"], data["from"], data["heartbeat"]))
            case "reset":
                self.count(f"reset: {data['reason']}")
                self.record(h.WasReset(now, number, data["log"], data["from"], data["reason"]))
            case "message":
                self.record(h.Received(now, number, data["idx"], event.data.encode(), event.id))
            case "state":
                self.record(h.StateReceived(now, number, data["message_count"], data["cursor"]))
            case "delta":
                self.record(h.TextReceived(now, number, data["idx"], data["part"], data["offset"], data["text"]))
            case "tool":
                self.record(h.OutputReceived(now, number, data["tool_call_id"], data["offset"], data["text"]))
            case "heartbeat":
                self.record(h.Beat(now, number))
            case "bye":
                self.record(h.Bye(now, number, data["reason"]))
