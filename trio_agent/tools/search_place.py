"""Where in a workspace is searched."""

from __future__ import annotations

import os
import stat
import subprocess
from collections.abc import Sequence
from pathlib import Path

from trio_agent.core.errors import ToolError
from trio_agent.core.wire import clean
from trio_agent.tools.paths import open_inside, resolve_inside


class Place:
    """Where to search, held open: a directory to be the program's own, or a file to be its input. Blocks when made.

    Held by descriptor, so that no link put there meanwhile can lead the program outside. `hidden` is what of it must not be
    seen: real paths inside the workspace. Raises ToolError.
    """

    def __init__(self, workspace: Path, named: str, hidden: Sequence[Path]) -> None:
        self.workspace = workspace
        self.hidden = [real for real in map(os.path.realpath, hidden) if Path(real).is_relative_to(workspace)]
        self._relative = resolve_inside(workspace, named, hidden)
        self._descriptor = open_inside(workspace, self._relative, os.O_RDONLY)
        mode = os.fstat(self._descriptor).st_mode
        self.is_file = stat.S_ISREG(mode)
        if not self.is_file and not stat.S_ISDIR(mode):
            self.close()
            raise ToolError(f"{named} is neither a file nor a directory")

    @property
    def directory(self) -> Path:
        """Where to search, from the workspace."""
        return Path() if self.is_file else self._relative

    @property
    def cwd(self) -> str:
        # The child changes directory before it closes what it must not inherit.
        return "/" if self.is_file else f"/proc/self/fd/{self._descriptor}"

    @property
    def stdin(self) -> int:
        return self._descriptor if self.is_file else subprocess.DEVNULL

    def shown(self, path: str) -> str:
        """The workspace's name for what the program calls `path`."""
        return clean(str(self._relative)) if self.is_file else clean(str(self._relative / path))

    def close(self) -> None:
        os.close(self._descriptor)
