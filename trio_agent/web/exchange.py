"""One request and its answer, as the ASGI server hands them to us and as we hand them on.

One trap of the stack is met here: Hypercorn says `http.disconnect` while it recycles a finished response, Quart-Trio cancels
the request on hearing it, and with it Hypercorn's own clean-up (keep-alive then never times out). We hold that message back
until the handler has returned.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping
from http import HTTPStatus
from typing import Any

import trio

from trio_agent.web.problems import headers_of, problem_json

Scope = dict[str, Any]
Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]
AsgiApp = Callable[[Scope, Receive, Send], Awaitable[None]]

_CORS_METHODS = "GET, HEAD, POST, PATCH, DELETE"
_CORS_HEADERS = "Authorization, Content-Type, Idempotency-Key, Last-Event-ID"


class RequestHeaders:
    """Request headers by lower-case name; latin-1 takes any byte."""

    def __init__(self, raw: Iterable[tuple[bytes, bytes]]) -> None:
        self._values: dict[str, list[str]] = {}
        for name, value in raw:
            self._values.setdefault(name.decode("latin-1").lower(), []).append(value.decode("latin-1"))

    def has(self, name: str) -> bool:
        return name in self._values

    def only(self, name: str) -> str | None:
        """The value, or None where there is none or more than one: two Hosts or two tokens are nobody's honest request."""
        values = self._values.get(name, [])
        return values[0] if len(values) == 1 else None


class Exchange:
    """One request's receive and send, with our headers put in and the untimely disconnect held back."""

    def __init__(self, receive: Receive, send: Send, headers: Mapping[str, str]) -> None:
        self._receive = receive
        self._send = send
        self._headers = [(name.lower().encode(), value.encode("latin-1")) for name, value in headers.items()]
        self._finished = False
        self.status = 0

    async def receive(self) -> dict[str, Any]:
        message = await self._receive()
        if message["type"] == "http.disconnect" and self._finished:
            await trio.sleep_forever()
        return message

    async def send(self, message: dict[str, Any]) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            present = {name.lower() for name, _ in message["headers"]}
            added = [header for header in self._headers if header[0] not in present]
            message = {**message, "headers": [*message["headers"], *added]}
        elif message["type"] == "http.response.body" and not message.get("more_body", False):
            self._finished = True
        await self._send(message)

    async def answer(self, status: HTTPStatus, detail: str, request_id: str) -> None:
        body = problem_json(status, detail, request_id)
        async with trio.open_nursery() as nursery:
            # The server hands us the body through a short queue, and would wait for ever, in the middle of our answer, for
            # somebody to take it.
            nursery.start_soon(self._discard)
            await self._whole(status, headers_of(status), body)
            nursery.cancel_scope.cancel()

    async def _discard(self) -> None:
        while (await self._receive())["type"] != "http.disconnect":
            pass

    async def answer_preflight(self) -> None:
        headers = {"Access-Control-Allow-Methods": _CORS_METHODS, "Access-Control-Allow-Headers": _CORS_HEADERS}
        await self._whole(HTTPStatus.NO_CONTENT, headers, b"")

    async def _whole(self, status: HTTPStatus, headers: Mapping[str, str], body: bytes) -> None:
        listed = [(name.lower().encode(), value.encode()) for name, value in headers.items()]
        if status is not HTTPStatus.NO_CONTENT:
            listed.append((b"content-length", str(len(body)).encode()))
        # A refused request may have a body on the way that nobody will read: the connection is not kept for another.
        listed.append((b"connection", b"close"))
        await self.send({"type": "http.response.start", "status": int(status), "headers": listed})
        await self.send({"type": "http.response.body", "body": body, "more_body": False})


async def refuse_websocket(
    scope: Scope, receive: Receive, send: Send, status: HTTPStatus, detail: str, request_id: str
) -> None:
    """Answer the offer of a WebSocket by a problem; by a plain refusal where the server has no way to say more."""
    await receive()
    if "websocket.http.response" not in scope.get("extensions", {}):
        await send({"type": "websocket.close", "code": 1008})
        return
    body = problem_json(status, detail, request_id)
    headers = {**headers_of(status), "Content-Length": str(len(body)), "X-Request-Id": request_id}
    listed = [(name.lower().encode(), value.encode()) for name, value in headers.items()]
    await send({"type": "websocket.http.response.start", "status": int(status), "headers": listed})
    await send({"type": "websocket.http.response.body", "body": body})
