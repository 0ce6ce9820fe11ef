"""What an attendant shows of its workspace: see `ShowsFiles`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import trio

from trio_agent.core.errors import NotFound
from trio_agent.seams import Changes, FileContent, FilePatch, ReadFileIn, Workspace


async def show_none(workspace: Path, path: str) -> FileContent:
    """A ReadFileIn that shows nothing."""
    await trio.lowlevel.checkpoint()
    raise NotFound("this agent shows no files")


class ShownFiles:
    """The files of `workspace`, those as they are now by way of `read_file`. Implements `ShowsFiles`."""

    def __init__(self, workspace: Workspace, read_file: ReadFileIn) -> None:
        self._workspace = workspace
        self._read_file = read_file

    async def changes(self, commit: str) -> Changes:
        return await self._workspace.changes(commit)

    async def patch(self, commit: str, path: str, old_path: str, *, ignore_space: bool) -> FilePatch:
        return await self._workspace.patch(commit, path, old_path, ignore_space=ignore_space)

    async def content(self, commit: str, path: str) -> FileContent:
        if commit:
            return await self._workspace.content(commit, path)
        return await self._read_file(self._workspace.path, path)

    async def names(self) -> Sequence[str]:
        return await self._workspace.names()
