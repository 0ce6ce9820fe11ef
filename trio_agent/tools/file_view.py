"""A file of the workspace as its users look at it: under the rules by which tools read it, and never git's own data."""

from __future__ import annotations

import os
import stat
from collections.abc import Sequence
from pathlib import Path

import trio

from trio_agent.core.errors import NotFound, ToolError
from trio_agent.seams import FileContent
from trio_agent.tools.paths import open_inside, resolve_inside

MAX_BYTES = 2 * 1024 * 1024

NOT_SHOWN = "no such file, or none that is shown"
"""The same for all: what is hidden must not be told from what is not there."""


class FileView:
    """Reads files of workspaces, but for what is `hidden` and what lies in a `.git`, where a remote's password may stand."""

    def __init__(self, hidden: Sequence[Path] = ()) -> None:
        self._hidden = hidden

    async def read(self, workspace: Path, path: str) -> FileContent:
        """The first MAX_BYTES of the plain file `path`. Raises NotFound."""
        return await trio.to_thread.run_sync(_read, workspace, path, self._hidden)


def _read(workspace: Path, path: str, hidden: Sequence[Path]) -> FileContent:
    try:
        relative = resolve_inside(workspace, path, hidden)
        # A file system may not know case.
        if any(part.lower() == ".git" for part in relative.parts):
            raise NotFound(NOT_SHOWN)
        descriptor = open_inside(workspace, relative, os.O_RDONLY | os.O_NOCTTY)
    except ToolError as exc:
        raise NotFound(NOT_SHOWN) from exc
    facts = os.fstat(descriptor)
    if not stat.S_ISREG(facts.st_mode):
        os.close(descriptor)
        raise NotFound(NOT_SHOWN)
    with open(descriptor, "rb") as file:
        return FileContent(data=file.read(MAX_BYTES), size=facts.st_size)
