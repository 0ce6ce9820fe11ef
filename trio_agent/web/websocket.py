"""A WebSocket on one connection, as wsproto speaks it, for an ASGI app. Source: RFC 6455; ASGI's WebSocket protocol 2.3.

Hypercorn's own fails on bytes in the offer that are no ASCII, takes frames that came before its answer for a request's body,
lets an error in a frame end the connection without a word, and pings without listening for an answer. So it is not used.

The rules. A message is bounded, and the first one, which comes before anybody has shown a token, closely. Who is not heard of
for SILENT_S, though pinged, is gone. What is received waits for the app in the network, not here. When the client has gone,
the app is told, and cancelled where that does not end it: it may be waiting for something else.
"""

from __future__ import annotations

import base64
import binascii
import secrets
from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import unquote

import h11
import structlog
import trio
from hypercorn.app_wrappers import ASGIWrapper
from hypercorn.protocol.events import Body, Data, EndBody, Request, Response, StreamClosed
from hypercorn.protocol.events import Event as StreamEvent
from hypercorn.protocol.h11 import STREAM_ID
from hypercorn.trio.task_group import TaskGroup
from wsproto.connection import Connection, ConnectionState, ConnectionType
from wsproto.events import BytesMessage, CloseConnection, Event, Message, Ping, TextMessage
from wsproto.utilities import LocalProtocolError, generate_accept_token

from trio_agent.web.problems import headers_of, problem_json

FIRST_MESSAGE_BYTES = 4 * 1024
MESSAGE_BYTES = 1024 * 1024
PING_S = 6.0
SILENT_S = 16.0  # noticed at the next ping, 18 s after the last sign of life at most; closing takes two more
LEAVE_S = 1.0  # for the app to end by itself when the client has gone

NORMAL, TOO_BIG, OUR_ERROR = 1000, 1009, 1011

logger = structlog.get_logger(__name__)


def offers_websocket(request: h11.Request) -> bool:
    """Whether a client that asks so wants to speak WebSocket. Whether the offer is whole, the answer says."""
    upgrades = [value for name, value in request.headers if name == b"upgrade"]
    tokens = b",".join(value for name, value in request.headers if name == b"connection").lower().split(b",")
    is_offer = [value.strip().lower() for value in upgrades] == [b"websocket"]
    return is_offer and request.method == b"GET" and b"upgrade" in [token.strip() for token in tokens]


