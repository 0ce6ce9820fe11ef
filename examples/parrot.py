"""An agent with the whole protocol of trio_agent/seams: it repeats what you say, and knows what it heard before.

hypercorn --worker-class trio examples.parrot:app
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import trio

from trio_agent import create_app
from trio_agent.core.message import Message
from trio_agent.seams import Attendant, SessionHandle


class Parrot:
    """At work in one session."""

    def __init__(self, session: SessionHandle, heard: int) -> None:
        self._session = session
        self._heard = heard

    async def turn(self, prompts: Sequence[Message]) -> None:
        for prompt in prompts:
            self._heard += 1
            text = f"{prompt.content} ({self._heard})"
            await self._session.record(Message(type="agent", content=text, end_of_turn=prompt is prompts[-1]))

    async def diff(self, commit: str) -> str:
        await trio.lowlevel.checkpoint()
        return ""


class Parrots:
    """Makes a Parrot for each session, also when the server was restarted: `history` is the log so far."""

    @asynccontextmanager
    async def attend(self, session: SessionHandle, history: Sequence[Message]) -> AsyncIterator[Attendant]:
        await trio.lowlevel.checkpoint()
        yield Parrot(session, sum(message.type == "agent" for message in history))

    async def forget(self, session_id: str) -> None:
        await trio.lowlevel.checkpoint()


app = create_app(agent=Parrots())
