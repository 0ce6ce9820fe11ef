"""Bench: what one running tool may touch of its session."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import msgspec

from trio_agent.agent.errand import Errand
from trio_agent.agent.questions import Questions
from trio_agent.agent.shown import Shown
from trio_agent.core.message import Message, ToolCall
from trio_agent.core.state import TodoItem
from trio_agent.seams import Blobs, SessionHandle, ToolRun


class Bench:
    """The Toolbench of `call`, while `run` lasts."""

    def __init__(
        self,
        session: SessionHandle,
        workspace: Path,
        blobs: Blobs,
        questions: Questions,
        errand: Errand,
        call: ToolCall,
        run: ToolRun,
    ) -> None:
        self.workspace = workspace
        self.shown = Shown()
        self.replies: list[int] = []
        """The indices of the user's messages that were answers to this tool."""
        self._session = session
        self._blobs = blobs
        self._questions = questions
        self._errand = errand
        self._call = call
        self._run = run

    def emit(self, text: str) -> None:
        self.shown.add(text)
        self._run.emit(text)

    @property
    def cancel_reason(self) -> str:
        return self._run.cancelled or self._errand.stop().cancelled

    async def note(self, text: str) -> None:
        await self._errand.record(Message(type="auto", content=text))

    async def keep(self, data: bytes) -> str:
        return await self._blobs.put(data)

    async def ask(self, question: str, options: Sequence[str] = ()) -> str:
        reply = await self._questions.ask(self._errand, self._call.tool_call_id, question, options)
        self.replies.append(reply.idx)
        return reply.content

    def set_todo(self, items: tuple[TodoItem, ...]) -> None:
        self._session.show(msgspec.structs.replace(self._session.facts, todo=items))
