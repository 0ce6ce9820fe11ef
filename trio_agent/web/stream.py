"""The event stream of one connection: a nursery with one task draining the session's follower into a memory channel and one
emitting heartbeats; a third tells of all sessions, where the client asks for that. Leaving the context, for whatever reason,
ends them.

Source: WHATWG HTML § 9.2 "Server-sent events"; the events are those of docs/stream.md.
"""

from __future__ import annotations

import random
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, AbstractContextManager, asynccontextmanager
from dataclasses import dataclass
from types import TracebackType

import structlog
import trio
from quart.wrappers.response import ResponseBody

from trio_agent import __version__
from trio_agent.core.cursor import Cursor, ResetReason
from trio_agent.core.errors import StoreError
from trio_agent.core.sse import encode_event, encode_retry
from trio_agent.core.wire import encode_json
from trio_agent.runtime.follower import Follower, reset_frame
from trio_agent.runtime.session import Session
from trio_agent.seams import Clock
from trio_agent.web.roll import Roll

RETRY_MS = (1500, 3000)  # jittered, so that the clients of a server that restarts do not all come back at once
OVERLOAD_RETRY_MS = 30_000
SESSIONS_INTERVAL_S = 0.5
PULSE_S, PULSE = 1, b":\n"

HEADERS = {
    "Content-Type": "text/event-stream; charset=utf-8",
    "Cache-Control": "no-store, no-transform",
    "X-Accel-Buffering": "no",  # nginx would hold the events back to fill its buffer
    # Without it, a request pipelined behind the stream hides the client's leaving: a task and a descriptor stay for good.
    "Connection": "close",
}

logger = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Start:
    """Where a connection's stream begins, and why the client must drop what it has, if it must."""

    cursor: Cursor
    reset: ResetReason | None = None


@asynccontextmanager
async def open_stream(
    session: Session,
    start: Start,
    *,
    heartbeat_s: float,
    stopping: Callable[[], bool],
    clock: Clock,
    roll: Roll | None = None,
    prompts: bool = False,
    tasks: bool = False,
    pulse: bool = False,
) -> AsyncIterator[trio.MemoryReceiveChannel[bytes]]:
    """The chunks of one connection's stream. The channel ends after `bye`, when the server stops or the session ends.

    With a `roll`, what changes of all sessions is told too, by a task of its own; with `prompts`, which of the user's messages
    wait; with `tasks`, what runs in the session; with `pulse`, a comment every second, which parsers do not tell of: when it
    stays away, a client sees within two seconds that the server stands still.
    """
    # Size 0: a chunk is taken from the log when the network takes the one before, so a slow reader holds one chunk, not many.
    send, receive = trio.open_memory_channel[bytes](0)
    follower = Follower(session, start.cursor, stopping, prompts=prompts, tasks=tasks)
    heart, pulsing, teller = trio.CancelScope(), trio.CancelScope(), trio.CancelScope()
    opened = trio.Event()

    async def drain() -> None:
        with send:
            try:
                await send.send(_opening(session, start, heartbeat_s, pulse) + await anext(follower))
                opened.set()
                async for chunk in follower:
                    await send.send(chunk)
                await send.send(_bye("session_ended" if session.ended else "shutdown", retry_ms()))
            except StoreError as exc:
                # The client comes back by its cursor; by then the store may answer again.
                logger.error("stream_stopped_by_store", session=session.id, reason=str(exc))
            finally:
                for scope in (heart, pulsing, teller):
                    scope.cancel()

    def heartbeat() -> bytes:
        return encode_event("heartbeat", b"%d" % clock())

    async def beat(
        mine: trio.MemorySendChannel[bytes], scope: trio.CancelScope, interval_s: float, sign: Callable[[], bytes]
    ) -> None:
        with mine, scope:
            due = trio.current_time()
            while True:
                due += interval_s
                await trio.sleep_until(due)
                await mine.send(sign())
                # What a reader that was stuck has missed is not made up for: many beats at once say no more than one.
                due += (trio.current_time() - due) // interval_s * interval_s

    async def tell(mine: trio.MemorySendChannel[bytes], roll: Roll) -> None:
        with mine, teller:
            # `ready` is first of all.
            await opened.wait()
            version = 0
            while True:
                noted = roll.signal.version
                news, version = roll.news(version)
                if news:
                    await mine.send(encode_event("sessions", news))
                # The first change after quiet is told at once; those that follow are folded into the next event.
                await trio.sleep(SESSIONS_INTERVAL_S)
                await roll.signal.wait_past(noted)

    with receive:
        async with session.watched(), trio.open_nursery() as nursery:
            nursery.start_soon(drain)
            nursery.start_soon(beat, send.clone(), heart, heartbeat_s, heartbeat)
            if pulse:
                nursery.start_soon(beat, send.clone(), pulsing, PULSE_S, lambda: PULSE)
            if roll is not None:
                nursery.start_soon(tell, send.clone(), roll)
            yield receive
            nursery.cancel_scope.cancel()


@asynccontextmanager
async def admitted(
    place: AbstractContextManager[bool], stream: AbstractAsyncContextManager[trio.MemoryReceiveChannel[bytes]]
) -> AsyncIterator[trio.MemoryReceiveChannel[bytes]]:
    """`stream` where there is a `place`, kept for as long as it lasts; else a goodbye, for a 4xx would close a browser's
    EventSource for good. Decided when the stream begins: a look any earlier would let in all who come at the same time.
    """
    with place as free:
        if free:
            async with stream as chunks:
                yield chunks
        else:
            send, receive = trio.open_memory_channel[bytes](1)
            send.send_nowait(overloaded())
            send.close()
            with receive:
                yield receive


def overloaded() -> bytes:
    """The whole stream for a client that is one too many."""
    return _with_retry(OVERLOAD_RETRY_MS, _bye("overload", OVERLOAD_RETRY_MS))


def retry_ms() -> int:
    return random.randint(*RETRY_MS)


class StreamBody(ResponseBody):
    """A stream as the body of a Quart response: entering opens the nursery, leaving ends it."""

    def __init__(self, stream: AbstractAsyncContextManager[trio.MemoryReceiveChannel[bytes]]) -> None:
        self._stream = stream

    async def __aenter__(self) -> trio.MemoryReceiveChannel[bytes]:
        return await self._stream.__aenter__()

    async def __aexit__(self, exc_type: type, exc_value: BaseException, tb: TracebackType) -> None:
        # Shielding, where it must be, is the stream's own affair.
        await self._stream.__aexit__(exc_type, exc_value, tb)  # noqa: ASYNC102


def _opening(session: Session, start: Start, heartbeat_s: float, pulse: bool) -> bytes:
    cursor = str(start.cursor)
    ready = {
        "log": start.cursor.log,
        "from": start.cursor.index,
        "count": session.log.cursor.index,
        "heartbeat": heartbeat_s,
        "server": __version__,
        **({"pulse": PULSE_S} if pulse else {}),
    }
    opening = _with_retry(retry_ms(), encode_event("ready", encode_json(ready), cursor))
    if start.reset is not None:
        opening += reset_frame(start.cursor, start.reset)
    return opening


def _with_retry(milliseconds: int, event: bytes) -> bytes:
    """`event` with the field in its own block: some clients take a block of `retry` alone for an empty message."""
    return encode_retry(milliseconds).removesuffix(b"\n") + event


def _bye(reason: str, retry: int) -> bytes:
    return encode_event("bye", encode_json({"reason": reason, "retry_ms": retry}))
