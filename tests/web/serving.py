"""A real server in the test's own process: real sockets on a free port, a memory store, an agent that echoes."""

from __future__ import annotations

import os
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx2
import trio
from trio.testing import wait_all_tasks_blocked

from tests.web.echo_agent import EchoAgent
from trio_agent.core.message import Message
from trio_agent.core.sse import Event, Parser
from trio_agent.runtime.session import Session
from trio_agent.seams import Agent, Blobs
from trio_agent.stores.memory import MemoryStore
from trio_agent.web.app import App
from trio_agent.web.guard import Access
from trio_agent.web.server import listen, serve_connections
from trio_agent.web.serving import Serving

TOKEN = "canary-token-of-the-tests"
BEARER = {"Authorization": f"Bearer {TOKEN}"}
NOW = 1_800_000_000.25
"""What the server's clock says, always: the stream's heartbeats tell it."""


SETTLE_S = 5.0
MOST_EVENTS = 100_000  # that a test may leave unread


@dataclass
class Server:
    """A server that runs, and how to talk to it."""

    port: int
    app: App
    serving: Serving
    agent: Agent
    store: MemoryStore
    stopped: trio.Event = field(default_factory=trio.Event)
    """Set when every connection has ended after `serving.stop()`."""

    @property
    def host(self) -> str:
        return f"127.0.0.1:{self.port}"

    @property
    def url(self) -> str:
        return f"http://{self.host}/"

    def client(self, token: str = TOKEN) -> httpx2.AsyncClient:
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        return httpx2.AsyncClient(base_url=self.url, headers=headers, trust_env=False, timeout=30)

    async def session(self) -> Session:
        return await self.serving.hall.newest()

    async def record(self, *texts: str) -> None:
        """Put messages into the newest session's log."""
        session = await self.session()
        for text in texts:
            await session.record(Message(content=text))

    async def connect(self) -> trio.SocketStream:
        return await trio.open_tcp_stream("127.0.0.1", self.port)

    def request(self, target: str, *headers: str, method: str = "GET", token: str = TOKEN) -> bytes:
        """The bytes of a request, for clients that want to say it in their own way."""
        lines = [f"{method} {target} HTTP/1.1", f"Host: {self.host}"]
        lines += [f"Authorization: Bearer {token}"] if token else []
        return "\r\n".join([*lines, *headers, "", ""]).encode("latin-1")

    async def asked_directly(self, method: str, path: str) -> tuple[int, dict[str, str]]:
        """Status and headers of the app's answer to a request that came in past the sockets, with an empty JSON object."""
        answer: list[dict[str, Any]] = []
        headers = {"Host": self.host, "Content-Type": "application/json", **BEARER}
        scope = {
            "type": "http",
            "http_version": "1.1",
            "method": method,
            "scheme": "http",
            "path": path,
            "raw_path": path.encode(),
            "query_string": b"",
            "root_path": "",
            "headers": [(name.lower().encode(), value.encode()) for name, value in headers.items()],
            "client": ("127.0.0.1", 1),
            "server": ("127.0.0.1", self.port),
        }
        send, receive = trio.open_memory_channel[dict[str, Any]](1)
        send.send_nowait({"type": "http.request", "body": b"{}", "more_body": False})

        async def keep(message: dict[str, Any]) -> None:
            await trio.lowlevel.checkpoint()
            answer.append(message)

        with send, receive:
            await self.app(scope, receive.receive, keep)
        return answer[0]["status"], {name.decode(): value.decode() for name, value in answer[0]["headers"]}

    async def asked_for_websocket(self, path: str) -> list[dict[str, Any]]:
        """What the app says to an offer of a WebSocket, under a server that passes it on."""
        said: list[dict[str, Any]] = []

        async def receive() -> dict[str, Any]:
            await trio.lowlevel.checkpoint()
            return {"type": "websocket.connect"}

        async def keep(message: dict[str, Any]) -> None:
            await trio.lowlevel.checkpoint()
            said.append(message)

        scope = {
            "type": "websocket",
            "path": path,
            "raw_path": path.encode(),
            "query_string": b"",
            "headers": [(b"host", self.host.encode())],
            "server": ("127.0.0.1", self.port),
        }
        await self.app(scope, receive, keep)
        return said

    async def raw(self, data: bytes) -> bytes:
        """All that the server says to `data` until it closes the connection. It may close before all is sent."""
        async with await self.connect() as stream, trio.open_nursery() as nursery:
            nursery.start_soon(_send, stream, data)
            answer = await read_all(stream)
            nursery.cancel_scope.cancel()
        return answer