class WebSocketStream:
    """One client's WebSocket. Takes the events that Hypercorn's streams take, and answers by `send`."""

    def __init__(
        self,
        app: ASGIWrapper,
        tasks: TaskGroup,
        client: tuple[str, int] | None,
        server: tuple[str, int] | None,
        send: Callable[[StreamEvent], Awaitable[None]],
    ) -> None:
        self._app = app
        self._tasks = tasks
        self._client = client
        self._server = server
        self._send_event = send
        self._key = b""
        self._frames: Connection | None = None
        self._parts: list[str | bytes] = []
        self._size = 0
        self._most_bytes = FIRST_MESSAGE_BYTES
        self._to_app, self._from_client = trio.open_memory_channel[dict[str, Any]](1)
        self._answered = False
        self._may_read = trio.Event()
        self._closed = False
        self._close_code = 1006  # as long as the client has said none. Source: RFC 6455 § 7.1.5
        self._heard = trio.current_time()
        self._app_is_slow = False
        self._pinging = trio.CancelScope()
        self._serving = trio.CancelScope()

    async def handle(self, event: StreamEvent) -> None:
        match event:
            case Request():
                await self._take_offer(event)
            case Data():
                # A client is to wait for our answer. One that does not is read on only behind it: it cannot cut its answer
                # off, and what it sends meanwhile fills the network, not our memory.
                await self._may_read.wait()
                if self._frames is not None and not self._closed:
                    self._heard = trio.current_time()
                    await self._take(self._frames, event.data)
            case StreamClosed():
                self._end()

    async def _take_offer(self, request: Request) -> None:
        headers = request.headers
        keys = [value for name, value in headers if name.lower() == b"sec-websocket-key"]
        versions = [value.strip() for name, value in headers if name.lower() == b"sec-websocket-version"]
        if versions != [b"13"] or request.http_version != "1.1" or len(keys) != 1 or not _is_key(keys[0]):
            await self._refuse(400, "no whole offer of a WebSocket in version 13")
        else:
            self._key = keys[0].strip()
            path, _, query = request.raw_path.partition(b"?")
            scope: dict[str, Any] = {
                "type": "websocket",
                "asgi": {"spec_version": "2.3", "version": "3.0"},
                "scheme": "ws",
                "http_version": request.http_version,
                "path": unquote(path.decode("ascii", "replace")),
                "raw_path": path,
                "query_string": query,
                "root_path": "",
                "headers": headers,
                "client": self._client,
                "server": self._server,
                "subprotocols": [],
                "extensions": {"websocket.http.response": {}},
            }
            await self._to_app.send({"type": "websocket.connect"})
            self._tasks.spawn(self._run, scope)

    async def _run(self, scope: dict[str, Any]) -> None:
        with self._serving:
            try:
                await self._app(scope, self._receive, self._send, trio.to_thread.run_sync, trio.from_thread.run)  # type: ignore
            except* (OSError, trio.BrokenResourceError, trio.ClosedResourceError):
                pass  # the client left in the middle
            except* Exception as group:
                logger.error("websocket_crashed", path=scope["path"], exc_info=group)
        if not self._closed:
            await self._close(OUR_ERROR, "")

    async def _receive(self) -> dict[str, Any]:
        try:
            return await self._from_client.receive()
        except (trio.EndOfChannel, trio.ClosedResourceError):
            return {"type": "websocket.disconnect", "code": self._close_code}

    async def _send(self, message: dict[str, Any]) -> None:
        if self._closed:
            raise trio.BrokenResourceError("the client has gone")
        match message["type"]:
            case "websocket.accept":
                await self._accept()
            case "websocket.send" if message.get("bytes") is not None:
                await self._say(BytesMessage(data=message["bytes"]))
            case "websocket.send":
                await self._say(TextMessage(data=message["text"]))
            case "websocket.close" if self._frames is None:
                await self._refuse(403, "the WebSocket is refused")
            case "websocket.close":
                await self._close(message.get("code", NORMAL), message.get("reason") or "")
            case "websocket.http.response.start":
                self._answered = True
                headers = [*message["headers"], (b"connection", b"close")]
                await self._send_event(Response(stream_id=STREAM_ID, status_code=message["status"], headers=headers))
            case "websocket.http.response.body":
                await self._send_event(Body(stream_id=STREAM_ID, data=message["body"]))
                if not message.get("more_body", False):
                    await self._finish(EndBody(stream_id=STREAM_ID))
            case unknown:
                raise RuntimeError(f"no message of ASGI's: {unknown}")

    async def _accept(self) -> None:
        self._answered = True
        self._frames = Connection(ConnectionType.SERVER)
        headers = [
            (b"upgrade", b"websocket"),
            (b"connection", b"Upgrade"),
            (b"sec-websocket-accept", generate_accept_token(self._key)),
        ]
        # No extension: compression would be one more thing to bomb us with, and on a loopback it gains nothing.
        await self._send_event(Response(stream_id=STREAM_ID, status_code=101, headers=headers))
        self._heard = trio.current_time()
        self._may_read.set()
        self._tasks.spawn(self._keep_alive)

    async def _take(self, frames: Connection, data: bytes) -> None:
        frames.receive_data(data)
        for event in frames.events():
            await self._take_event(frames, event)
            if self._closed:
                return

    async def _take_event(self, frames: Connection, event: Event) -> None:
        match event:
            case Message():
                self._size += len(event.data)
                if self._size > self._most_bytes:
                    await self._close(TOO_BIG, f"a message holds {self._most_bytes} bytes at most")
                    return
                if event.data:
                    self._parts.append(event.data)
                if event.message_finished:
                    await self._hand_over(isinstance(event, TextMessage))
            case Ping():
                await self._say(event.response())
            case CloseConnection() if frames.state is ConnectionState.REMOTE_CLOSING:
                self._close_code = event.code
                await self._say(event.response())
                await self._finish()
            case CloseConnection():
                # Nobody has sent one: wsproto says by it that a frame is none, and with which code to close.
                await self._close(event.code, "")

    async def _hand_over(self, is_text: bool) -> None:
        message: dict[str, Any] = {"type": "websocket.receive", "bytes": None, "text": None}
        if is_text:
            message["text"] = "".join(part for part in self._parts if isinstance(part, str))
        else:
            message["bytes"] = b"".join(part for part in self._parts if not isinstance(part, str))
        self._parts, self._size, self._most_bytes = [], 0, MESSAGE_BYTES
        # Nothing is read meanwhile, and so no answer to a ping: who waits here is not silent.
        self._app_is_slow = True
        try:
            await self._to_app.send(message)
        except (trio.BrokenResourceError, trio.ClosedResourceError):
            pass  # over, from either side
        finally:
            self._app_is_slow = False
            self._heard = trio.current_time()

    async def _keep_alive(self) -> None:
        with self._pinging:
            while not self._closed:
                await trio.sleep(PING_S)
                if not self._app_is_slow and trio.current_time() - self._heard > SILENT_S:
                    logger.info("silent_websocket_closed")
                    await self._finish()
                else:
                    await self._say(Ping())

    async def _say(self, event: Event) -> None:
        assert self._frames is not None, "nothing is said before the WebSocket is accepted"
        try:
            data = self._frames.send(event)
        except LocalProtocolError:
            return  # the closing has begun, and nothing may follow it
        await self._send_event(Data(stream_id=STREAM_ID, data=data))

    async def _close(self, code: int, reason: str) -> None:
        if self._frames is not None:
            await self._say(CloseConnection(code=code, reason=reason[:100]))
            await self._finish()
        elif self._answered:
            await self._finish()
        else:
            await self._refuse(500, "an error of ours; the server's log says more")

    async def _refuse(self, status: int, detail: str) -> None:
        self._answered = True
        body = problem_json(status, detail, secrets.token_hex(8))
        said = {**headers_of(status), "Content-Length": str(len(body)), "Connection": "close"}
        # Source of the version: RFC 6455 § 4.4.
        headers = [(name.encode(), value.encode()) for name, value in {**said, "Sec-WebSocket-Version": "13"}.items()]
        await self._send_event(Response(stream_id=STREAM_ID, status_code=status, headers=headers))
        await self._send_event(Body(stream_id=STREAM_ID, data=body))
        await self._finish(EndBody(stream_id=STREAM_ID))

    async def _finish(self, last: StreamEvent | None = None) -> None:
        """`last` is said, and then the connection ends."""
        if not self._closed:
            if last is not None:
                await self._send_event(last)
            self._end()
            await self._send_event(StreamClosed(stream_id=STREAM_ID))

    def _end(self) -> None:
        self._closed = True
        self._may_read.set()
        self._pinging.cancel()
        self._to_app.close()
        self._serving.deadline = min(self._serving.deadline, trio.current_time() + LEAVE_S)


def _is_key(value: bytes) -> bool:
    try:
        return len(base64.b64decode(value.strip(), validate=True)) == 16
    except binascii.Error:
        return False
