"""Questions of tools to the user: one at a time, each waiting for the user's next words."""

from __future__ import annotations

from collections.abc import Sequence

import trio

from trio_agent.agent.errand import Errand
from trio_agent.core.display import question_display
from trio_agent.core.message import Message
from trio_agent.seams import SessionHandle


class Questions:
    """Those of one session."""

    def __init__(self, session: SessionHandle) -> None:
        self._session = session
        self._turn = trio.Lock()

    async def ask(self, errand: Errand, tool_call_id: str, question: str, options: Sequence[str]) -> Message:
        """Put `question` into the log; the user's next message. What they said before it was asked is no answer."""
        with errand.spending.paused():
            async with self._turn:
                display = question_display(tool_call_id, question, options)
                listed = "".join(f"\n- {option}" for option in options)
                asked = await errand.record(Message(type="auto", content=question + listed, display=display))
                return await self._session.wait_reply(asked)
