"""Somebody who reads along while the server is thrown at: others must not notice."""

from __future__ import annotations

import json
from dataclasses import dataclass, field

import trio

from tests.fuzz.request import SESSION
from tests.fuzz.target import SETTLE_S, Target
from trio_agent.core.sse import Parser


@dataclass(slots=True)
class Watcher:
    """Reads one session's stream to its end. `count` messages have come, each in its place."""

    target: Target
    session: str
    count: int = 0
    faults: list[str] = field(default_factory=list)
    _more: trio.Event = field(default_factory=trio.Event)

    async def watch(self, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
        parser = Parser()
        async with self.target.client.stream("GET", f"sessions/{self.session}/stream", timeout=None) as response:
            task_status.started()
            async for chunk in response.aiter_bytes():
                for event in parser.feed(chunk):
                    if event.event == "message":
                        self._take(json.loads(event.data)["idx"])
                    elif event.event == "bye" and json.loads(event.data)["reason"] == "session_ended":
                        return  # a changed DELETE may mean the session that is thrown at
        self.faults.append(f"somebody else's stream ended after {self.count} messages")

    def _take(self, index: int) -> None:
        if index != self.count:
            self.faults.append(f"somebody else got message {index}, not {self.count}")
        self.count += 1
        self._more.set()
        self._more = trio.Event()

    async def seen(self, count: int) -> None:
        """Wait until `count` messages have come; one that does not come is a fault."""
        with trio.move_on_after(SETTLE_S) as patience:
            while self.count < count and not self.faults:
                await self._more.wait()
        if patience.cancelled_caught:
            self.faults.append(f"somebody else got {self.count} messages of {count}")


def watcher(target: Target) -> Watcher:
    """One who watches the session that is thrown at."""
    return Watcher(target, target.known[SESSION].decode())
