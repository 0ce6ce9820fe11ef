"""One client's connection: Hypercorn's HTTP/1.1, in a form that can harm nobody but itself.

Hypercorn 0.18 on Trio sends inside a shield that has no deadline, lets an error in one connection end the process, takes
HTTP/2 without backpressure from whoever asks for it, and stops reading, and so noticing that the client left, while a request
waits behind the one that is answered. None of this can be met from inside an app, so its connection class is subclassed here.

The rules. Reading has a scope of its own, which ends when the connection does, whatever the reader is waiting for then. Every
send has a deadline. Who was told that the connection closes may still be sending: closing with unread bytes would reset the
connection and lose the answer on its way, so what comes is read and forgotten for LINGER_S.
"""

from __future__ import annotations

import secrets
import socket
from http import HTTPStatus

import h11
import structlog
import trio
from hypercorn.app_wrappers import ASGIWrapper
from hypercorn.config import Config
from hypercorn.events import Closed, Event, RawData, Updated
from hypercorn.protocol.events import Body, EndBody, Response
from hypercorn.protocol.events import Event as StreamEvent
from hypercorn.protocol.h11 import STREAM_ID, H11Protocol
from hypercorn.trio.task_group import TaskGroup
from hypercorn.trio.tcp_server import TCPServer
from hypercorn.trio.worker_context import WorkerContext
from hypercorn.typing import ConnectionState

from trio_agent.web.problems import headers_of, problem_json

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
                self.protocol = Http11(self, tasks)  # type: ignore[assignment]
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


class Http11(H11Protocol):
    """HTTP/1.1 and nothing else: no h2c by upgrade, none by prior knowledge. Refusals are problems like all others."""

    def __init__(self, connection: Connection, tasks: TaskGroup) -> None:
        """Raises OSError where the client has gone already."""
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
        self._endless = False

    async def handle(self, event: Event) -> None:
        if isinstance(event, RawData) and self.connection.their_state is h11.MUST_CLOSE:
            # The answer says that it is the last one. What comes behind a stream ends it: its turn would never come. Any
            # other answer is let through first, and h11 not told, which would take this for an error.
            if event.data and self._endless:
                await self.send(Closed())
            return
        await super().handle(event)

    async def stream_send(self, event: StreamEvent) -> None:
        await super().stream_send(event)
        if isinstance(event, Response) and _is_endless(event):
            self._endless = True
            if self.connection.trailing_data[0]:
                await self.send(Closed())
            # The offer of another protocol has paused the reading. Reading on notices that the client left.
            await self.can_read.set()

    async def _handle_events(self) -> None:
        # Hypercorn's own loop, but that it ends where h11 would take what was pipelined for an error: it would close the
        # connection then, and the answer on its way might not have left.
        while self.connection.their_state is not h11.MUST_CLOSE:
            if self.connection.they_are_waiting_for_100_continue:
                await self._send_h11_event(h11.InformationalResponse(status_code=100, headers=[]))
            try:
                event = self.connection.next_event()
            except h11.RemoteProtocolError as error:
                if self.connection.our_state in (h11.IDLE, h11.SEND_RESPONSE):
                    await self._send_error_response(error.error_status_hint)
                await self.send(Closed())
                return
            match event:
                case h11.Request():
                    await self.send(Updated(idle=False))
                    await self._check_protocol(event)
                    await self._create_stream(event)
                case h11.PAUSED:
                    await self.can_read.clear()
                    await self.can_read.wait()
                case h11.Data() if self.stream is not None:
                    await self.stream.handle(Body(stream_id=STREAM_ID, data=event.data))
                case h11.EndOfMessage() if self.stream is not None:
                    await self.stream.handle(EndBody(stream_id=STREAM_ID))
                case _:
                    return

    async def _check_protocol(self, event: h11.Request) -> None:
        if event.http_version not in (b"1.0", b"1.1"):
            await self._send_error_response(HTTPStatus.BAD_REQUEST)
            raise h11.RemoteProtocolError("HTTP/1.1 only")

    async def _create_stream(self, request: h11.Request) -> None:
        # WebSockets are not spoken (yet): the offer is passed over, as RFC 9110 § 7.8 allows, and the request answered like
        # any other. Hypercorn's own refusal fails on `Sec-WebSocket-Protocol: \xff`.
        headers = [(name, value) for name, value in request.headers.raw_items() if name.lower() != b"upgrade"]
        plain = h11.Request(
            method=request.method, target=request.target, headers=headers, http_version=request.http_version
        )
        await super()._create_stream(plain)

    async def _send_error_response(self, status_code: int) -> None:
        # h11 hints at 501 for an unknown coding; but it is the client's doing, and a 5xx would say it is ours.
        status_code = status_code if status_code < 500 else HTTPStatus.BAD_REQUEST
        request_id = secrets.token_hex(8)
        body = problem_json(status_code, "the request is not well-formed HTTP/1.1, or too large", request_id)
        headers = [(name.encode(), value.encode()) for name, value in headers_of(status_code).items()]
        headers += [(b"content-length", str(len(body)).encode()), (b"connection", b"close")]
        await self._send_h11_event(h11.Response(status_code=status_code, headers=headers))
        await self._send_h11_event(h11.Data(data=body))
        await self._send_h11_event(h11.EndOfMessage())


def _is_endless(response: Response) -> bool:
    return any(name == b"content-type" and value.startswith(b"text/event-stream") for name, value in response.headers)
