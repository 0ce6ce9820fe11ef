"""The server process: our sockets, a connection for every client, and an orderly end."""

from __future__ import annotations

import errno
import signal
import socket
import sys
from collections.abc import Callable

import structlog
import trio
from hypercorn.app_wrappers import ASGIWrapper
from hypercorn.trio.worker_context import WorkerContext

from trio_agent.web.app import App
from trio_agent.web.connection import SEND_DEADLINE_S, Connection, connection_config
from trio_agent.web.descriptors import most_connections
from trio_agent.web.door import Door
from trio_agent.web.serving import Serving

SHUTDOWN_GRACE_S = 3.0  # for the connections to end once the streams have said goodbye
KEEPALIVE_IDLE_S, KEEPALIVE_INTERVAL_S, KEEPALIVE_PROBES = 10, 5, 2  # a dead peer is noticed in 20 s

SEND_BUFFER_BYTES = 128 * 1024  # Linux doubles it

logger = structlog.get_logger(__name__)

NOT_HERE = (errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT)


def listen(host: str, port: int) -> list[socket.socket]:
    """Listening sockets for every address of `host` that this machine has. Raises OSError: taken, or not one of ours."""
    sockets: list[socket.socket] = []
    elsewhere: OSError | None = None
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
        for family, _, _, _, address in dict.fromkeys(found):
            if port == 0 and sockets:
                # A second address takes the port that the first was given.
                address = (address[0], sockets[0].getsockname()[1], *address[2:])
            try:
                sockets.append(_listener(socket.AddressFamily(family), address))
            except OSError as exc:
                # `localhost` has an address in IPv6 also where the machine, a container mostly, does not.
                if exc.errno not in NOT_HERE:
                    raise
                elsewhere = exc
        if elsewhere is not None and not sockets:
            raise elsewhere
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
        # Accepted connections inherit it. By itself the kernel would hold megabytes for every reader that is stuck, and call
        # a slow one ready for more only when it has taken a third of them.
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER_BYTES)
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
    # Signals are heard from before the store is opened until after it is closed: in between, nothing may be left behind.
    async with trio.open_nursery() as program:
        stop = _Stop(program.cancel_scope)
        await program.start(stop.watch_signals)
        async with app.running() as serving:
            stop.serving = serving
            on_listening()
            await serve_connections(app, sockets, serving)
        program.cancel_scope.cancel()


def _ends() -> list[signal.Signals]:
    """What ends the server: SIGHUP too, which a terminal sends when its window closes, unless nohup has said otherwise."""
    ends = [signal.SIGINT, signal.SIGTERM]
    return ends if signal.getsignal(signal.SIGHUP) is signal.SIG_IGN else [*ends, signal.SIGHUP]


class _Stop:
    """What a signal does: the first ends `serving` in order, or all where nothing is served yet; the second ends all."""

    def __init__(self, everything: trio.CancelScope) -> None:
        self.serving: Serving | None = None
        self._everything = everything

    async def watch_signals(self, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
        with trio.open_signal_receiver(*_ends()) as signals:
            task_status.started()
            async for number in signals:
                name = signal.Signals(number).name
                if self.serving is None or self.serving.stopping.is_set():
                    logger.warning("stopping_at_once", signal=name)
                    self._everything.cancel()
                    return
                logger.info("stopping", signal=name)
                self.serving.stop()


async def serve_connections(app: App, sockets: list[socket.socket], serving: Serving) -> None:
    """Serve `app` on `sockets` until `serving` is stopping, and its connections have ended or had SHUTDOWN_GRACE_S to."""
    config = connection_config()
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

    door = Door(handle, most_connections())
    listeners = [trio.SocketListener(trio.socket.from_stdlib_socket(each)) for each in sockets]
    async with trio.open_nursery() as connections, trio.open_nursery() as accepting:
        for listener in listeners:
            accepting.start_soon(door.accept, listener, connections)
        await serving.stopping.wait()
        accepting.cancel_scope.cancel()
        # Idle keep-alive connections end on this; those in the middle of an answer have the grace to finish it.
        await context.terminated.set()
        connections.cancel_scope.deadline = trio.current_time() + SHUTDOWN_GRACE_S
        for connection in alive:
            connection.hurry()
