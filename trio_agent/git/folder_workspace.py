"""A session's workspace in a folder without git, which tells less than one in git."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import trio

from trio_agent.core.errors import NotFound
from trio_agent.git.folder_names import names_below
from trio_agent.seams import Changes, Delivery, FileContent, FilePatch, Newer, Survey


class FolderWorkspace:
    """A folder that is in no git repository. Implements `Workspace` with nothing to tell."""

    def __init__(self, path: Path, notes: dict[str, str]) -> None:
        self._path = path
        self._notes = notes

    @property
    def path(self) -> Path:
        return self._path

    @property
    def notes(self) -> dict[str, str]:
        return dict(self._notes)

    async def deliver(self, slug: str) -> Delivery:
        await trio.lowlevel.checkpoint()
        return Delivery()

    async def diff(self, commit: str) -> str:
        await trio.lowlevel.checkpoint()
        if commit:
            raise NotFound("this folder is not in a git repository: it has no commits")
        return ""

    async def changes(self, commit: str) -> Changes:
        await self.diff(commit)
        return Changes()

    async def patch(self, commit: str, path: str, old_path: str, *, ignore_space: bool) -> FilePatch:
        await self.diff(commit)
        raise NotFound("this folder is not in a git repository: nobody knows what changed")

    async def content(self, commit: str, path: str) -> FileContent:
        await self.diff(commit)
        raise NotFound("this folder is not in a git repository: it has no commits")

    async def names(self) -> Sequence[str]:
        return await trio.to_thread.run_sync(names_below, self._path)

    async def survey(self) -> Survey:
        await trio.lowlevel.checkpoint()
        return Survey(fork="shared" if self._notes.get("fork") else "")

    async def move_base(self, commit: str) -> str:
        await trio.lowlevel.checkpoint()
        raise NotFound("this folder is not in a git repository: it has no commits")

    async def newer(self) -> Newer | None:
        await trio.lowlevel.checkpoint()
        return None

    def expect(self, newer: Newer) -> None:
        """Nothing comes here."""
