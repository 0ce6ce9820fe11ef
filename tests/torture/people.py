"""What people do in a world: they say things, post, and post again where no answer came."""

from __future__ import annotations

from random import Random

import httpx2
import trio

from tests.torture import history as h
from tests.torture.outcome import Outcome
from tests.torture.server import Server
from tests.torture.teller import some_text
from trio_agent.core.errors import StoreError, TrioAgentError
from trio_agent.core.message import Message

IMPATIENT_S = (0.0005, 0.015)
"""When an impatient user goes away: before the commit is done, mostly."""


class People:
    """`posting` is how many of them still wait to be acknowledged. Once `in_peace`, no answer is lost any more."""

    def __init__(self, server: Server, outcome: Outcome, nursery: trio.Nursery) -> None:
        self.posting = 0
        self.in_peace = False
        self._server = server
        self._outcome = outcome
        self._nursery = nursery

    async def talk(self, random: Random, every_s: float) -> None:
        """Something is said or posted every so often, until cancelled; what has begun goes on."""
        while True:
            await trio.sleep(random.expovariate(1 / every_s))
            if random.random() < 0.6:
                self._nursery.start_soon(self.say, some_text(random, random.choice((1, 3, 40))))
            else:
                self._nursery.start_soon(self.post, random.getrandbits(32))

    async def say(self, text: str) -> None:
        """Something is recorded that nobody waits for; nobody minds where it is not."""
        session = self._server.session
        if session is None or not self._server.up:
            return
        try:
            await session.record(Message(content=text))
        except StoreError:
            self._outcome.count("refused by the store")

    async def post(self, seed: int) -> None:
        """A user posts, and posts again under the same key until it is acknowledged."""
        random = Random(seed)
        key = f"key-{seed:08x}"
        text = f"{key} {some_text(random, 3)}"
        self.posting += 1
        # Like a person, and like nobody else: there is nothing to wait for but that it may go better later.
        while not await self._posted(random, key, text):  # noqa: ASYNC110
            await trio.sleep(random.choice((0.1, 0.5, 3.0)))
        self.posting -= 1

    async def _posted(self, random: Random, key: str, text: str) -> bool:
        """One try: whether the user was told that it is recorded."""
        outcome = self._outcome
        impatient = random.random() < 0.15 and not self.in_peace
        with trio.move_on_after(random.choice(IMPATIENT_S) if impatient else float("inf")) as patience:
            try:
                receipt = await self._server.post(text, key)
            except (httpx2.ConnectError, TrioAgentError):
                outcome.count("post without an answer")
                return False
            if receipt.replayed:
                outcome.count("post replayed")
        if patience.cancel_called:
            outcome.count("post given up half-way")
            return False
        if random.random() < 0.25 and not self.in_peace:
            outcome.count("answer lost")
            return False
        outcome.record(h.Acknowledged(trio.current_time(), key, str(receipt.cursor)))
        return True
