"""The server that is thrown at: a process of its own, what is known of it, and what it has in its logs."""

from __future__ import annotations

import os
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2
import trio

from tests.fuzz.request import CURSOR, HOST, LOG, SESSION, TOKEN, VICTIM
from tests.server.process import ServerProcess, running

SETTLE_S = 20.0
"""For the last turn to end, and for connections to be given up that were left in the middle."""

PAGE = 1_000
Place = tuple[str, int]
"""A log and an index in it."""


@dataclass(frozen=True, slots=True)
class Load:
    """What a server has in its hands. `descriptors` are named by what they are open on; memory is in KiB."""

    tasks: int
    descriptors: tuple[str, ...]
    streams: int
    running: int
    resident: int

    def as_idle_as(self, other: Load) -> bool:
        """Whether it holds no more tasks and descriptors than `other`, which was idle."""
        mine = (self.tasks, len(self.descriptors), self.streams, self.running)
        return mine == (other.tasks, len(other.descriptors), 0, 0)


@dataclass(slots=True)
class Target:
    """A server, and a client that is let in."""

    server: ServerProcess
    client: httpx2.AsyncClient
    known: dict[bytes, bytes]
    looked_at: int = 0
    """Bytes of the server's log."""

    @property
    def pid(self) -> int:
        return self.server.process.pid

    @property
    def alive(self) -> bool:
        return self.server.process.poll() is None

    async def load(self) -> Load:
        figures = dict(
            re.findall(r"^trio_agent_(\w+) ([0-9.e+]+)$", (await self.client.get("metrics")).text, re.MULTILINE)
        )
        return Load(
            tasks=int(float(figures["tasks"])),
            descriptors=_descriptors(self.pid),
            streams=int(float(figures["streams"])),
            running=int(float(figures["sessions_running"])),
            resident=_resident(self.pid),
        )

    async def settled(self, like: Load) -> Load:
        """The load, once it is down to what it was; or what it still is after SETTLE_S."""
        load = await self.load()
        with trio.move_on_after(SETTLE_S):
            while not load.as_idle_as(like):
                load = await self.load()
        return load

    async def begin_session(self) -> str:
        """A new one, the newest: what is posted at the root goes there."""
        made = await self._posted("sessions", {})
        session = str(made["session_id"])
        # The agent is at work from here on: what it opens is there.
        answer = await self.client.get(f"{made['url']}diff")
        assert answer.status_code == 200, (await self.client.get(f"{made['url']}messages")).text + self.server.log
        return session

    async def aim(self) -> None:
        """Begin a session to be thrown at, and one that may be deleted; mark where they are."""
        victim, session = await self.begin_session(), await self.begin_session()
        state = (await self.client.get(f"sessions/{session}/state")).json()
        self.known[VICTIM], self.known[SESSION] = victim.encode(), session.encode()
        self.known[CURSOR], self.known[LOG] = state["cursor"].encode(), state["log"].encode()

    async def count(self, session: str) -> int:
        """Messages in its log; 0 where it is gone."""
        answer = await self.client.get(f"sessions/{session}/state")
        return int(answer.json()["message_count"]) if answer.status_code == 200 else 0

    async def said_by_users(self) -> dict[Place, str]:
        """Every message of a user's in every log."""
        said = {}
        for session in (await self.client.get("sessions")).json():
            url = f"sessions/{session['session_id']}/"
            state = (await self.client.get(f"{url}state")).json()
            for start in range(0, state["message_count"], PAGE):
                end = min(start + PAGE, state["message_count"])
                page = (await self.client.get(f"{url}messages", params={"start": start, "end": end})).json()
                said |= {(state["log"], each["idx"]): each["content"] for each in page if each["type"] == "user"}
        return said

    async def clear(self) -> None:
        """Delete every session but the oldest, which the server began with. Waits for what is still running in them."""
        *sessions, _ = (await self.client.get("sessions")).json()
        for session in sessions:
            url = f"sessions/{session['session_id']}"
            while (answer := await self.client.delete(url)).status_code == 409:
                await self.client.post(f"{url}/cancel", json={})
            assert answer.status_code == 204, answer.text

    def alarms(self) -> list[str]:
        """Lines of its log since the last look that are no mere information: nothing a client does is our mistake."""
        with (self.server.data_dir / "stderr").open("rb") as log:
            log.seek(self.looked_at)
            lines = log.read().decode("utf-8", "replace").splitlines()
            self.looked_at = log.tell()
        return [line for line in lines if '"level": "info"' not in line]

    async def _posted(self, url: str, body: dict[str, Any]) -> dict[str, Any]:
        answer = await self.client.post(url, json=body)
        assert answer.status_code == 201, answer.text
        made: dict[str, Any] = answer.json()
        return made


def _resident(pid: int) -> int:
    found = re.search(r"^VmRSS:\s+([0-9]+) kB", Path(f"/proc/{pid}/status").read_text("ascii"), re.MULTILINE)
    assert found is not None
    return int(found[1])


def _descriptors(pid: int) -> tuple[str, ...]:
    names = []
    for each in os.listdir(f"/proc/{pid}/fd"):
        with suppress(FileNotFoundError):  # closed this moment
            names.append(os.readlink(f"/proc/{pid}/fd/{each}"))
    return tuple(sorted(names))


@asynccontextmanager
async def target(folder: Path) -> AsyncIterator[Target]:
    """A server whose model says one thing, whatever is asked. At work in the repository itself, for clones take long."""
    script = trio.Path(folder) / "script.json"
    await script.parent.mkdir(parents=True, exist_ok=True)
    await script.write_text("[]", "utf-8")
    options = ("--model", f"scripted:{script}", "--in-place", "--log-format", "json")
    async with running(folder / "data", *options) as server, server.client() as client:
        known = {HOST: f"127.0.0.1:{server.port}".encode(), TOKEN: server.token.encode()}
        each = Target(server, client, known)
        await each.begin_session()
        await each.clear()
        yield each
