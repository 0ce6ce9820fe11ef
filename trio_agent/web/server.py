"""The server process: our sockets, Hypercorn's HTTP/1.1 on them, and an orderly end.

Hypercorn 0.18 on Trio sends inside a shield that has no deadline, lets an error in one connection end the process, and takes
HTTP/2 without backpressure from whoever asks for it. None of this can be met from inside an app, so its connection class is
subclassed here: every send has a deadline, every connection catches its own errors, and HTTP/1.1 is all that is spoken.
"""

from __future__ import annotations

import signal
import socket
import sys
from collections.abc import Callable
from functools import partial
from http import HTTPStatus

import h11
import structlog
import trio
from hypercorn.app_wrappers import ASGIWrapper
from hypercorn.config import Config
from hypercorn.events import Closed, Event, RawData
from hypercorn.protocol.h11 import H11Protocol
from hypercorn.trio.task_group import TaskGroup
from hypercorn.trio.tcp_server import TCPServer
from hypercorn.trio.worker_context import WorkerContext
from hypercorn.typing import ConnectionState

from trio_agent.web.app import App
from trio_agent.web.problems import headers_of, problem_json
from trio_agent.web.serving import Serving

SEND_DEADLINE_S = 20.0  # a reader that takes nothing for this long is cut off, and resumes by its cursor
SHUTDOWN_GRACE_S = 3.0  # for the connections to end once the streams have said goodbye
MAX_HEAD_BYTES = 64 * 1024  # beyond this h11 answers 431 by itself; the guard's own limits are lower
KEEPALIVE_IDLE_S, KEEPALIVE_INTERVAL_S, KEEPALIVE_PROBES = 10, 5, 2  # a dead peer is noticed in 20 s

logger = structlog.get_logger(__name__)


def listen(host: str, port: int) -> list[socket.socket]:
    """Listening sockets for every address of `host`. Raises OSError: the address is taken, or not ours."""
    sockets: list[socket.socket] = []
    try:
        for family, _, _, _, address in socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        ):
            if port == 0 and sockets:
                # A second address takes the port that the first was given.
                address = (address[0], sockets[0].getsockname()[1], *address[2:])
            sockets.append(_listener(socket.AddressFamily(family), address))
    except OSError:
        for each in sockets:
            each.close()
        raise
    return sockets


def _listener(family: socket.AddressFamily, address: tuple[object, ...]) -> socket.socket:
    listener = socket.socket(family, socket.SOCK_STREAM)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if family is socket.AF_INET6:
            listener.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        _notice_dead_peers(listener)
        listener.bind(address)
        listener.listen(socket.SOMAXCONN)
        listener.setblocking(False)
    except OSError:
        listener.close()
        raise
    return listener


def _notice_dead_peers(listener: socket.socket) -> None:
    """Accepted connections inherit these. Linux only: elsewhere the send deadline alone notices, later."""
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    if sys.platform == "linux":
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, KEEPALIVE_IDLE_S)
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPINTVL, KEEPALIVE_INTERVAL_S)
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPCNT, KEEPALIVE_PROBES)
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, int(SEND_DEADLINE_S * 1000))


async def serve(app: App, sockets: list[socket.socket], on_listening: Callable[[], None]) -> None:
    """Serve until SIGINT or SIGTERM; a second one cancels everything at once.

    Order at the end: streams say goodbye, listening stops, connections have SHUTDOWN_GRACE_S, then turns are cancelled
    and what they run is killed. Raises StoreError where the store cannot be opened.
    """
    async with app.running() as serving, trio.open_nursery() as program:
        await program.start(_watch_signals, serving, program.cancel_scope)
        on_listening()
        await _serve_connections(app, sockets, serving)
        program.cancel_scope.cancel()


async def _watch_signals(
    serving: Serving, everything: trio.CancelScope, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED
) -> None:
    with trio.open_signal_receiver(signal.SIGINT, signal.SIGTERM) as signals:
        task_status.started()
        async for number in signals:
            if serving.stopping.is_set():
                logger.warning("stopping_at_once", signal=signal.Signals(number).name)
                everything.cancel()
                return
            logger.info("stopping", signal=signal.Signals(number).name)
            serving.stop()


