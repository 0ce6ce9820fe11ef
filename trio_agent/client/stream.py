"""The event stream: a request that never ends, read, watched and made anew. Drives the parser, the table and the replica.

One task does all of it, in a loop: the connection's state says what to do, and doing it gives the next input. News goes
through a channel without room: a consumer that is slow slows the reading, and costs no memory.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass

import httpx2
import msgspec
import trio

from trio_agent.client.api import Api
from trio_agent.client.connection import CONNECT_S, SILENT_BEATS, Connection, Input
from trio_agent.client.errors import Refused
from trio_agent.client.events import ConnectionChanged, Event
from trio_agent.client.problem import problem_of, retry_after_s, worth_retrying
from trio_agent.client.replica import Misfit, Replica, heartbeat_of
from trio_agent.core import sse
from trio_agent.core.errors import ProtocolError


@dataclass(frozen=True, slots=True)
class _End:
    """How a connection ended: the input that this is, why in words for the user, and the wait the server asked for."""

    input: Input
    reason: str = ""
    floor_s: float = 0.0


class _Bye(msgspec.Struct, frozen=True):
    reason: str = ""
    retry_ms: float = 0.0


class EventStream:
    """Follows one session. `run` is the task; the rest may be read at any time."""

    def __init__(self, api: Api, *, heartbeat_s: float, random: Callable[[], float]) -> None:
        self.connection = Connection()
        self.failure: Refused | None = None
        self._api = api
        self._heartbeat_s = heartbeat_s
        self._random = random
        self._replica = Replica()
        self._hurry = trio.Event()

    def reconnect_now(self) -> None:
        """The user does not want to wait for the next try."""
        self._hurry.set()

    async def run(self, news: trio.MemorySendChannel[Event]) -> None:
        """Follow until the session has ended or the server refuses, which `failure` then tells; the channel is closed."""
        async with news:
            self._take(_End("start"))
            while True:
                await news.send(ConnectionChanged(self.connection))
                match self.connection.state:
                    case "connecting" | "stale":
                        end = await self._converse(news)
                    case "waiting":
                        end = await self._wait()
                    case _:
                        break
                self._take(end)

    def _take(self, end: _End) -> None:
        self.connection = self.connection.take(
            end.input, now=trio.current_time(), random=self._random(), reason=end.reason, floor_s=end.floor_s
        )

    async def _wait(self) -> _End:
        self._hurry = trio.Event()
        with trio.move_on_at(self.connection.due_at):
            await self._hurry.wait()
        return _End("due")

    async def _converse(self, news: trio.MemorySendChannel[Event]) -> _End:
        """One connection, from the request to whatever ends it."""
        with trio.CancelScope(deadline=trio.current_time() + CONNECT_S) as silence:
            try:
                if (rejection := await self._api.locate()) is not None:
                    return self._rejected(rejection)
                async with self._api.stream(self._replica.cursor, self._heartbeat_s) as response:
                    if response.status_code != 200:
                        await response.aread()
                        return self._rejected(response)
                    if "text/event-stream" not in response.headers.get("content-type", ""):
                        return _End("lost", "what answered is no event stream")
                    return await self._listen(response, silence, news)
            except (Misfit, ProtocolError) as exc:
                return _End("resync" if isinstance(exc, Misfit) else "lost", str(exc))
            except (httpx2.ConnectError, httpx2.ConnectTimeout):
                return _End("lost", "the server cannot be reached")
            except httpx2.RequestError:
                return _End("lost", "the connection broke off")
        return _End("silent", "the connection went silent" if self._is_open else "no answer from the server")

    @property
    def _is_open(self) -> bool:
        return self.connection.state == "open"

    def _rejected(self, response: httpx2.Response) -> _End:
        problem = problem_of(response)
        if worth_retrying(response):
            return _End("lost", problem, retry_after_s(response))
        self.failure = Refused(problem, response.status_code)
        return _End("refused", problem)

    async def _listen(
        self, response: httpx2.Response, silence: trio.CancelScope, news: trio.MemorySendChannel[Event]
    ) -> _End:
        parser = sse.Parser()
        silence_s = CONNECT_S
        chunks = response.aiter_bytes()
        try:
            silence.deadline = trio.current_time() + silence_s
            async for chunk in chunks:
                # Our own consumer may take its time: only the server's silence counts.
                silence.deadline = float("inf")
                for event in parser.feed(chunk):
                    if event.event == "ready":
                        silence_s = SILENT_BEATS * heartbeat_of(event)
                        self._take(_End("ready"))
                        await news.send(ConnectionChanged(self.connection))
                    for fact in self._replica.apply(event):
                        await news.send(fact)
                    if event.event == "bye":
                        return self._goodbye(event, parser)
                self.connection = self.connection.heard_retry(parser.retry_ms)
                silence.deadline = trio.current_time() + silence_s
        finally:
            await _run_out(chunks)  # noqa: ASYNC102, ASYNC120  it waits for nothing: its next read is cancelled
        return _End("lost", "the server closed the connection")

    def _goodbye(self, event: sse.Event, parser: sse.Parser) -> _End:
        try:
            bye = msgspec.json.decode(event.data, type=_Bye)
        except msgspec.DecodeError:
            bye = _Bye()
        if bye.reason == "session_ended":
            return _End("ended", "the session has ended")
        reason = "the server is overloaded" if bye.reason == "overload" else "the server is restarting"
        return _End("lost", reason, (bye.retry_ms or parser.retry_ms or 0) / 1000)


async def _run_out(chunks: AsyncIterator[bytes]) -> None:
    """End an iteration by cancelling its next read.

    Left half-way, or closed from outside, it would leave generators of httpx2's inside it to the garbage collector, which
    cannot wait for them to be closed.
    """
    with trio.CancelScope() as scope:
        scope.cancel()
        async for _ in chunks:
            pass
