"""Withdrawals: messages of the user's that are taken back before anybody has read them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import trio

from trio_agent.core.errors import NotFound
from trio_agent.core.message import Message
from trio_agent.core.prompts import withdrawn_display

if TYPE_CHECKING:
    from trio_agent.runtime.session import Session

WITHDRAWN = "A message was taken back before the agent read it."


class Withdrawals:
    """Those of `session`."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._done: set[int] = set()

    async def withdraw_posted(self, key: str) -> int | None:
        """See `Session.withdraw_posted`."""
        await trio.lowlevel.checkpoint()
        # No checkpoint from here to `refuse_key`: the post could come in between, and be said after all.
        idx = self._session.log.index_under(key)
        if idx is None:
            self._session.log.refuse_key(key)
            return None
        return await self.withdraw(idx)

    async def withdraw(self, idx: int) -> int:
        """See `Session.withdraw`."""
        if idx in self._done:
            await trio.lowlevel.checkpoint()
            return idx
        prompts = self._session.prompts
        message = prompts.begin_withdrawal(idx)
        if message is None:
            raise NotFound(f"message {idx} does not wait: the agent has read it, or it is none of the user's")
        done = False
        try:
            await self._session.record(Message(type="auto", content=WITHDRAWN, display=withdrawn_display(idx)))
            done = True
            self._done.add(idx)
        finally:
            prompts.end_withdrawal(message, done=done)
            self._session.changed()
        return idx
