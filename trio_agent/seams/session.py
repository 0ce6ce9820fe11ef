"""A session as its agent sees it. Part of the seams."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from typing import Protocol

import trio

from trio_agent.core.display import StoppedBy
from trio_agent.core.machine import AgentState
from trio_agent.core.message import Message, ToolCall
from trio_agent.core.state import Facts
from trio_agent.core.usage import CumulativeUsage
from trio_agent.seams.model import Part


class SessionHandle(Protocol):
    """A session as its agent sees it. Made by the runtime; an agent only uses it."""

    @property
    def id(self) -> str: ...

    @property
    def model(self) -> str:
        """The model the user chose for this session, or empty for the default."""
        ...

    @property
    def facts(self) -> Facts: ...

    @property
    def notes(self) -> dict[str, str]:
        """What the agent noted of this session before; kept across restarts by `describe`."""
        ...

    @property
    def usage(self) -> CumulativeUsage: ...

    @property
    def state(self) -> AgentState: ...

    async def record(self, message: Message) -> Message:
        """Put `message` into the log. Returns it with `idx` and `timestamp`, durable and visible. Raises StoreError."""
        ...

    async def describe(self, facts: Facts, notes: dict[str, str] | None = None) -> None:
        """Replace the facts that clients see, and keep them with the agent's notes. Raises StoreError."""
        ...

    def show(self, facts: Facts) -> None:
        """Like `describe`, for what need not survive a restart: visible at once, kept with the next `describe`."""
        ...

    def enter(self, state: AgentState) -> None:
        """Step the state machine. Raises IllegalTransition where the table has no arrow."""
        ...

    def end_turn(self, ending: AgentState) -> None:
        """Go to EndOfTurn, BudgetExceeded or Error from wherever the turn broke off, along the table's arrows."""
        ...

    def write(self, part: Part, text: str, *, restart: bool = False) -> None:
        """Show text of the message to be recorded next. Dropped when a message is recorded."""
        ...

    @property
    def cancel_reason(self) -> str:
        """Why a user stopped the turn that runs; empty where nobody did."""
        ...

    def take_prompts(self, until: Callable[[Message], bool] = ...) -> tuple[Message, ...]:
        """User messages that came since the turn began, in order, up to the first that is `until`; each is given out once.

        Those that are queued for after the turn stay where they are.
        """
        ...

    async def wait_reply(self, question: Message) -> Message:
        """The first user message after `question` in the log, once it is there. `take_prompts` will not give it out."""
        ...

    async def choose_model(self, name: str) -> None:
        """Keep `name` as the model the user chose for this session. Raises StoreError."""
        ...

    async def history(self) -> list[Message]:
        """The log so far, without user messages that no turn has taken up. Raises StoreError."""
        ...

    async def close_open_calls(self, why: str, by: StoppedBy = ...) -> list[Message]:
        """Record an error result, saying `why` and by what, for every tool call of the log that has none; those results.

        Raises StoreError.
        """
        ...

    def asking_model(self) -> AbstractAsyncContextManager[None]:
        """Count one model call as outstanding for as long as the block lasts."""
        ...

    def running_tool(self, call: ToolCall) -> AbstractAsyncContextManager[ToolRun]:
        """Show `call` as outstanding for as long as the block lasts, and let users cancel it alone."""
        ...


class ToolRun(Protocol):
    """One tool call while it runs. `scope` is cancelled, and `cancelled` holds the reason, when a user stops it alone."""

    @property
    def scope(self) -> trio.CancelScope: ...

    @property
    def cancelled(self) -> str: ...

    def emit(self, text: str) -> None: ...
