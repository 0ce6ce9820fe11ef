"""A client that listens all the time, and a user who waits for what it hears."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import trio

from trio_agent.client import Client, MessageArrived, Opened, Reset, StateChanged, TextGrew, ToolWrote, connect
from trio_agent.core.message import Message
from trio_agent.core.state import State


class Listener:
    """What one client has heard, over all its connections."""

    def __init__(self, client: Client) -> None:
        self.client = client
        self.messages: list[Message] = []
        self.resets: list[Reset] = []
        self.opened = 0
        self.state: State | None = None
        self.text = ""
        """Of the answer that is being written."""
        self.output: dict[str, str] = {}
        """Of the tools, by the id of the call."""
        self._heard = trio.Event()

    async def listen(self) -> None:
        async for event in self.client:
            match event:
                case Opened():
                    self.opened += 1
                case Reset():
                    self.resets.append(event)
                case MessageArrived(message):
                    self.messages.append(message)
                    self.text = ""
                case StateChanged(state):
                    self.state = state
                case TextGrew(part="content"):
                    self.text = self.text[: event.offset] + event.text
                case ToolWrote():
                    so_far = self.output.get(event.tool_call_id, "")
                    self.output[event.tool_call_id] = so_far[: event.offset] + event.text
            self._heard.set()
            self._heard = trio.Event()

    async def until(self, holds: Callable[[], bool]) -> None:
        """Wait until what was heard is so."""
        while not holds():
            await self._heard.wait()

    async def until_said(self, type: str, begins: str, since: int) -> Message:
        """Wait for a message at or after the index `since`, and give it."""
        said: list[Message] = []

        def found() -> bool:
            said[:] = [each for each in self.messages[since:] if each.type == type and each.content.startswith(begins)]
            return bool(said)

        await self.until(found)
        return said[0]

    async def until_shown(self, words: str) -> None:
        """Wait until a tool has written `words`."""
        await self.until(lambda: any(words in text for text in self.output.values()))

    async def until_idle(self) -> None:
        """Wait until the agent waits for the user, and all of the log that this takes was heard."""
        await self.until(
            lambda: (
                self.state is not None
                and self.state.agent_state == "WaitingForUserInput"
                and self.state.message_count == len(self.messages)
            )
        )


@asynccontextmanager
async def listening_to(link: str) -> AsyncIterator[Listener]:
    """A listener to the session behind `link`, for as long as the block lasts."""
    async with connect(link) as client, trio.open_nursery() as nursery:
        listener = Listener(client)
        nursery.start_soon(listener.listen)
        yield listener
        nursery.cancel_scope.cancel()
