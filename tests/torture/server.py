"""The server of a world: one life after the other on the same disk. Sessions, logs, streams are the product's own."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import httpx2
import trio

from tests.torture import history as h
from tests.torture.disk import Disk, DiskStore
from tests.torture.network import Link, Record
from tests.torture.teller import Teller
from trio_agent.core.cursor import parse_cursor
from trio_agent.core.errors import StoreError
from trio_agent.runtime import hall
from trio_agent.runtime.log import Receipt
from trio_agent.runtime.session import Session
from trio_agent.web import stream
from trio_agent.web.serving import Serving

NOW = 1_800_000_000.0
MAX_STREAMS = 16
GRACE_S = 3.0


def clock() -> float:
    return NOW + trio.current_time()


@dataclass(frozen=True, slots=True)
class Ask:
    """What a request for the stream says: a cursor, or else from which message on."""

    cursor: str | None
    start: int
    heartbeat_s: float


class Server:
    """Lives, dies and lives again. `session` is the newest life's; `up` says whether it takes requests."""

    def __init__(self, disk: Disk, teller: Teller, record: Record, count: Callable[[str], None]) -> None:
        self.disk = disk
        self.up = False
        self.first_up = trio.Event()
        self.session: Session | None = None
        self.serving: Serving | None = None
        self.links: dict[Link, None] = {}
        """In order: a set would make a seed another story each time."""
        self.down_s = 0.0
        self.lives = 0
        self._connections = 0
        self.after_death: list[Callable[[], None]] = []
        self._teller = teller
        self._record = record
        self._count = count
        self._stop = trio.Event()
        self._gone = trio.Event()
        disk.crash = self.crash

    async def run(self) -> None:
        """Live, and after each death be down for `down_s` and live again."""
        while True:
            await self._live()
            self.up = False
            # The process is gone: what somebody outside still had it write never gets to the disk.
            self._store.die()
            for change in self.after_death:
                change()
            self.after_death.clear()
            await trio.sleep(self.down_s)

    async def _live(self) -> None:
        self.disk.full = self.disk.unreadable = False
        self.disk.crash_at_append = ""
        self.lives += 1
        self.links.clear()
        self._store = DiskStore(self.disk)
        self.disk.found()
        self._stop = trio.Event()
        with trio.CancelScope() as self._life:
            async with hall.open_hall(self._store, self._teller, project="", clock=clock) as rooms:
                self.session = await rooms.newest()
                self.serving = Serving(rooms, clock, MAX_STREAMS, lambda name: None)
                async with trio.open_nursery() as self._nursery:
                    self.up = True
                    self.first_up.set()
                    await self._stop.wait()
                    self.up = False
                    self._record(h.Stopping(trio.current_time()))
                    self.serving.stop()
                    with trio.move_on_after(GRACE_S):
                        while self.links:
                            await self._gone.wait()
                    for link in tuple(self.links):
                        link.cut("reset")
                    self._nursery.cancel_scope.cancel()

    def stop(self) -> None:
        """As by SIGTERM."""
        self._stop.set()

    def crash(self, ending: str = "reset") -> None:
        """As by SIGKILL (`reset`: the kernel closes the sockets) or a power cut (`silent`: nobody does)."""
        self.up = False
        for link in tuple(self.links):
            link.cut(ending)
        self._store.die()
        self._life.cancel()

    def next_connection(self) -> int:
        """The number of the next connection in the history."""
        self._connections += 1
        return self._connections

    def accept(self, link: Link, ask: Ask) -> None:
        """Serve a stream on `link`. Raises httpx2.ConnectError where nobody listens."""
        if not self.up:
            raise httpx2.ConnectError("connection refused")
        self.links[link] = None
        self._nursery.start_soon(self._serve, link, ask)

    async def _serve(self, link: Link, ask: Ask) -> None:
        session, serving, refused = self.session, self.serving, self.disk.refused_reads
        assert session is not None
        assert serving is not None
        with link.leaving:
            try:
                start = await self._start(session, ask)
                at = trio.current_time()
                self._record(h.Resumed(at, link.number, ask.cursor, start.cursor.log, start.cursor.index, start.reset))
                chunks = stream.open_stream(
                    session, start, heartbeat_s=ask.heartbeat_s, stopping=serving.stopping.is_set, clock=clock
                )
                async with stream.admitted(serving.place(), chunks) as body:
                    async for chunk in body:
                        await link.send(chunk)
            except* (StoreError, trio.BrokenResourceError):
                self._count("stream broken off")
            except* trio.TooSlowError:
                self._count("stuck reader freed")
        if refused != self.disk.refused_reads:
            link.excuse()
        link.finish()
        self.links.pop(link, None)
        gone, self._gone = self._gone, trio.Event()
        gone.set()

    async def _start(self, session: Session, ask: Ask) -> stream.Start:
        """As the route decides it (`web/stream_start.py`)."""
        if ask.cursor is not None:
            return stream.Start(*await session.log.resume(parse_cursor(ask.cursor)))
        return stream.Start(await session.log.locate(min(max(ask.start, 0), session.log.cursor.index)))

    async def post(self, text: str, key: str) -> Receipt:
        """Post, and hear the answer. Raises httpx2.ConnectError where there is no answer, StoreError where it is no."""
        life = self.lives
        if not self.up or self.session is None:
            raise httpx2.ConnectError("connection refused")
        receipt = await self.session.post(text, key=key, digest=text)
        if self._life.cancel_called or life != self.lives:
            raise httpx2.ConnectError("the server died before it answered")
        return receipt
