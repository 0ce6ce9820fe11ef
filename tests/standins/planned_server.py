"""What the stand-ins for providers share: real HTTP on 127.0.0.1, and answers streamed from a plan.

A plan is a list of answers, given one after another. What they say stands in the words of each stand-in; how they are sent:

    delay_ms            between two events
    drop_after          end the connection after so many events
    hang_after          say nothing more after so many events, and wait until the client goes
    error               an error event in place of the rest, after `drop_after` events (0)
    status, headers     an error as the response, with `error` in its body
    for                 only for a request that holds these words; others are given the next answer that is for them
    learn               {word: pattern}: `word` stands for what the pattern's group matched last in the request

A call may have `raw` beside its `input`: the text of an input that is no JSON, on wires where a model can write one.

`GET /requests` answers with the bodies that were sent. A request that the provider would refuse is refused, and uses nothing
of the plan; `complaints` collects why, and `GET /complaints` answers with them.
"""

from __future__ import annotations

import json
import re
import sys
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, TypeVar

import h11
import trio

from trio_agent.agent.naming import INSTRUCTIONS

NAMING = INSTRUCTIONS[:40].encode()
"""How the request for a session's name begins, in whatever wire."""

STREAMED = h11.Response(status_code=200, headers=[("content-type", "text/event-stream; charset=utf-8")])

AT_ITS_END = "The plan has no further answer."

Plan = Sequence[dict[str, Any]]
Server = TypeVar("Server", bound="PlannedServer")


class PlannedServer(ABC):
    """What the stand-in was asked, and how it went."""

    def __init__(self, plan: Plan) -> None:
        self.url = ""
        self.requests: list[dict[str, Any]] = []
        self.targets: list[str] = []
        self.headers: list[dict[str, str]] = []
        self.complaints: list[str] = []
        self.clients_gone = 0
        """How many clients left in the middle of an answer."""
        self.hanging = trio.Event()
        """Set when an answer has begun to hang."""
        self.left = trio.Event()
        """Set when a client has left in the middle of an answer."""
        self.given = 0
        """How many answers of the plan were given."""
        self.name = ""
        """The answer where a name for the session is asked for, which uses nothing of the plan. Empty: that request fails."""
        self._plan = list(plan)

    @abstractmethod
    def refusal(self, method: bytes, target: bytes, headers: dict[str, str], body: bytes) -> tuple[int, Any] | None:
        """Status and `error` of the provider's refusal; None for a request that is fine."""

    @abstractmethod
    def events(self, answer: dict[str, Any], request: dict[str, Any], target: str) -> list[bytes]:
        """The events that stream `answer`, in the order of the real API."""

    @abstractmethod
    def error_event(self, error: Any) -> bytes: ...

    @abstractmethod
    def error_body(self, status: int, error: Any) -> dict[str, Any]: ...

    async def serve(self, stream: trio.SocketStream) -> None:
        async with stream:
            connection = h11.Connection(h11.SERVER)
            try:
                while (request := await _receive(connection, stream)) is not None:
                    await self._respond(connection, stream, *request)
                    if connection.our_state is not h11.DONE or connection.their_state is not h11.DONE:
                        return
                    connection.start_next_cycle()
            except trio.BrokenResourceError:
                self._lost_client()

    async def _respond(
        self, connection: h11.Connection, stream: trio.SocketStream, request: h11.Request, body: bytes
    ) -> None:
        if request.method == b"GET" and request.target == b"/requests":
            return await _send_json(connection, stream, 200, self.requests)
        if request.method == b"GET" and request.target == b"/complaints":
            return await _send_json(connection, stream, 200, self.complaints)
        headers = {name.decode(): value.decode() for name, value in request.headers}
        if (refusal := self.refusal(request.method, request.target, headers, body)) is not None:
            status, error = refusal
            self.complaints.append(error["message"])
            return await _send_json(connection, stream, status, self.error_body(status, error))
        if NAMING in body:
            return await self._answer_aside(connection, stream, json.loads(body), request.target.decode())
        self.headers.append(headers)
        self.targets.append(request.target.decode())
        self.requests.append(json.loads(body))
        answer = self._next_answer(body.decode())
        if "status" in answer:
            error = self.error_body(answer["status"], answer.get("error", {"message": "as planned"}))
            return await _send_json(connection, stream, answer["status"], error, answer.get("headers"))
        return await self._stream(connection, stream, answer)

    async def _answer_aside(
        self, connection: h11.Connection, stream: trio.SocketStream, request: dict[str, Any], target: str
    ) -> None:
        if not self.name:
            await _send_json(connection, stream, 400, self.error_body(400, {"message": "no name is planned"}))
            return
        await _send(connection, stream, STREAMED)
        for event in self.events({"text": self.name}, request, target):
            await _send(connection, stream, h11.Data(data=event))
        await _send(connection, stream, h11.EndOfMessage())

    async def _stream(self, connection: h11.Connection, stream: trio.SocketStream, answer: dict[str, Any]) -> None:
        # Before anything is sent: by then there may be another request, of a conversation beside this one.
        events = self.events(answer, self.requests[-1], self.targets[-1])
        await _send(connection, stream, STREAMED)
        if "error" in answer:
            events = [*events[: answer.get("drop_after", 0)], self.error_event(answer["error"])]
        for number, event in enumerate(events):
            if "error" not in answer and answer.get("drop_after") == number:
                return
            if answer.get("hang_after") == number:
                self.hanging.set()
                await stream.receive_some()
                self._lost_client()
                return
            if number:
                await trio.sleep(answer.get("delay_ms", 0) / 1000)
            await _send(connection, stream, h11.Data(data=event))
        await _send(connection, stream, h11.EndOfMessage())

    def _next_answer(self, request: str) -> dict[str, Any]:
        self.given += 1
        for place, answer in enumerate(self._plan):
            if answer.get("for", "") in request:
                del self._plan[place]
                return _learned(answer, request)
        return {"text": AT_ITS_END}

    def _lost_client(self) -> None:
        self.clients_gone += 1
        self.left.set()


