"""A TCP proxy between the browser and the server that does, on command, what networks and proxies do.

It runs by Trio in a thread of its own. The thread of the test commands it by the methods of `FaultyProxy`, each of which
has taken effect when it returns, and reads what happened from `visits` and `counts`.
"""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any, TypeVar

import trio
import trio.testing

from tests.faults.link import End, Link, Snag, Weather
from tests.faults.request import Kind, Request, Requests
from tests.faults.visit import Visit

HOST = "127.0.0.1"
CHUNK_BYTES = 64 * 1024
TICK_S, STUTTER_S = 0.25, 1.0
PAGES_HEARTBEAT_S = 15
"""What the page asks for by itself."""
T = TypeVar("T")


class FaultyProxy:
    """Use as a context manager; `port` is then where it listens. `upstream` is the server's port."""

    def __init__(self) -> None:
        self.port = 0
        self.upstream = 0
        self.heartbeat_s = PAGES_HEARTBEAT_S
        """What the page is made to ask for."""
        self.visits: list[Visit] = []
        self.counts: Counter[str] = Counter()
        self.stutters: list[tuple[float, float]] = []
        """When the machine was too busy to let this thread run, in Unix seconds."""
        self._weather = Weather()
        self._answers: list[tuple[Kind | None, bytes]] = []
        self._next_snag: Snag | None = None
        self._answers_to_lose = 0
        self._links: set[Link] = set()
        self._changed = trio.Event()
        self._listening: trio.CancelScope | None = None
        self._began = threading.Event()
        self._thread = threading.Thread(target=trio.run, args=(self._main,), name="faulty proxy")

    def __enter__(self) -> FaultyProxy:
        self._thread.start()
        self._began.wait()
        return self

    def __exit__(self, *_: object) -> None:
        self._command(self._nursery.cancel_scope.cancel)
        self._thread.join()

    # What the test commands.

    def end(self, how: End, *, all_links: bool = False) -> None:
        """End the streams, or everything that is open."""
        self._on_links(lambda link: link.end(how), all_links=all_links)

    def swallow(self, *, all_links: bool = True) -> None:
        """From now on nothing arrives on the connections there are (or those of streams), and nobody is told."""
        self._on_links(lambda link: setattr(link, "swallowing", True), all_links=all_links)

    def snag(self, snag: Snag, *, next_stream: bool = False) -> None:
        """Something happens at one place in the streams there are, or in the next one."""
        if next_stream:
            self._next_snag = snag
        else:
            self._on_links(lambda link: setattr(link, "snag", snag), all_links=False)

    def weather(self, **changes: Any) -> None:
        """Set what the network does. What was held back and need not be any longer goes on at once."""
        self._command(self._set_weather, changes)

    def answer(self, data: bytes, *, times: int, kind: Kind | None = None) -> None:
        """Answer the next requests of a kind (None = any) in the server's place."""
        self._command(self._answers.extend, [(kind, data)] * times)

    def lose_answers(self, number: int) -> None:
        """Let the next posts through, and break off before their answer."""
        self._command(partial(setattr, self, "_answers_to_lose", number))

    def refuse(self) -> None:
        """Stop listening: connections are refused by the kernel. Those there are go on."""
        self._wait_for(self._stop_listening)

    def listen(self) -> None:
        self._wait_for(self._listen)

    def heal(self) -> None:
        """Nothing of all this happens from now on; connections whose bytes vanished stay as they are."""
        self._command(self._heal)
        if self._listening is None:
            self.listen()

    def wait_visits(self, number: int, within_s: float = 60) -> None:
        """Until the stream has been asked for so many times in all. Raises trio.TooSlowError."""
        self._wait_for(self._wait, lambda: len(self.visits) >= number, within_s)

    def wait_count(self, what: str, number: int, within_s: float = 60) -> None:
        """Until `counts[what]` is `number`. Raises trio.TooSlowError."""
        self._wait_for(self._wait, lambda: self.counts[what] >= number, within_s)

    def pause(self, seconds: float) -> None:
        self._wait_for(trio.sleep, seconds)

    # What its own thread does.

    def _command(self, do: Callable[..., T], *args: Any) -> T:
        return trio.from_thread.run_sync(do, *args, trio_token=self._token)

    def _wait_for(self, do: Callable[..., Awaitable[T]], *args: Any) -> T:
        return trio.from_thread.run(do, *args, trio_token=self._token)

    async def _main(self) -> None:
        self._token = trio.lowlevel.current_trio_token()
        async with trio.open_nursery() as self._nursery:
            await self._listen()
            self._began.set()
            while True:
                before = time.time()
                await trio.sleep(TICK_S)
                if time.time() - before > STUTTER_S:
                    self.stutters.append((before, time.time()))

    async def _listen(self) -> None:
        listeners = await trio.open_tcp_listeners(self.port, host=HOST)
        self.port = listeners[0].socket.getsockname()[1]
        self._listening = await self._nursery.start(self._accept, listeners)

    async def _accept(
        self, listeners: list[trio.SocketListener], task_status: trio.TaskStatus[trio.CancelScope]
    ) -> None:
        with trio.CancelScope() as scope:
            task_status.started(scope)
            await trio.serve_listeners(self._serve, listeners, handler_nursery=self._nursery)

    async def _stop_listening(self) -> None:
        assert self._listening is not None
        self._listening.cancel()
        self._listening = None
        # The sockets are closed when the cancelled task has run.
        await trio.testing.wait_all_tasks_blocked()

    async def _wait(self, holds: Callable[[], bool], within_s: float) -> None:
        with trio.fail_after(within_s):
            while not holds():
                await self._changed.wait()

    def _tell(self) -> None:
        self._changed.set()
        self._changed = trio.Event()

    def _on_links(self, do: Callable[[Link], None], *, all_links: bool) -> None:
        def each() -> None:
            for link in list(self._links):
                if all_links or link.visit:
                    do(link)
            self._tell()

        self._command(each)

    def _set_weather(self, changes: dict[str, Any]) -> None:
        for name, value in changes.items():
            setattr(self._weather, name, value)
        if not self._weather.stalled and not self._weather.hold_bytes:
            for link in self._links:
                self._nursery.start_soon(self._release, link)

    async def _release(self, link: Link) -> None:
        try:
            await link.release()
        except (trio.BrokenResourceError, trio.ClosedResourceError):
            link.scope.cancel()

    def _heal(self) -> None:
        self._answers.clear()
        self._next_snag = None
        self._answers_to_lose = 0
        self._set_weather({each: getattr(Weather(), each) for each in Weather.__slots__})

    async def _serve(self, browser: trio.SocketStream) -> None:
        link = Link(browser, self._weather, self.counts, time.time)
        link.swallowing = self._weather.dark
        self._links.add(link)
        try:
            with link.scope:
                async with trio.open_nursery() as nursery:
                    await self._answer_all(link, nursery)
                    nursery.cancel_scope.cancel()
        except* (OSError, trio.BrokenResourceError, trio.ClosedResourceError):
            # One side is gone by a reset: so is the other. A server that is not there looks the same to the browser.
            link.end("reset")
        finally:
            self._links.discard(link)
            if link.visit:
                link.visit.ended(time.time())
            self._tell()
            await trio.aclose_forcefully(browser)

    async def _answer_all(self, link: Link, nursery: trio.Nursery) -> None:
        """Until the browser leaves."""
        requests = Requests(link.browser)
        server: trio.SocketStream | None = None
        while (request := await requests.next()) is not None:
            self._note(link, request)
            if link.swallowing:
                self.counts["requests swallowed"] += 1
                continue
            canned = self._canned(request.kind)
            if canned is not None:
                self.counts["answered for the server"] += 1
                await link.browser.send_all(canned)
                link.end("finish")
                return
            if server is None:
                server = await trio.open_tcp_stream(HOST, self.upstream)
                nursery.start_soon(self._bring_back, link, server)
            await server.send_all(self._as_sent(request))
        if link.visit:
            link.visit.left_at(time.time())

    def _note(self, link: Link, request: Request) -> None:
        self.counts[f"requests: {request.kind}"] += 1
        if request.kind == "stream":
            link.visit = Visit(time.time(), 2.0 * self.heartbeat_s)
            self.visits.append(link.visit)
            link.snag, self._next_snag = self._next_snag, None
        elif request.kind == "chat" and self._answers_to_lose:
            self._answers_to_lose -= 1
            link.loses_answer = True
        self._tell()

    def _canned(self, kind: Kind) -> bytes | None:
        for number, (asked, data) in enumerate(self._answers):
            if asked in (None, kind):
                del self._answers[number]
                return data
        return None

    def _as_sent(self, request: Request) -> bytes:
        if request.kind != "stream":
            return request.data
        return request.data.replace(b"heartbeat=%d" % PAGES_HEARTBEAT_S, b"heartbeat=%d" % self.heartbeat_s, 1)

    async def _bring_back(self, link: Link, server: trio.SocketStream) -> None:
        async with server:
            while chunk := await server.receive_some(CHUNK_BYTES):
                await link.pass_on(chunk)
                self._tell()
        if link.swallowing:
            await trio.sleep_forever()
        link.end("finish")
