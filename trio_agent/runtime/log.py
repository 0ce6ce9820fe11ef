"""EventLog: one session's messages, from the moment they are durable.

The theory. `append` encodes a message once, makes it durable, then makes it visible and wakes the readers; between durable and
visible stands no checkpoint, so the store is never ahead of what a reader can see. Readers hold a cursor and pull: a publish
only wakes them, and history and live are the same loop, so there is no seam to lose a message in and no queue to overflow.

The end of the log is kept in memory as ready-made frames; what is older is read from the store when a reader asks for it.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import msgspec
import trio

from trio_agent.core.cursor import Cursor, ResetReason, misfit, next_tag, start_of
from trio_agent.core.errors import Conflict, KeyReused, NotFound, StoreRefused
from trio_agent.core.message import Message
from trio_agent.core.sse import encode_event
from trio_agent.core.wire import encode_json
from trio_agent.runtime.signal import Signal
from trio_agent.runtime.writer import Writer
from trio_agent.seams import Clock, Entry, Store, rfc3339

TAIL_BYTES = 8 * 1024 * 1024  # how much of a log's end is kept in memory
CHUNK_BYTES = 256 * 1024  # a replay in chunks of 16 KiB was measured to be seven times dearer
LAST_BYTES = 2 * 1024 * 1024  # a page that opens at the end shows a screen of it at once; more would only delay that
READ_ENTRIES = 512  # how many entries are taken back from the store at a time

REFUSED = "refused"  # no digest of a body: what stands in its place for a key that is not to be used


@dataclass(frozen=True, slots=True)
class Receipt:
    """What became of an append. `cursor` is the place after its last message; `replayed` where a key had come before."""

    messages: tuple[Message, ...]
    cursor: Cursor
    replayed: bool = False


@dataclass(frozen=True, slots=True)
class Staged:
    """Messages with their place in the log, not yet durable."""

    receipt: Receipt
    entries: tuple[Entry, ...]


class EventLog:
    """The messages of one log. Made by `open_log`. About `tail_bytes` of its end are kept in memory."""

    def __init__(
        self, log: str, store: Store, writer: Writer, clock: Clock, signal: Signal, tail_bytes: int = TAIL_BYTES
    ) -> None:
        self._store = store
        self._writer = writer
        self._clock = clock
        self._signal = signal
        self._next = start_of(log)
        self._end = self._next
        self._keys: dict[str, tuple[str, Cursor]] = {}
        self._closed = False
        # After each message, the bytes of all frames so far: 8 bytes a message, so that a read takes a chunk and no more.
        self._sizes = array("Q", [0])
        self._max_tail_bytes = tail_bytes
        self._tail: list[bytes] = []
        self._tail_starts: list[Cursor] = []
        self._tail_bytes = 0
        self._joined: tuple[int, int, bytes] = (0, 0, b"")
        self.on_publish: Callable[[Sequence[Message]], None] = lambda messages: None

    @property
    def cursor(self) -> Cursor:
        """The place after the last message that is visible."""
        return self._end

    async def append(self, messages: Sequence[Message], *, key: str = "", digest: str = "") -> Receipt:
        """Put `messages` at the end, all or none; durable and visible on return. `idx` and `timestamp` are set here.

        With a `key` that came before: the first receipt again if the `digest` is the same, else KeyReused. Cancelling
        before it begins leaves nothing; once begun it is carried through. Raises StoreError, Conflict for a closed log.
        """
        return await self._writer.write(lambda: self._stage(messages, key, digest), self._publish, self._unstage)

    def index_under(self, key: str) -> int | None:
        """The index of the message that was appended, or is being appended, with `key`; None where there is none."""
        known = self._keys.get(key)
        return None if known is None or known[0] == REFUSED else known[1].index - 1

    def refuse_key(self, key: str) -> None:
        """Let nothing be appended with `key`, for as long as this process lives: who asked for it never comes again."""
        self._keys.setdefault(key, (REFUSED, self._end))

    def close(self) -> None:
        """Take no more messages. What has been given to the store by now is still published."""
        self._closed = True

    def reopen(self) -> None:
        self._closed = False

    @property
    def closed(self) -> bool:
        return self._closed

    def _stage(self, messages: Sequence[Message], key: str, digest: str) -> Staged:
        if self._closed:
            raise Conflict("this session has ended")
        if key and key in self._keys:
            known, cursor = self._keys[key]
            if known == REFUSED:
                raise KeyReused("the message of this Idempotency-Key was taken back")
            if known != digest:
                raise KeyReused("this Idempotency-Key came before with another body")
            return Staged(Receipt((), cursor, replayed=True), ())
        stamped, entries = [], []
        at = self._next
        now = rfc3339(self._clock())
        for number, message in enumerate(messages, 1):
            complete = msgspec.structs.replace(message, idx=at.index, timestamp=message.timestamp or now)
            wire = encode_json(complete)
            # The last bears the key: the place after it is what a repetition is answered with, also after a restart.
            last = (key, digest) if number == len(messages) else ("", "")
            entry = Entry(at.log, at.index, wire, next_tag(at.tag, wire), *last)
            at = _after(entry)
            stamped.append(complete)
            entries.append(entry)
        self._next = at
        if key and entries:
            self._keys[key] = (digest, at)
        return Staged(Receipt(tuple(stamped), at), tuple(entries))

    def _publish(self, staged: Staged) -> None:
        """Make durable messages visible. Synchronous: see the theory above."""
        if not staged.entries:
            return
        for entry in staged.entries:
            self._keep(entry)
        self.on_publish(staged.receipt.messages)
        self._signal.notify()

    def _unstage(self, staged: Staged) -> None:
        """The store refused what was staged: it never was."""
        self._next = self._end
        if staged.entries:
            self._keys.pop(staged.entries[-1].key, None)

    def _keep(self, entry: Entry) -> None:
        frame = _frame(entry)
        self._tail.append(frame)
        self._tail_starts.append(self._end)
        self._tail_bytes += len(frame)
        self._sizes.append(self._sizes[-1] + len(frame))
        self._end = _after(entry)
        if self._tail_bytes > self._max_tail_bytes:
            # Dropped by halves, so that the cost of moving the rest is paid seldom.
            half = max(1, len(self._tail) // 2)
            self._tail_bytes -= sum(map(len, self._tail[:half]))
            del self._tail[:half], self._tail_starts[:half]

    def restore(self, entries: Sequence[Entry]) -> None:
        """Take back what the store kept. Raises StoreRefused where the chain of tags is broken: content was changed."""
        for entry in entries:
            if entry.index != self._end.index or entry.tag != next_tag(self._end.tag, entry.wire):
                raise StoreRefused(f"log {entry.log} is damaged at message {self._end.index}; restore a backup")
            self._keep(entry)
            if entry.key:
                self._keys[entry.key] = (entry.digest, self._end)
        self._next = self._end

    async def locate(self, index: int) -> Cursor:
        """The cursor of the first `index` messages, 0 <= index <= count. Asks the store where memory does not know.

        Raises StoreError, NotFound where the log was deleted meanwhile.
        """
        if index == self._end.index:
            return self._end
        if index == 0:
            return start_of(self._end.log)
        if self._tail_starts and index >= (first := self._tail_starts[0].index):
            return self._tail_starts[index - first]
        before = await self._store.read(self._end.log, index - 1, index)
        if not before:
            raise NotFound("this log was deleted")
        return _after(before[0])

    def last_from(self, count: int) -> int:
        """The index of the first of the last `count` messages: of fewer, but one, where they are more than LAST_BYTES."""
        end = self._end.index
        fits = bisect_left(self._sizes, self._sizes[end] - LAST_BYTES)
        return max(0, min(max(end - max(count, 0), fits), end - min(count, 1)))

    async def resume(self, cursor: Cursor | None) -> tuple[Cursor, ResetReason | None]:
        """Where a reader who has `cursor` goes on, and why it must begin anew if it must (None stands for bad text)."""
        # Nothing trims a log: the first message that is kept is the first there was.
        start = start_of(self._end.log)
        reason = misfit(cursor, start, self._end)
        if cursor is None or reason is not None:
            return start, reason
        return (cursor, None) if await self.locate(cursor.index) == cursor else (start, "diverged")

    async def frames_after(self, cursor: Cursor) -> tuple[bytes, Cursor]:
        """The next frames after `cursor`, about CHUNK_BYTES at most, and the place after them; nothing at the end."""
        if cursor.index >= self._end.index:
            return b"", cursor
        if self._tail_starts and cursor.index >= (first := self._tail_starts[0].index):
            return self._join_tail(cursor.index - first)
        entries = await self._store.read(cursor.log, cursor.index, self._chunk_stop(cursor.index, self._end.index))
        return b"".join(map(_frame, entries)), _after(entries[-1]) if entries else cursor

    def _join_tail(self, begin: int) -> tuple[bytes, Cursor]:
        # Readers that wake together ask for the same stretch: it is joined once and the bytes are shared.
        start, stop, joined = self._joined
        at = self._tail_starts[begin].index
        if start != at or stop != self._end.index or not joined:
            size, end = 0, begin
            while end < len(self._tail) and size < CHUNK_BYTES:
                size += len(self._tail[end])
                end += 1
            joined = b"".join(self._tail[begin:end])
            stop = at + end - begin
            self._joined = (at, stop, joined)
        after = stop - self._tail_starts[0].index
        return joined, self._tail_starts[after] if after < len(self._tail_starts) else self._end

    async def page(self, start: int, stop: int) -> list[bytes]:
        """The wire bytes of messages from `start` on and before `stop`: about CHUNK_BYTES, but one message at least.

        Bounded, because a log can be larger than memory, and a long work of one reader would hold all others up. Raises
        StoreError, NotFound where the log was deleted meanwhile.
        """
        if start == stop:
            await trio.lowlevel.checkpoint()
            return []
        entries = await self._store.read(self._end.log, start, self._chunk_stop(start, stop))
        if not entries:
            raise NotFound("this log was deleted")
        return [entry.wire for entry in entries]

    def _chunk_stop(self, start: int, stop: int) -> int:
        """Up to where messages from `start` on are about CHUNK_BYTES, `stop` at most; more than `start`."""
        return bisect_left(self._sizes, self._sizes[start] + CHUNK_BYTES, start + 1, stop)


async def open_log(
    log: str, store: Store, writer: Writer, clock: Clock, signal: Signal, tail_bytes: int = TAIL_BYTES
) -> tuple[EventLog, list[Message]]:
    """The log named `log` as the store has it, and its messages. Raises StoreError."""
    event_log = EventLog(log, store, writer, clock, signal, tail_bytes)
    messages: list[Message] = []
    decoder = msgspec.json.Decoder(Message)
    unyielded = 0
    while entries := await store.read(log, event_log.cursor.index, event_log.cursor.index + READ_ENTRIES):
        for entry in entries:
            event_log.restore([entry])
            try:
                messages.append(decoder.decode(entry.wire))
            except msgspec.DecodeError as exc:
                raise StoreRefused(f"log {log} holds what is no message to this trio-agent: {exc}; upgrade it") from exc
            unyielded += len(entry.wire)
            if unyielded >= CHUNK_BYTES:
                # A read of long messages takes longer to look through than the streams of others may be held up.
                await trio.lowlevel.checkpoint()
                unyielded = 0
    return event_log, messages


def _after(entry: Entry) -> Cursor:
    return Cursor(entry.log, entry.index + 1, entry.tag)


def _frame(entry: Entry) -> bytes:
    return encode_event("message", entry.wire, str(_after(entry)))