def _learned(answer: dict[str, Any], request: str) -> dict[str, Any]:
    if "learn" not in answer:
        return answer
    text = json.dumps(answer)
    for word, pattern in answer["learn"].items():
        text = text.replace(word, re.findall(pattern, request)[-1])
    learned: dict[str, Any] = json.loads(text)
    return learned


async def _receive(connection: h11.Connection, stream: trio.SocketStream) -> tuple[h11.Request, bytes] | None:
    request: h11.Request | None = None
    body = b""
    while True:
        match connection.next_event():
            case h11.NEED_DATA:
                connection.receive_data(await stream.receive_some())
            case h11.Request() as request:
                pass
            case h11.Data(data=data):
                body += data
            case h11.EndOfMessage() if request is not None:
                return request, body
            case _:
                return None


async def _send(connection: h11.Connection, stream: trio.SocketStream, event: h11.Event) -> None:
    data = connection.send(event)
    if data:
        await stream.send_all(data)


async def _send_json(
    connection: h11.Connection,
    stream: trio.SocketStream,
    status: int,
    value: Any,
    headers: dict[str, str] | None = None,
) -> None:
    body = json.dumps(value).encode()
    fields = [("content-type", "application/json"), ("content-length", str(len(body))), *(headers or {}).items()]
    await _send(connection, stream, h11.Response(status_code=status, headers=fields))
    await _send(connection, stream, h11.Data(data=body))
    await _send(connection, stream, h11.EndOfMessage())


@asynccontextmanager
async def listening(server: Server) -> AsyncIterator[Server]:
    """`server`, on a free port for as long as the block lasts."""
    async with trio.open_nursery() as nursery:
        (listener,) = await trio.open_tcp_listeners(0, host="127.0.0.1")
        server.url = "http://127.0.0.1:{1}".format(*listener.socket.getsockname())
        nursery.start_soon(trio.serve_listeners, server.serve, [listener])
        yield server
        nursery.cancel_scope.cancel()


def run(make: Callable[[Plan], PlannedServer]) -> None:
    """As a program: serve the plan in the file that is named, print the URL, and go on until stopped."""

    async def main(plan: Plan) -> None:
        async with listening(make(plan)) as server:
            print(server.url, flush=True)
            await trio.sleep_forever()

    trio.run(main, json.loads(Path(sys.argv[1]).read_text(encoding="utf-8")))
