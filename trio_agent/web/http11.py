"""HTTP/1.1 on one connection, as h11 speaks it and Hypercorn runs apps with it, and nothing else.

Hypercorn stops reading, and so noticing that the client left, while a request waits behind the one that is answered or another
protocol is on offer; it closes, before the answer has left, a connection on which more comes than it answers; it takes HTTP/2
from whoever asks for it, without backpressure; and its WebSocket fails on some bytes (see websocket.py).
"""

from __future__ import annotations

import secrets
from collections.abc import Awaitable, Callable
from dataclasses import replace
from http import HTTPStatus

import h11
import trio
from hypercorn.app_wrappers import ASGIWrapper
from hypercorn.config import Config
from hypercorn.events import Closed, Event, RawData, Updated
from hypercorn.protocol.events import Body, Data, EndBody, Request, Response
from hypercorn.protocol.events import Event as StreamEvent
from hypercorn.protocol.h11 import STREAM_ID, H11Protocol, H11WSConnection
from hypercorn.trio.task_group import TaskGroup
from hypercorn.trio.worker_context import WorkerContext
from hypercorn.typing import ConnectionState

from trio_agent.web.problems import headers_of, problem_json
from trio_agent.web.terminal import is_terminal
from trio_agent.web.websocket import WebSocketStream, offers_websocket


class Http11(H11Protocol):
    """HTTP/1.1 and nothing else: no h2c by upgrade, none by prior knowledge. Refusals are problems like all others."""

    def __init__(
        self,
        app: ASGIWrapper,
        config: Config,
        context: WorkerContext,
        tasks: TaskGroup,
        sock: trio.socket.SocketType,
        send: Callable[[Event], Awaitable[None]],
    ) -> None:
        """Raises OSError where the client has gone already."""
        client, server = sock.getpeername()[:2], sock.getsockname()[:2]
        super().__init__(app, config, context, tasks, ConnectionState({}), False, client, server, send)
        self._endless = False
        self._method = b""
        self._refused = False

    async def handle(self, event: Event) -> None:
        if isinstance(event, RawData) and self.connection.their_state is h11.MUST_CLOSE:
            # The answer says that it is the last one. What comes behind a stream ends it: its turn would never come. Any
            # other answer is let through first, and h11 not told, which would take this for an error.
            if event.data and self._endless:
                await self.send(Closed())
            return
        await super().handle(event)

    async def stream_send(self, event: StreamEvent) -> None:
        if self._refused:
            return  # the app's answer, which comes too late: its end would close the connection before the refusal has left
        if isinstance(event, Response):
            self._endless = _is_endless(event)
            if self.connection.their_state is h11.SEND_BODY:
                # The rest of the body is not waited for, and so the connection ends: a client that is not told would use it
                # again.
                event = replace(event, headers=[*event.headers, (b"connection", b"close")])
        await super().stream_send(event)
        if isinstance(event, Response) and self._endless:
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
                if self.connection.our_state is h11.SEND_BODY and not self._endless:
                    # An answer that has begun is let through; the connection ends behind it, for nothing more can be read.
                    return
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
                case Data() if self.stream is not None:
                    await self.stream.handle(event)
                case _:
                    return

    async def _check_protocol(self, event: h11.Request) -> None:
        self._method = event.method
        if event.http_version not in (b"1.0", b"1.1"):
            await self._send_error_response(HTTPStatus.BAD_REQUEST)
            raise h11.RemoteProtocolError("HTTP/1.1 only")

    async def _create_stream(self, request: h11.Request) -> None:
        if offers_websocket(request) and is_terminal(request.target):
            await self._speak_websocket(request)
            return
        # Elsewhere the offer is passed over, as RFC 9110 § 7.8 allows, and the request answered like any other.
        headers = [(name, value) for name, value in request.headers.raw_items() if name.lower() != b"upgrade"]
        plain = h11.Request(
            method=request.method, target=request.target, headers=headers, http_version=request.http_version
        )
        await super()._create_stream(plain)

    async def _speak_websocket(self, request: h11.Request) -> None:
        assert isinstance(self.connection, h11.Connection)
        assert isinstance(self.task_group, TaskGroup)
        stream = WebSocketStream(self.app, self.task_group, self.client, self.server, self.stream_send)  # type: ignore
        self.stream = stream  # type: ignore[assignment]
        self.connection = H11WSConnection(self.connection)
        await stream.handle(
            Request(
                stream_id=STREAM_ID,
                headers=list(request.headers),
                http_version=request.http_version.decode(),
                method="GET",
                raw_path=request.target,
                state=ConnectionState({}),
            )
        )

    async def _send_error_response(self, status_code: int) -> None:
        # h11 hints at 501 for an unknown coding; but it is the client's doing, and a 5xx would say it is ours.
        status_code = status_code if status_code < 500 else HTTPStatus.BAD_REQUEST
        request_id = secrets.token_hex(8)
        body = problem_json(status_code, "the request is not well-formed HTTP/1.1, or too large", request_id)
        headers = [(name.encode(), value.encode()) for name, value in headers_of(status_code).items()]
        headers += [(b"content-length", str(len(body)).encode()), (b"connection", b"close")]
        # All at once: an app that begins to answer in between would make of this one a head without its body.
        self._refused = True
        to_head = self._method == b"HEAD" and self.connection.our_state is h11.SEND_RESPONSE
        answer = self.connection.send(h11.Response(status_code=status_code, headers=headers)) or b""
        answer += b"" if to_head else self.connection.send(h11.Data(data=body)) or b""
        self.connection.send(h11.EndOfMessage())
        await self.send(RawData(answer))


def _is_endless(response: Response) -> bool:
    return any(name == b"content-type" and value.startswith(b"text/event-stream") for name, value in response.headers)
