"""The client of one session: follow it, talk to it, stop it."""

from __future__ import annotations

import random
import secrets
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import httpx2
import msgspec
import trio

from trio_agent.client.address import parse_address
from trio_agent.client.api import Api
from trio_agent.client.connection import CONNECT_S, Connection, backoff_s
from trio_agent.client.errors import Refused, Unreachable
from trio_agent.client.events import Event
from trio_agent.client.problem import problem_of, retry_after_s, worth_retrying
from trio_agent.client.stream import EventStream
from trio_agent.core.errors import ProtocolError

HEARTBEAT_S = 15.0
"""Seconds between the heartbeats that we ask for."""

POST_S = 30.0
"""After so long without an answer a post is tried again, under the same key."""


class Posted(msgspec.Struct, frozen=True):
    """A message that the server has for good: it is number `idx` of `log`, and `cursor` is the place after it."""

    log: str
    idx: int
    cursor: str


@asynccontextmanager
async def connect(
    url: str,
    *,
    token: str | None = None,
    session: str | None = None,
    heartbeat_s: float = HEARTBEAT_S,
    transport: httpx2.AsyncBaseTransport | None = None,
    uniform: Callable[[], float] = random.random,
) -> AsyncIterator[Client]:
    """Follow a session for as long as the block lasts. `url` is what the server prints, `http://HOST:PORT/#token=…`.

    Without `session`, and none in the link, it is the newest, and stays that one. Returns at once: what becomes of the
    connection are events too. Raises InvalidInput where `url` is none. `transport` and `uniform` (a random number in
    [0, 1)) are for tests.
    """
    address = parse_address(url, token=token, session=session)
    headers = {"Authorization": f"Bearer {address.token}"} if address.token else {}
    failure: Exception | None = None
    async with (
        httpx2.AsyncClient(
            headers=headers,
            transport=transport,
            # How long a server may be silent is judged by the stream itself, and by whoever sends.
            timeout=httpx2.Timeout(CONNECT_S, read=None),
            trust_env=not address.is_loopback,
        ) as http,
        trio.open_nursery() as nursery,
    ):
        api = Api(http, address)
        stream = EventStream(api, heartbeat_s=heartbeat_s, random=uniform)
        send, receive = trio.open_memory_channel[Event](0)
        nursery.start_soon(stream.run, send)
        with receive:
            try:
                yield Client(api, stream, receive, uniform)
            except Exception as exc:  # noqa: BLE001  it is raised again below
                # Carried past the nursery, which would wrap it: that there is one is nothing the caller should notice.
                failure = exc
            nursery.cancel_scope.cancel()
    if failure is not None:
        raise failure


class Client:
    """An async iterator of what happens in a session, and the ways to have a say in it. Made by `connect`.

    Iteration ends when the session has ended, and raises Refused where the server will not have us. Leaving the iteration
    loses nothing: what is not taken waits. One task iterates; any may send and cancel.
    """

    def __init__(
        self,
        api: Api,
        stream: EventStream,
        news: trio.MemoryReceiveChannel[Event],
        uniform: Callable[[], float],
    ) -> None:
        self._api = api
        self._stream = stream
        self._news = news
        self._uniform = uniform
        self._sending = trio.Lock()

    def __aiter__(self) -> Client:
        return self

    async def __anext__(self) -> Event:
        try:
            return await self._news.receive()
        except trio.EndOfChannel:
            if self._stream.failure is not None:
                raise self._stream.failure from None
            raise StopAsyncIteration from None

    @property
    def connection(self) -> Connection:
        """What the connection is now; events may still be on their way that came before."""
        return self._stream.connection

    @property
    def url(self) -> str:
        """Where the server is; without the token."""
        return self._api.address.root

    @property
    def session(self) -> str:
        """The id of the session; empty until it is known."""
        return self._api.address.session

    def reconnect_now(self) -> None:
        """Do not wait any longer for the next try, if that is what is being done."""
        self._stream.reconnect_now()

    async def send(self, text: str, *, key: str | None = None) -> Posted:
        """Say `text` to the agent, exactly once: it goes out under one Idempotency-Key until the server has it.

        Waits as long as that takes; messages sent at the same time go one after the other. Cancelled, it leaves open
        whether the server has it: to find out, send it again under the same `key` (8-128 visible ASCII characters).
        Raises Refused where the server will not take it.
        """
        key = key or secrets.token_urlsafe(16)
        async with self._sending:
            attempt = 0
            while True:
                response = await self._try_to_post(text, key)
                floor_s = 0.0
                if response is not None:
                    if response.is_success:
                        return _posted(response)
                    if not worth_retrying(response):
                        raise Refused(problem_of(response), response.status_code)
                    floor_s = retry_after_s(response)
                await trio.sleep(backoff_s(attempt, self._uniform(), floor_s))
                attempt += 1

    async def cancel(self, reason: str = "", *, tool_call_id: str = "") -> None:
        """Stop the turn, or one tool call of it; returns when what was running is gone.

        Tried once: a second try could stop a later turn. Raises Unreachable where no answer came, Refused.
        """
        try:
            response = await self._api.locate() or await self._api.cancel(reason, tool_call_id)
        except httpx2.RequestError as exc:
            raise Unreachable("the server did not answer; it may have stopped what was running, or not") from exc
        if not response.is_success:
            raise Refused(problem_of(response), response.status_code)

    async def _try_to_post(self, text: str, key: str) -> httpx2.Response | None:
        """The server's answer, or None where none came."""
        with trio.move_on_after(POST_S):
            try:
                return await self._api.locate() or await self._api.chat(text, key)
            except (httpx2.RequestError, ProtocolError):
                return None
        return None


def _posted(response: httpx2.Response) -> Posted:
    try:
        return msgspec.json.decode(response.content, type=Posted)
    except msgspec.DecodeError as exc:
        raise ProtocolError("the answer to a post is not trio-agent's") from exc
