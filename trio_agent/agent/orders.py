"""Orders: what the agent itself does when it is told to, or must: commands, and the compaction of a long conversation."""

from __future__ import annotations

from collections.abc import Callable

import msgspec
import trio

from trio_agent.agent.conversation import Conversation, not_summed_up
from trio_agent.agent.repository_orders import RepositoryOrders
from trio_agent.agent.workroom import Workroom
from trio_agent.core.commands import Command
from trio_agent.core.errors import ConfigError, ProviderError
from trio_agent.core.machine import AgentState
from trio_agent.core.message import Message
from trio_agent.seams import Model

DESCRIBE_S = 10.0  # for keeping the session's facts; a store that takes longer is broken


class Orders:
    """Those of one session; `make_model` takes a name, empty for the default, and raises ConfigError."""

    def __init__(
        self,
        room: Workroom,
        conversation: Conversation,
        make_model: Callable[[str], Model],
        repository: RepositoryOrders,
    ) -> None:
        self._room = room
        self._session = room.session
        self._conversation = conversation
        self._make_model = make_model
        self._repository = repository

    async def obey(self, command: Command) -> None:
        """Do what a user told the agent, and answer by an `auto` message. Raises StoreError."""
        match command:
            case Command("compact" | "pull" as name, argument) if argument:
                await self._answer(
                    f"/{name} takes nothing after it, so nothing was done. Send /{name} alone, and the rest after it."
                )
            case Command("compact"):
                await self.compact()
            case Command("model", ""):
                await self._answer(f"The model is {self._room.model.name}.")
            case Command("model", name):
                await self._choose_model(name)
            case Command("base", commit):
                await self._repository.move_base(commit)
            case Command("pull"):
                await self._repository.pull()

    async def compact(self) -> None:
        """Let a summary take the place of the conversation so far. Where that fails, people are told and all stays."""
        self._session.enter(AgentState.COMPACTING)
        with self._room.spending.limited():
            await self.sum_up()
        self._session.enter(AgentState.WAITING_FOR_USER_INPUT)

    async def sum_up(self, *, but_last_words: bool = False) -> bool:
        """Like `compact`, in whatever state the agent is; whether there is a summary. See `Conversation.compact`."""
        try:
            summary = await self._conversation.compact(but_last_words=but_last_words)
        except ProviderError as exc:
            await self._session.record(Message(type="error", content=not_summed_up(exc)))
            return False
        facts = msgspec.structs.replace(
            self._session.facts, first_message_index=summary.idx, context_used=self._conversation.context_used
        )
        # The summary is in the log, so this is a fact, also where the budget or the user ends what runs.
        with trio.move_on_after(DESCRIBE_S, shield=True):
            await self._session.describe(facts)
        return True

    async def _choose_model(self, name: str) -> None:
        try:
            model = self._make_model(name)
        except ConfigError as exc:
            await self._session.record(Message(type="error", content=f"The model was not changed: {exc}."))
            return
        await self._session.choose_model(name)
        self._room.model = model
        await self._session.describe(
            msgspec.structs.replace(self._session.facts, model=model.name, context_window=self._room.context_window)
        )
        await self._answer(f"The model is {model.name} from now on.")

    async def _answer(self, text: str) -> None:
        await self._session.record(Message(type="auto", content=text))
