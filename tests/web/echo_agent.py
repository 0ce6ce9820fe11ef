"""An agent for tests of what stands around agents: it answers at once, or hangs where it is told to."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import trio

from trio_agent.core.errors import NotFound, RepositoryError
from trio_agent.core.message import Message, ToolCall
from trio_agent.seams import Attendant, Changes, FileChange, FileContent, FilePatch, PatchLine, SessionHandle

CHANGE = FileChange(path="a.py", status="added", new_mode="100644", added=1)
TOOL_CALL = ToolCall(name="bash", input="{}", tool_call_id="call-1")


class EchoAgent:
    """Answers TEXT with `echo: TEXT`.

    `hang` never ends by itself, `tool` runs TOOL_CALL until that is cancelled, `ask` waits for another message.
    """

    def __init__(self) -> None:
        self.forgotten: list[str] = []
        self.hanging = trio.Event()
        """Set when a turn hangs, or its tool runs."""

    @asynccontextmanager
    async def attend(self, session: SessionHandle, history: Sequence[Message]) -> AsyncIterator[Attendant]:
        await trio.lowlevel.checkpoint()
        yield _Echo(session, self)

    async def forget(self, session_id: str) -> None:
        await trio.lowlevel.checkpoint()
        self.forgotten.append(session_id)


class _Echo:
    def __init__(self, session: SessionHandle, agent: EchoAgent) -> None:
        self._session = session
        self._agent = agent

    async def turn(self, prompts: Sequence[Message]) -> None:
        for prompt in prompts:
            if prompt.content == "hang":
                self._agent.hanging.set()
                await trio.sleep_forever()
            elif prompt.content == "tool":
                async with self._session.running_tool(TOOL_CALL) as run:
                    self._agent.hanging.set()
                    with run.scope:
                        await trio.sleep_forever()
            elif prompt.content == "ask":
                asked = await self._session.record(Message(type="auto", content="What?"))
                prompt = await self._session.wait_reply(asked)
            await self._session.record(Message(type="agent", content=f"echo: {prompt.content}", end_of_turn=True))

    async def diff(self, commit: str) -> str:
        await trio.lowlevel.checkpoint()
        if commit == "dead":
            raise NotFound("no such commit")
        if commit == "beef":
            raise RepositoryError("git refused")
        return f"diff --git a/{commit} b/{commit}\n+é\n"

    async def changes(self, commit: str) -> Changes:
        await trio.lowlevel.checkpoint()
        return Changes(files=(CHANGE,), added=1)

    async def patch(self, commit: str, path: str, old_path: str, *, ignore_space: bool) -> FilePatch:
        await trio.lowlevel.checkpoint()
        return FilePatch(change=CHANGE, lines=(PatchLine(kind="added", new=1, text="é"),))

    async def content(self, commit: str, path: str) -> FileContent:
        await trio.lowlevel.checkpoint()
        return FileContent(data=b"x = 1\n", size=6)

    async def names(self) -> Sequence[str]:
        await trio.lowlevel.checkpoint()
        return ["a.py"]
