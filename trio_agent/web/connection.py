"""One client's connection, which can harm nobody but itself.

Hypercorn 0.18 on Trio sends inside a shield that has no deadline, and lets an error in one connection end the process. Neither
can be met from inside an app, so its connection class is subclassed here, and its protocol in http11.py.

The rules. Reading has a scope of its own, which ends when the connection does, whatever the reader is waiting for then. Every
send has a deadline. Who was told that the connection closes may still be sending: closing with unread bytes would reset the
connection and lose the answer on its way, so what comes is read and forgotten for LINGER_S.
"""

from __future__ import annotations

import socket

import h11
import structlog
import trio
from hypercorn.app_wrappers import ASGIWrapper
from hypercorn.config import Config
from hypercorn.events import Closed, Event, RawData, Updated
from hypercorn.trio.task_group import TaskGroup
from hypercorn.trio.tcp_server import TCPServer
from hypercorn.trio.worker_context import WorkerContext
from hypercorn.typing import ConnectionState

from trio_agent.web.http11 import Http11

IDLE_S = 5.0  # for a request's head to be there whole, on a fresh connection or a kept one
SEND_DEADLINE_S = 20.0  # a reader that takes nothing for this long is cut off, and resumes by its cursor
HURRIED_SEND_S = 3.0  # the same once the server is stopping
LINGER_S = 2.0
PIECE_BYTES = 64 * 1024  # a slow reader that takes this much within the deadline is not a stuck one
MAX_RECEIVE_BYTES = 64 * 1024
MAX_HEAD_BYTES = 64 * 1024  # beyond this h11 answers 431 by itself; the guard's own limits are lower

_GONE = (OSError, trio.BrokenResourceError, trio.ClosedResourceError, h11.RemoteProtocolError)

logger = structlog.get_logger(__name__)


def connection_config() -> Config:
    """Hypercorn's settings, as far as they matter to a single connection."""
    config = Config()
    config.include_server_header = False
    config.keep_alive_timeout = IDLE_S
    config.h11_max_incomplete_size = MAX_HEAD_BYTES
    config.accesslog = None
    config.errorlog = None  # errors of the app are logged by the guard, which knows the request's id
    # Host is checked by the guard: with server_names set, a Host of \xff ends the process.
    config.server_names = []
    return config


class Connection(TCPServer):
    """One client's connection."""

    def __init__(self, app: ASGIWrapper, config: Config, context: WorkerContext, stream: trio.SocketStream) -> None:
        super().__init__(app, config, context, ConnectionState({}), stream)  # type: ignore[arg-type]
        self._patience_s = SEND_DEADLINE_S
        self._sending: trio.CancelScope | None = None
        self._reading = trio.CancelScope()
        self._lingering: trio.CancelScope | None = None

    async def run(self) -> None:
        try:
            async with TaskGroup() as tasks:
                self._task_group = tasks
                sock = self.stream.socket
                self.protocol = Http11(self.app, self.config, self.context, tasks, sock, self.protocol_send)  # type: ignore
                await self.idle_task.restart(tasks, self._idle_timeout)
                with self._reading:
                    await self._read_data()
                # No more idling, also if an answer ends only now.
                self._reading.cancel()
                await self.idle_task.stop()
                with trio.move_on_after(LINGER_S) as self._lingering:
                    while await self.stream.receive_some(MAX_RECEIVE_BYTES):
                        pass
        except* _GONE:
            pass  # the client went away in the middle, or spoke another protocol: it has nothing to be told
        except* Exception as group:
            logger.warning("connection_failed", exc_info=group)
        finally:
            # Whatever happened, the descriptor goes now; closing can wait for nothing.
            await trio.aclose_forcefully(self.stream)

    async def protocol_send(self, event: Event) -> None:
        if isinstance(event, RawData):
            await self._send(event.data)
        elif isinstance(event, Closed):
            # First of all: this may be the reader itself, which gets no further than its next checkpoint.
            await self.protocol.handle(event)
            self._end_sending()
            self._reading.cancel()
        elif not (isinstance(event, Updated) and self._reading.cancel_called):
            await super().protocol_send(event)

    async def _send(self, data: bytes) -> None:
        async with self.send_lock:
            for begin in range(0, len(data), PIECE_BYTES):
                # Shielded: half a chunk would garble what follows. With a deadline: a stuck reader would hold us for ever.
                with trio.move_on_after(self._patience_s, shield=True) as self._sending:
                    try:
                        await self.stream.send_all(memoryview(data)[begin : begin + PIECE_BYTES])
                    except (trio.BrokenResourceError, trio.ClosedResourceError):
                        await self._give_up()
                        return
                if self._sending.cancelled_caught:
                    logger.info("stuck_reader_cut_off")
                    await self._give_up()
                    return

    async def _give_up(self) -> None:
        await trio.aclose_forcefully(self.stream)
        await self.protocol.handle(Closed())
        self._reading.cancel()

    def _end_sending(self) -> None:
        try:
            self.stream.socket.shutdown(socket.SHUT_WR)
        except OSError:
            pass  # the client was faster

    def hurry(self) -> None:
        """The server stops: a send, also one that has begun, may take no longer than HURRIED_SEND_S; lingering ends."""
        if self._lingering is not None:
            self._lingering.cancel()
        self._patience_s = HURRIED_SEND_S
        if self._sending is not None:
            self._sending.deadline = min(self._sending.deadline, trio.current_time() + HURRIED_SEND_S)