async def _send(stream: trio.SocketStream, data: bytes) -> None:
    try:
        await stream.send_all(data)
    except trio.BrokenResourceError:
        pass  # the server has heard enough, which its answer shows


async def read_all(stream: trio.SocketStream) -> bytes:
    data = bytearray()
    try:
        async for chunk in stream:
            data += chunk
    except trio.BrokenResourceError:
        pass  # reset by the server: what came before it counts
    return bytes(data)


async def read_until(stream: trio.SocketStream, mark: bytes) -> bytes:
    """What comes until `mark` has come."""
    data = bytearray()
    while mark not in data:
        chunk = await stream.receive_some()
        assert chunk, f"the connection ended before {mark!r}: {bytes(data)!r}"
        data += chunk
    return bytes(data)


class EventReader:
    """The events of one streamed response, one by one."""

    def __init__(self, parser: Parser, events: trio.MemoryReceiveChannel[Event]) -> None:
        self.parser = parser
        self._events = events

    async def next(self) -> Event:
        """The next event. Raises trio.EndOfChannel at the stream's end."""
        return await self._events.receive()

    async def next_of(self, *names: str) -> Event:
        """The next event of one of these names; others are passed over."""
        while (event := await self.next()).event not in names:
            pass
        return event

    async def rest(self) -> list[Event]:
        """All events until the stream's end."""
        return [event async for event in self._events]


@asynccontextmanager
async def open_events(client: httpx2.AsyncClient, url: str = "stream", **headers: str) -> AsyncIterator[EventReader]:
    """The stream at `url` for as long as the block lasts."""
    async with client.stream("GET", url, headers=headers) as response:
        assert response.status_code == 200, await response.aread()
        parser = Parser()
        send, receive = trio.open_memory_channel[Event](MOST_EVENTS)

        async def read() -> None:
            # In a task that waits nowhere else: cancelled there, the client's generators are closed one after the other.
            with send:
                try:
                    async for chunk in response.aiter_bytes():
                        for event in parser.feed(chunk):
                            send.send_nowait(event)
                except httpx2.TransportError:
                    pass  # the server was killed: the stream has ended, though nobody said so

        async with trio.open_nursery() as nursery:
            nursery.start_soon(read)
            with receive:
                yield EventReader(parser, receive)
            nursery.cancel_scope.cancel()


@asynccontextmanager
async def serving_app(
    agent: Agent | None = None,
    *,
    access: Access | None = None,
    store: MemoryStore | None = None,
    max_streams: int | None = None,
    heartbeat_s: float = 45.0,
    blobs: Blobs | None = None,
) -> AsyncIterator[Server]:
    """A server for as long as the block lasts; it is stopped as by a signal."""
    agent = agent or EchoAgent()
    kept = store or MemoryStore()

    @asynccontextmanager
    async def open_store() -> AsyncIterator[MemoryStore]:
        await trio.lowlevel.checkpoint()
        yield kept

    app = App(
        agent,
        store=open_store,
        access=access or Access(TOKEN),
        blobs=blobs,
        heartbeat_s=heartbeat_s,
        max_streams=max_streams,
        clock=lambda: NOW,
    )
    sockets = listen("127.0.0.1", 0)
    async with app.running() as serving, trio.open_nursery() as nursery:
        server = Server(sockets[0].getsockname()[1], app, serving, agent, kept)

        async def run() -> None:
            await serve_connections(app, sockets, serving)
            server.stopped.set()

        nursery.start_soon(run)
        # Until everybody is at work: the tests count tasks.
        await wait_all_tasks_blocked()
        try:
            yield server
        finally:
            serving.stop()
            with trio.CancelScope(shield=True):
                await settled(server.stopped.is_set)


def descriptors() -> int:
    """How many this process has open."""
    return len(os.listdir("/proc/self/fd"))


def tasks() -> int:
    return trio.lowlevel.current_statistics().tasks_living


async def settled(condition: Callable[[], bool]) -> None:
    """Wait until `condition` holds at a moment when nothing is left to do; AssertionError where it takes too long.

    The deadline is on the real clock, for the kernel's part of the work is, whatever clock the test is on.
    """
    deadline = time.monotonic() + SETTLE_S
    while not condition():
        assert time.monotonic() < deadline, "it never came to be"
        await wait_all_tasks_blocked(0.01)
