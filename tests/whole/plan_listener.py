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
                    raise AssertionError(f"what was heard is void: {event}")
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

    def at_rest(self, since: int) -> bool:
        """Whether the agent waits for the user after something at or after the index `since`, and all until then was heard."""
        state = self.state
        if state is None or state.agent_state != "WaitingForUserInput":
            return False
        return state.message_count == len(self.messages) > since

    async def until(self, holds: Callable[[], bool], since: int) -> None:
        """Wait until it is so. Where the turn that began at `since` is over before, it will never be: that fails."""
        while not holds():
            assert not self.at_rest(since), self.last_words
            await self._heard.wait()

    async def until_at_rest(self, since: int) -> None:
        while not self.at_rest(since):
            await self._heard.wait()

    async def until_shown(self, words: str, since: int) -> None:
        """Wait until a tool has written `words`."""
        await self.until(lambda: any(words in text for text in self.output.values()), since)

    def has_said(self, type: str, begins: str, since: int) -> bool:
        """Whether there is such a message at or after the index `since`."""
        return any(each.type == type and each.content.startswith(begins) for each in self.messages[since:])

    @property
    def last_words(self) -> str:
        """For whoever wonders why nothing came."""
        return "\n".join(f"{each.type}: {each.content}{each.tool_result}"[:300] for each in self.messages[-8:])


@asynccontextmanager
async def listening_to(link: str) -> AsyncIterator[Listener]:
    """A listener to the session behind `link`, for as long as the block lasts."""
    async with connect(link) as client, trio.open_nursery() as nursery:
        listener = Listener(client)
        nursery.start_soon(listener.listen)
        yield listener
        nursery.cancel_scope.cancel()
