"""Signals, sent to a real server in the middle of something: does it end in time, in order, and leave nothing behind?"""

from __future__ import annotations

import json
import signal
import socket
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx2
import trio

from tests.crash.house import House
from tests.crash.processes import left_behind
from tests.projects import make_project
from tests.served import ServedRepository
from trio_agent.core.sse import Parser
from trio_agent.stores.sqlite import SqliteReader

EXIT_S = 15.0
SITUATION_S = 60.0
"""For the server to come into the situation. Where it does not, there is nothing to be learnt from how it stops."""
STUCK_RECEIVE_BYTES = 4096

Signals = tuple[signal.Signals, ...]

SIGNALS: tuple[Signals, ...] = (
    *((signal.SIGTERM,), (signal.SIGINT,), (signal.SIGTERM, signal.SIGTERM), (signal.SIGINT, signal.SIGINT)),
)


@dataclass(slots=True)
class Scene:
    """A server, somebody who reads its stream, and how it ended."""

    house: House
    events: list[tuple[str, Any]] = field(default_factory=list)
    ended: bool = False
    seconds: float = 0.0
    _news: trio.Event = field(default_factory=trio.Event)

    async def read(self) -> None:
        """Follow the stream until the server ends it."""
        parser = Parser()
        try:
            async with (
                self.house.client() as client,
                client.stream("GET", f"{self.house.server.url}stream") as response,
            ):
                async for chunk in response.aiter_bytes():
                    self.events += [(event.event, json.loads(event.data)) for event in parser.feed(chunk)]
                    self._tell()
        except httpx2.TransportError:
            pass  # that it did not end in order shows in the events
        self.ended = True
        self._tell()

    async def wait_for(self, told: Callable[[str, Any], bool]) -> None:
        """Until such an event came, or the stream has ended."""
        while not self.ended and not any(told(*event) for event in self.events):
            await self._news.wait()

    def _tell(self) -> None:
        self._news.set()
        self._news = trio.Event()

    async def say(self, text: str, key: str = "a-key-of-ours") -> None:
        async with self.house.client() as client:
            await self.house.post(client, key, text)


Busy = Callable[[Scene, trio.Nursery], Awaitable[None]]
"""Brings the server into a situation, and returns when it is in it."""


async def nothing(scene: Scene, nursery: trio.Nursery) -> None:
    await trio.lowlevel.checkpoint()


async def stream(scene: Scene, nursery: trio.Nursery) -> None:
    await scene.wait_for(lambda event, data: event == "state")


async def commits(scene: Scene, nursery: trio.Nursery) -> None:
    async def keep_posting(number: int) -> None:
        async with scene.house.client() as client:
            for count in range(10_000):
                key = f"key-of-{number}-{count}"
                await scene.house.post(client, key, f"echo {number}.{count}")

    for number in range(4):
        nursery.start_soon(keep_posting, number)
    await scene.house.wait_for("acknowledged", 20)


async def model_call(scene: Scene, nursery: trio.Nursery) -> None:
    await scene.say("tell me everything")
    await scene.wait_for(lambda event, data: event == "delta")


async def running_tool(scene: Scene, nursery: trio.Nursery) -> None:
    await scene.say("bash echo begun; (sleep 1000; true) & sleep 1000; true")
    await scene.wait_for(lambda event, data: event == "tool" and "begun" in data["text"])


async def stubborn_tool(scene: Scene, nursery: trio.Nursery) -> None:
    await scene.say("bash trap '' TERM INT; echo begun; while true; do sleep 1000; done")
    await scene.wait_for(lambda event, data: event == "tool" and "begun" in data["text"])


async def stuck_reader(scene: Scene, nursery: trio.Nursery) -> None:
    stuck = socket.socket()
    stuck.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, STUCK_RECEIVE_BYTES)
    stuck = trio.socket.from_stdlib_socket(stuck)
    url = httpx2.URL(scene.house.server.url)
    await stuck.connect((url.host, url.port))
    head = f"GET /stream HTTP/1.1\r\nHost: {url.host}:{url.port}\r\nAuthorization: Bearer {scene.house.server.token}\r\n\r\n"
    await stuck.send(head.encode())
    await stuck.recv(1)  # it is being served, and from here on it does not read

    async def hold() -> None:
        with stuck:
            await trio.sleep_forever()

    nursery.start_soon(hold)
    await scene.say("burst 300 20000")
    # Six megabytes later it cannot have been sent what others have.
    await scene.wait_for(lambda event, data: event == "state" and data["message_count"] > 300)


SITUATIONS: dict[str, Busy] = {
    "idle": nothing,
    "stream": stream,
    "post commit": commits,
    "model call": model_call,
    "running tool": running_tool,
    "stubborn tool": stubborn_tool,
    "stuck reader": stuck_reader,
}


async def stop(folder: Path, situation: str, signals: Signals, *, wait_for_bye: bool = True) -> Scene:
    """Bring a server into `situation`, send it `signals`, and look at how it ends. `folder` is empty.

    Of two signals, the second is sent when the server has said goodbye, or at once.
    """
    make_project(folder / "wordcount")
    (folder / "plan.json").write_text(json.dumps([{"text": "word " * 20_000, "delay_ms": 20}]))
    model = f"scripted:{folder / 'plan.json'}" if situation == "model call" else "demo"
    server = ServedRepository(folder / "wordcount", folder / "data", "--model", model)
    scene = Scene(House(server))
    await scene.house.start()
    try:
        async with trio.open_nursery() as nursery:
            if situation != "idle":
                nursery.start_soon(scene.read)
            with trio.fail_after(SITUATION_S):
                await SITUATIONS[situation](scene, nursery)
            began = trio.current_time()
            status = await _signal(scene, signals, wait_for_bye)
            scene.seconds = trio.current_time() - began
            if situation != "idle":
                with trio.move_on_after(EXIT_S):
                    await scene.wait_for(lambda event, data: False)
            nursery.cancel_scope.cancel()
        await _judge(
            scene, situation, status, folder, goodbye=situation != "idle" and (len(signals) == 1 or wait_for_bye)
        )
    finally:
        server.close()
    return scene


async def _signal(scene: Scene, signals: Signals, wait_for_bye: bool) -> int:
    process = scene.house.server.process
    process.send_signal(signals[0])
    scene.house.saw("signals")
    for number in signals[1:]:
        if wait_for_bye and scene.events:
            with trio.move_on_after(EXIT_S):
                await scene.wait_for(lambda event, data: event == "bye")
        process.send_signal(number)
    status = await trio.to_thread.run_sync(scene.house.server.wait)
    scene.house.saw("exits")
    return status


async def _judge(scene: Scene, situation: str, status: int, folder: Path, *, goodbye: bool) -> None:
    broken = scene.house.broken
    if status != 0:
        broken.append(f"it exited with {status}")
    if scene.seconds > EXIT_S:
        broken.append(f"it took {scene.seconds:.1f} s")
    if goodbye and (not scene.events or scene.events[-1][0] != "bye" or scene.events[-1][1]["reason"] != "shutdown"):
        broken.append(f"the stream ended with {scene.events[-1:]}")
    broken += [f"left behind: {each}" for each in await trio.to_thread.run_sync(left_behind, folder)]
    reader = SqliteReader(folder / "data" / "agent.db")
    (record,) = await reader.sessions()
    said = [json.loads(entry.wire)["content"] for entry in await reader.read(record.log, 0, 10**9)]
    reader.close()
    broken += [
        f"{post.text} was acknowledged and is not there"
        for post in scene.house.acknowledged.values()
        if said[post.idx : post.idx + 1] != [post.text]
    ]
