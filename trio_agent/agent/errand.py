"""Errand: what the tool calls of a conversation are run for."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from trio_agent.agent.spending import Spending
from trio_agent.agent.stop import Stop
from trio_agent.core.message import Message


@dataclass(frozen=True, slots=True)
class Errand:
    """`record` puts a message into the log, as one of the conversation's; `stop` says why what runs is being cancelled, once
    it is; `spending` is the account of the turn.
    """

    record: Callable[[Message], Awaitable[Message]]
    stop: Callable[[], Stop]
    spending: Spending
