"""`WS /terminal/N`: one viewer of one terminal, from its first frame to its close.

Binary frames are what is typed and what is shown. Text frames are control, JSON objects: the client's first holds the token,
later ones a size. What the server says in text, it says only to who asked for it (`"control": true` in the first frame). Why
a connection was closed stands in its code, for a page's script learns nothing of an HTTP status; docs/api.md lists them.
"""

from __future__ import annotations

import re
import secrets
from http import HTTPStatus
from typing import Any, Literal

import msgspec
import trio

from trio_agent.core.errors import CallerError, NotFound, TrioAgentError
from trio_agent.core.wire import encode_json
from trio_agent.runtime.session import Session
from trio_agent.seams import OffersTerminals, Shown, Terminal
from trio_agent.web.exchange import Receive, Scope, Send, refuse_websocket
from trio_agent.web.guard import Access
from trio_agent.web.polling import wait_for_attendant
from trio_agent.web.serving import Serving

HELLO_S = 10.0

CLOSED = 4204
NOT_CONTROL, NO_TOKEN, NO_TERMINAL, TOO_LATE, ENDED, BROKEN = 4400, 4401, 4404, 4408, 4410, 4500
GOING_AWAY, OVERLOADED = 1001, 1013
"""Source: RFC 6455 § 7.4.1; 4000 and above are ours, after the statuses of HTTP."""

_PATH = re.compile(r"(?:/sessions/([^/]+))?/terminal/([0-9]{1,3})", re.ASCII)


def is_terminal(target: bytes) -> bool:
    """Whether a request for `target` is one for a terminal."""
    return _PATH.fullmatch(target.partition(b"?")[0].decode("latin-1")) is not None


class Hello(msgspec.Struct, frozen=True):
    """A client's first frame."""

    token: str = ""
    control: bool = False
    resize: tuple[int, int] | None = None


class Control(msgspec.Struct, frozen=True):
    """What a client says beside what is typed. A `ping`, of any number, is answered by a `pong` of the same.

    `close` ends the terminal for all; with "ask" not where a program runs in it, whose name is the answer then.
    """

    resize: tuple[int, int] | None = None
    ping: int | None = None
    close: Literal["ask", "now"] | None = None


