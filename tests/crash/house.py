"""A server that dies and is started again, and those who talk to it all the while.

What they know is kept here, outside the server's process, and is what it is judged by afterwards.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx2
import trio

from tests.served import ServedRepository
from trio_agent.core.cursor import FIRST_TAG, next_tag
from trio_agent.core.sse import Event, Parser

AGAIN_S = 1.0
"""After an error that was not a restart (a connection cut in its last moment) a client tries again."""


ANSWER_S = 10.0
LAST_WORDS = "echo that was all"


@dataclass(frozen=True, slots=True)
class Acknowledged:
    """A post that was answered: what it said, and where the server promised it to be."""

    text: str
    idx: int
    cursor: str


@dataclass(slots=True)
class House:
    """A server and what its clients know. `broken` collects every promise that was not kept."""

    server: ServedRepository
    broken: list[str] = field(default_factory=list)
    acknowledged: dict[str, Acknowledged] = field(default_factory=dict)
    counts: Counter[str] = field(default_factory=Counter)
    _something: trio.Event = field(default_factory=trio.Event)

    def saw(self, what: str) -> None:
        self.counts[what] += 1
        self._something.set()
        self._something = trio.Event()

    async def wait_for(self, what: str, count: int) -> None:
        while self.counts[what] < count:
            await self._something.wait()

    async def start(self) -> None:
        await trio.to_thread.run_sync(self.server.start)
        self.saw("starts")

    async def kill(self) -> None:
        await trio.to_thread.run_sync(self.server.kill)
        self.saw("kills")

    async def started_again(self, starts: int) -> None:
        with trio.move_on_after(AGAIN_S):
            await self.wait_for("starts", starts + 1)

    @asynccontextmanager
    async def client(self) -> AsyncIterator[httpx2.AsyncClient]:
        headers = {"Authorization": f"Bearer {self.server.token}"}
        # A kept connection is one that the next server knows nothing of.
        limits = httpx2.Limits(max_keepalive_connections=0)
        timeout = httpx2.Timeout(30, read=None)
        async with httpx2.AsyncClient(headers=headers, limits=limits, timeout=timeout) as client:
            yield client

    async def post(self, client: httpx2.AsyncClient, key: str, text: str) -> None:
        """Say `text` until it is acknowledged."""
        while True:
            starts = self.counts["starts"]
            try:
                status = await self.try_to_post(client, key, text)
            except httpx2.TransportError:
                self.counts["posts cut off"] += 1
                await self.started_again(starts)
                continue
            if status not in (503, 507):
                return

    async def try_to_post(self, client: httpx2.AsyncClient, key: str, text: str) -> int:
        """Say `text` once; gives the status of the answer. Raises httpx2.TransportError."""
        with trio.fail_after(ANSWER_S):
            answer = await client.post(
                f"{self.server.url}chat", json={"message": text}, headers={"Idempotency-Key": key}
            )
        if answer.status_code in (200, 202):
            told = answer.json()
            self.acknowledged[key] = Acknowledged(text, told["idx"], told["cursor"])
            self.counts["posts known already"] += answer.headers.get("Idempotency-Replayed") == "true"
            self.saw("acknowledged")
        elif answer.status_code in (503, 507):
            self.saw(f"answered {answer.status_code}")
        else:
            self.broken.append(f"a post was answered with {answer.status_code}: {answer.text}")
        return answer.status_code


@dataclass(slots=True)
class Reader:
    """Follows the stream over all restarts, and holds every message against the chain."""

    house: House
    messages: list[bytes] = field(default_factory=list)
    cursor: str = ""
    state: dict[str, Any] = field(default_factory=dict)
    _tag: str = FIRST_TAG

    @property
    def answered(self) -> bool:
        """Was the agent's answer to the last words seen?"""
        return bool(self.messages) and json.loads(self.messages[-1])["content"] == LAST_WORDS.removeprefix("echo ")

    async def run(self) -> None:
        async with self.house.client() as client:
            while True:
                starts = self.house.counts["starts"]
                try:
                    await self._follow(client)
                except httpx2.TransportError:
                    pass
                self.house.counts["streams cut off"] += 1
                await self.house.started_again(starts)

    async def _follow(self, client: httpx2.AsyncClient) -> None:
        where = {"Last-Event-ID": self.cursor} if self.cursor else {}
        parser = Parser()
        async with client.stream("GET", f"{self.house.server.url}stream", headers=where) as response:
            if response.status_code != 200:
                self.house.broken.append(f"a stream was answered with {response.status_code}")
            async for chunk in response.aiter_bytes():
                for event in parser.feed(chunk):
                    self._take(event)

    def _take(self, event: Event) -> None:
        if event.event == "message":
            self._take_message(event)
        elif event.event == "reset":
            self.house.broken.append(f"a reader of {self.cursor} was told to begin anew: {event.data}")
        elif event.event == "ready" and json.loads(event.data)["from"] != len(self.messages):
            self.house.broken.append(f"a stream began elsewhere than at {len(self.messages)}: {event.data}")
        elif event.event == "state":
            self.state = json.loads(event.data)
            if self.state["message_count"] > len(self.messages):
                self.house.broken.append(f"a state was ahead of the {len(self.messages)} messages before it")
            self.house.saw("states")

    def _take_message(self, event: Event) -> None:
        idx = json.loads(event.data)["idx"]
        if idx != len(self.messages):
            kind = "twice" if idx < len(self.messages) else "after a gap"
            self.house.broken.append(f"message {idx} came {kind}, where {len(self.messages)} was due")
            return
        self._tag = next_tag(self._tag, event.data.encode())
        if event.id.split(".")[1:] != [str(idx + 1), self._tag]:
            self.house.broken.append(
                f"message {idx} came with the cursor {event.id}, and its content makes {self._tag}"
            )
        self.messages.append(event.data.encode())
        self.cursor = event.id
        self.house.saw("messages")


async def judge(house: House, readers: list[Reader]) -> list[dict[str, Any]]:
    """Make it quiet, then ask: is everything that was acknowledged there, once, and did every reader see just the log?"""
    async with house.client() as client:
        await client.post(f"{house.server.url}cancel", json={})
        await house.post(client, "the-last-key", LAST_WORDS)
    while any(not reader.answered for reader in readers):
        await house.wait_for("messages", house.counts["messages"] + 1)
    while any(reader.state.get("agent_state") != "WaitingForUserInput" for reader in readers):
        await house.wait_for("states", house.counts["states"] + 1)
    async with house.client() as client:
        messages: list[dict[str, Any]] = (await client.get(f"{house.server.url}messages")).json()
    while any(len(reader.messages) < len(messages) for reader in readers):
        await house.wait_for("messages", house.counts["messages"] + 1)
    for number, message in enumerate(messages):
        if message["idx"] != number:
            house.broken.append(f"message {message['idx']} stands at {number}")
    for reader in readers:
        if [json.loads(each) for each in reader.messages] != messages:
            house.broken.append("a reader has another log than the server")
    said = Counter(message["content"] for message in messages if message["type"] == "user")
    for key, post in house.acknowledged.items():
        if said[post.text] != 1:
            house.broken.append(f"{key} was acknowledged at {post.idx} and is there {said[post.text]} times")
        elif messages[post.idx]["content"] != post.text:
            house.broken.append(f"{key} was acknowledged at {post.idx} and is elsewhere")
    return messages
