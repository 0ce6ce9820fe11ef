"""An agent whose workspace is a real repository, for tests of the routes that show it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import msgspec

from tests.web.echo_agent import EchoAgent
from trio_agent.agent.shown_files import ShownFiles
from trio_agent.core.message import Message
from trio_agent.git.workspaces import RepositoryWorkspaces
from trio_agent.seams import Attendant, SessionHandle
from trio_agent.tools.file_view import FileView


class FilesAgent(EchoAgent):
    """Says nothing, and shows the workspace at `path`, a clone of `project`."""

    def __init__(self, project: Path, data_dir: Path) -> None:
        super().__init__()
        self._workspaces = RepositoryWorkspaces(project, data_dir)
        self._hidden = [data_dir / "hidden"]
        self.path = Path()

    @asynccontextmanager
    async def attend(self, session: SessionHandle, history: Sequence[Message]) -> AsyncIterator[Attendant]:
        workspace = await self._workspaces.open(session.id, session.notes)
        self.path = workspace.path
        facts = msgspec.structs.replace(session.facts, initial_commit=(await workspace.survey()).initial_commit)
        await session.describe(facts, workspace.notes)
        yield _Shown(workspace, FileView(self._hidden).read)


class _Shown(ShownFiles):
    async def turn(self, prompts: Sequence[Message]) -> None:
        raise NotImplementedError

    async def diff(self, commit: str) -> str:
        return await self._workspace.diff(commit)