class Ended(Exception):
    """The connection is over, and this is what the client is told."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason


class Left(Exception):
    """The client closed the connection, or is gone."""


async def serve_terminal(serving: Serving | None, access: Access, scope: Scope, receive: Receive, send: Send) -> None:
    """Serve one WebSocket. `serving` None: what is served here has no terminals."""
    path = _PATH.fullmatch(scope["path"])
    if path is None:
        detail = "WebSockets are for terminals: /sessions/ID/terminal/N"
        await refuse_websocket(scope, receive, send, HTTPStatus.NOT_FOUND, detail, secrets.token_hex(8))
        return
    await receive()
    await send({"type": "websocket.accept"})
    try:
        hello = await _hello(access, receive)
        if serving is None:
            raise Ended(NO_TERMINAL, "a replay has no terminals")
        if serving.stopping.is_set():
            raise Ended(GOING_AWAY, "the server is shutting down")
        with serving.place() as placed:
            if not placed:
                raise Ended(OVERLOADED, "too many clients are connected; try again later")
            session, terminal = await _find(serving, path[1], int(path[2]))
            viewer = Viewer(serving, session, terminal, hello, receive, send)
            raise await viewer.look()
    except Ended as ended:
        await send({"type": "websocket.close", "code": ended.code, "reason": ended.reason})
    except Left:
        pass


async def _hello(access: Access, receive: Receive) -> Hello:
    """Raises Ended where the first frame is late, is none of ours, or has a wrong token."""
    with trio.move_on_after(HELLO_S) as waiting:
        data = await _frame(receive)
    if waiting.cancelled_caught:
        raise Ended(TOO_LATE, f"no first frame within {HELLO_S:.0f} s")
    try:
        hello = msgspec.json.decode(data, type=Hello)
    except (msgspec.DecodeError, UnicodeDecodeError):
        hello = None
    if hello is None or not access.admits(hello.token):
        raise Ended(NO_TOKEN, "the first frame must hold the token; open the link the server printed")
    return hello


async def _find(serving: Serving, session_id: str | None, number: int) -> tuple[Session, Terminal]:
    """Raises Ended where there is no such session, or no terminal in it."""
    hall = serving.hall
    try:
        session = await (hall.newest() if session_id is None else hall.session(session_id))
        attendant = await wait_for_attendant(session, serving.stopping.is_set)
        if not isinstance(attendant, OffersTerminals):
            raise NotFound("the agent of this session offers no terminals")
        return session, await attendant.terminal(number)
    except CallerError as exc:
        raise Ended(NO_TERMINAL, str(exc)) from exc
    except TrioAgentError as exc:
        raise Ended(BROKEN, "the terminal cannot be opened; the server's log says more") from exc


class Viewer:
    """A client that looks at a terminal and types."""

    def __init__(
        self, serving: Serving, session: Session, terminal: Terminal, hello: Hello, receive: Receive, send: Send
    ) -> None:
        self._serving = serving
        self._session = session
        self._terminal = terminal
        self._wants_control = hello.control
        self._size = hello.resize
        self._receive = receive
        self._send = send
        self._over: Exception = Left()

    async def look(self) -> Exception:
        """Show and type until it is over: then why, an Ended or Left."""
        if self._size is not None:
            self._terminal.resize(*self._size)
        async with trio.open_nursery() as nursery:
            for task in (self._show, self._hear, self._wait_stopping):
                nursery.start_soon(self._until_over, task, nursery.cancel_scope)
        return self._over

    async def _until_over(self, task: Any, scope: trio.CancelScope) -> None:
        try:
            await task()
        except (Ended, Left) as over:
            self._over = over
            scope.cancel()

    async def _show(self) -> None:
        # Before all that is shown: a shell ends with the server, and who saw one of an earlier run says so above the new one.
        await self._tell(server_run=self._serving.run_id)
        position = version = -1
        replaying = False
        while True:
            shown = await self._terminal.follow(position, version)
            if position == -1 or shown.skipped:
                replaying = True
                await self._tell(replaying=True)
            if shown.data:
                await self._send({"type": "websocket.send", "bytes": shown.data})
            if replaying and shown.live:
                # From here on a program that asks the terminal something waits for the answer; before, it has had one.
                replaying = False
                await self._tell(replaying=False)
            if shown.version != version:
                await self._tell_status(shown)
            if shown.closed and shown.over:
                raise Ended(CLOSED, "the terminal was closed")
            if shown.over:
                raise Ended(ENDED, "the session has ended" if self._session.ended else "the terminal has ended")
            position, version = shown.position, shown.version

    async def _tell_status(self, shown: Shown) -> None:
        size = (shown.columns, shown.rows)
        await self._tell(size=size, own=size == self._size, exit_status=shown.exit_status)

    async def _tell(self, **words: Any) -> None:
        if self._wants_control:
            await self._send({"type": "websocket.send", "text": encode_json(words).decode()})

    async def _hear(self) -> None:
        while True:
            data = await _frame(self._receive)
            if isinstance(data, bytes):
                await self._terminal.write(data)
            else:
                await self._obey(data)

    async def _obey(self, text: str) -> None:
        try:
            control = msgspec.json.decode(text, type=Control)
        except msgspec.DecodeError:
            raise Ended(NOT_CONTROL, 'a text frame holds a JSON object such as {"resize": [80, 24]}') from None
        if control.resize is not None:
            self._size = control.resize
            self._terminal.resize(*control.resize)
        if control.ping is not None:
            await self._tell(pong=control.ping)
        if control.close is not None:
            program = self._terminal.close(now=control.close == "now")
            if program is not None:
                await self._tell(runs=program)

    async def _wait_stopping(self) -> None:
        await self._serving.stopping.wait()
        raise Ended(GOING_AWAY, "the server is shutting down")


async def _frame(receive: Receive) -> bytes | str:
    """The next frame. Raises Left."""
    message = await receive()
    if message["type"] != "websocket.receive":
        raise Left
    text, data = message.get("text"), message.get("bytes")
    return text if text is not None else data or b""