async def _serve_connections(app: App, sockets: list[socket.socket], serving: Serving) -> None:
    config = _hypercorn_config()
    context = WorkerContext(None)
    wrapped = ASGIWrapper(app)  # type: ignore[arg-type]

    alive: set[Connection] = set()

    async def handle(stream: trio.SocketStream) -> None:
        connection = Connection(wrapped, config, context, stream)
        alive.add(connection)
        try:
            await connection.run()
        finally:
            alive.remove(connection)

    listeners = [trio.SocketListener(trio.socket.from_stdlib_socket(each)) for each in sockets]
    async with trio.open_nursery() as connections, trio.open_nursery() as accepting:
        for listener in listeners:
            accepting.start_soon(partial(trio.serve_listeners, handle, [listener], handler_nursery=connections))
        await serving.stopping.wait()
        accepting.cancel_scope.cancel()
        # Idle keep-alive connections end on this; those in the middle of an answer have the grace to finish it.
        await context.terminated.set()
        connections.cancel_scope.deadline = trio.current_time() + SHUTDOWN_GRACE_S
        for connection in alive:
            connection.hurry()


def _hypercorn_config() -> Config:
    config = Config()
    config.include_server_header = False
    config.h11_max_incomplete_size = MAX_HEAD_BYTES
    config.accesslog = None
    config.errorlog = None
    # Host is checked by the guard: with server_names set, a Host of \xff ends the process.
    config.server_names = []
    return config


class Connection(TCPServer):
    """One client's connection, which can harm nobody but itself."""

    def __init__(
        self,
        app: ASGIWrapper,
        config: Config,
        context: WorkerContext,
        stream: trio.SocketStream,
    ) -> None:
        super().__init__(app, config, context, ConnectionState({}), stream)  # type: ignore[arg-type]
        self._patience_s = SEND_DEADLINE_S
        self._sending: trio.CancelScope | None = None

    async def run(self) -> None:
        try:
            async with TaskGroup() as tasks:
                self._task_group = tasks
                self.protocol = Http11(self, tasks)  # type: ignore[assignment]
                await self.idle_task.restart(tasks, self._idle_timeout)
                await self._read_data()
        except* (OSError, h11.RemoteProtocolError):
            pass  # the client went away in the middle, or spoke another protocol: it has nothing to be told
        except* Exception as group:
            logger.warning("connection_failed", exc_info=group)
        finally:
            # Whatever happened, the descriptor goes now; closing can wait for nothing.
            await trio.aclose_forcefully(self.stream)

    async def protocol_send(self, event: Event) -> None:
        if not isinstance(event, RawData):
            await super().protocol_send(event)
            return
        async with self.send_lock:
            # Shielded: half a chunk would garble what follows. With a deadline: a stuck reader would hold us for ever.
            with trio.move_on_after(self._patience_s, shield=True) as self._sending:
                try:
                    await self.stream.send_all(event.data)
                except (trio.BrokenResourceError, trio.ClosedResourceError):
                    await self.protocol.handle(Closed())
            if self._sending.cancelled_caught:
                logger.info("stuck_reader_cut_off")
                await trio.aclose_forcefully(self.stream)
                await self.protocol.handle(Closed())

    def hurry(self) -> None:
        """The server stops: a send, also one that has begun, may take no longer than the grace."""
        self._patience_s = SHUTDOWN_GRACE_S
        if self._sending is not None:
            self._sending.deadline = min(self._sending.deadline, trio.current_time() + SHUTDOWN_GRACE_S)


class Http11(H11Protocol):
    """HTTP/1.1 and nothing else: no h2c by upgrade, none by prior knowledge. Refusals are problems like all others."""

    def __init__(self, connection: Connection, tasks: TaskGroup) -> None:
        host, port = connection.stream.socket.getsockname()[:2]
        peer = connection.stream.socket.getpeername()[:2]
        super().__init__(
            connection.app,
            connection.config,
            connection.context,
            tasks,
            ConnectionState({}),
            False,
            peer,
            (host, port),
            connection.protocol_send,
        )

    async def _check_protocol(self, event: h11.Request) -> None:
        if event.http_version not in (b"1.0", b"1.1"):
            raise h11.RemoteProtocolError("HTTP/1.1 only", error_status_hint=HTTPStatus.HTTP_VERSION_NOT_SUPPORTED)

    async def _send_error_response(self, status_code: int) -> None:
        body = problem_json(status_code, "the request is not well-formed HTTP/1.1, or too large", "")
        headers = [(name.encode(), value.encode()) for name, value in headers_of(status_code).items()]
        headers += [(b"content-length", str(len(body)).encode()), (b"connection", b"close")]
        await self._send_h11_event(h11.Response(status_code=status_code, headers=headers))
        await self._send_h11_event(h11.Data(data=body))
        await self._send_h11_event(h11.EndOfMessage())
