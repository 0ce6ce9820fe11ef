"""A stand-in for Anthropic's Messages API: real HTTP on 127.0.0.1, answers from a plan.

    async with serve_anthropic([{"text": "Hello."}]) as server:
        StreamedModel(AnthropicWire("claude-sonnet-5-5", "a key", base_url=server.url))

or `python tests/standins/anthropic_server.py PLAN.json`, which prints its URL on a line of its own and serves until it is
stopped; `GET /requests` answers with the bodies it was sent. A plan is a list of answers, given one after another:

    text, thinking      what the model says, cut into words
    tool_calls          [{"name", "input"}]
    usage               {"input_tokens", "output_tokens", …}; 100 and 10 where not said
    stop_reason         where it does not follow from the rest
    delay_ms            between two events
    drop_after          end the connection after so many events
    hang_after          say nothing more after so many events, and wait until the client goes
    error               {"type", "message"}: an `error` event in place of the rest, after `drop_after` events (0)
    status, headers     an error as the response, with `error` in its body

A request that the real API would refuse gets a 400 (or 401) and uses nothing of the plan; `complaints` collects why.
"""

from __future__ import annotations

import json
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import h11
import trio

if not __package__:
    # Run as a script: then only this folder is on the path, and not the one that holds `tests`.
    sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from tests.standins.anthropic_rules import objection

AT_ITS_END = "The plan has no further answer."

Plan = Sequence[dict[str, Any]]


class AnthropicServer:
    """What the stand-in was asked, and how it went."""

    def __init__(self, plan: Plan) -> None:
        self.url = ""
        self.requests: list[dict[str, Any]] = []
        self.headers: list[dict[str, str]] = []
        self.complaints: list[str] = []
        self.clients_gone = 0
        """How many clients left in the middle of an answer."""
        self.hanging = trio.Event()
        """Set when an answer has begun to hang."""
        self.left = trio.Event()
        """Set when a client has left in the middle of an answer."""
        self._plan = list(plan)
        self._given = 0

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
        headers = {name.decode(): value.decode() for name, value in request.headers}
        if (refusal := objection(request.method, request.target, headers, body)) is not None:
            status, kind, message = refusal
            self.complaints.append(message)
            return await _send_error(connection, stream, status, {"type": kind, "message": message})
        self.headers.append(headers)
        self.requests.append(json.loads(body))
        answer = self._next_answer()
        if "status" in answer:
            error = answer.get("error", {"type": "api_error", "message": "as planned"})
            return await _send_error(connection, stream, answer["status"], error, answer.get("headers"))
        return await self._stream(connection, stream, answer, self.requests[-1]["model"])

    async def _stream(
        self, connection: h11.Connection, stream: trio.SocketStream, answer: dict[str, Any], model: str
    ) -> None:
        head = h11.Response(status_code=200, headers=[("content-type", "text/event-stream; charset=utf-8")])
        await _send(connection, stream, head)
        events = answer_events(answer, model, self._given)
        if "error" in answer:
            events = [*events[: answer.get("drop_after", 0)], {"type": "error", "error": answer["error"]}]
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
            await _send(connection, stream, h11.Data(data=encode_event(event)))
        await _send(connection, stream, h11.EndOfMessage())

    def _next_answer(self) -> dict[str, Any]:
        self._given += 1
        return self._plan[self._given - 1] if self._given <= len(self._plan) else {"text": AT_ITS_END}

    def _lost_client(self) -> None:
        self.clients_gone += 1
        self.left.set()


def answer_events(answer: dict[str, Any], model: str, number: int = 1) -> list[dict[str, Any]]:
    """The events that stream `answer`, in the order of the real API."""
    usage = {"input_tokens": 100, "output_tokens": 10, **answer.get("usage", {})}
    started: dict[str, Any] = {
        "id": f"msg_{number}",
        "type": "message",
        "role": "assistant",
        "model": model,
        "content": [],
        "stop_reason": None,
        "stop_sequence": None,
        "usage": {**usage, "output_tokens": 1},
    }
    events: list[dict[str, Any]] = [{"type": "message_start", "message": started}, {"type": "ping"}]
    calls = answer.get("tool_calls", [])
    blocks: list[tuple[dict[str, Any], list[dict[str, Any]]]] = []
    if answer.get("thinking"):
        pieces = [{"type": "thinking_delta", "thinking": word} for word in _words(answer["thinking"])]
        pieces.append({"type": "signature_delta", "signature": "c2lnbmVk"})
        blocks.append(({"type": "thinking", "thinking": "", "signature": ""}, pieces))
    if answer.get("text"):
        blocks.append(
            ({"type": "text", "text": ""}, [{"type": "text_delta", "text": w} for w in _words(answer["text"])])
        )
    for index, call in enumerate(calls):
        text = json.dumps(call["input"])
        half = len(text) // 2
        block = {"type": "tool_use", "id": f"toolu_{number}_{index}", "name": call["name"], "input": {}}
        pieces = [{"type": "input_json_delta", "partial_json": piece} for piece in ("", text[:half], text[half:])]
        blocks.append((block, pieces))
    for index, (block, deltas) in enumerate(blocks):
        events.append({"type": "content_block_start", "index": index, "content_block": block})
        events.extend({"type": "content_block_delta", "index": index, "delta": delta} for delta in deltas)
        events.append({"type": "content_block_stop", "index": index})
    reason = answer.get("stop_reason") or ("tool_use" if calls else "end_turn")
    delta = {"stop_reason": reason, "stop_sequence": None, "stop_details": answer.get("stop_details")}
    events.append({"type": "message_delta", "delta": delta, "usage": {"output_tokens": usage["output_tokens"]}})
    events.append({"type": "message_stop"})
    return events


def encode_event(event: dict[str, Any]) -> bytes:
    return f"event: {event['type']}\ndata: {json.dumps(event, ensure_ascii=False)}\n\n".encode()


def _words(text: str) -> list[str]:
    words = text.split(" ")
    return [word if index == 0 else f" {word}" for index, word in enumerate(words)]


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


async def _send_error(
    connection: h11.Connection,
    stream: trio.SocketStream,
    status: int,
    error: dict[str, Any],
    headers: dict[str, str] | None = None,
) -> None:
    await _send_json(connection, stream, status, {"type": "error", "error": error}, headers)


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
async def serve_anthropic(plan: Plan) -> AsyncIterator[AnthropicServer]:
    """The stand-in, listening on a free port for as long as the block lasts."""
    server = AnthropicServer(plan)
    async with trio.open_nursery() as nursery:
        (listener,) = await trio.open_tcp_listeners(0, host="127.0.0.1")
        server.url = "http://127.0.0.1:{1}".format(*listener.socket.getsockname())
        nursery.start_soon(trio.serve_listeners, server.serve, [listener])
        yield server
        nursery.cancel_scope.cancel()


async def _main(plan: Plan) -> None:
    async with serve_anthropic(plan) as server:
        print(server.url, flush=True)
        await trio.sleep_forever()


if __name__ == "__main__":
    trio.run(_main, json.loads(Path(sys.argv[1]).read_text(encoding="utf-8")))
