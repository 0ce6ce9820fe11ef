"""An index of our own, which knows a workspace's files as they are.

It stays beside the workspace. Only the time stamps in it matter: they spare git from reading the files that did not change.
New files that git does not ignore are put into it as empty, so that a diff shows them whole.
"""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import trio

from trio_agent.git.command import Git
from trio_agent.git.host_repository import HostRepository


@dataclass(frozen=True, slots=True)
class FilesIndex:
    """That of `host`, for the files in `work_tree`. `object_format` is sha1 or sha256."""

    host: HostRepository
    work_tree: Path
    object_format: str
    _lock: trio.Lock = field(default_factory=trio.Lock)

    @asynccontextmanager
    async def at(self, head: str) -> AsyncIterator[Git]:
        """git over the files, with the index brought to them and to `head`, which names what is tracked. One at a time."""
        async with self._lock:
            yield await self._read_files(head)

    async def _read_files(self, head: str) -> Git:
        """Caller holds the lock."""
        # A git that was killed leaves its lock behind; under our own lock, nobody else can be holding it.
        self.host.index.with_name("index.lock").unlink(missing_ok=True)
        git = self.host.over(self.work_tree)
        await git.run("read-tree", *(("--reset", head) if head else ("--empty",)))
        new = await self._new_files(git)
        if new:
            await git.run("update-index", "-z", "--index-info", stdin=self._as_empty(new))
        await git.run("update-index", "-q", "--ignore-submodules", "--refresh", accept=(0, 1))
        return git

    async def _new_files(self, git: Git) -> list[bytes]:
        output = await git.run("ls-files", "-z", "--others", "--exclude-standard")
        # A repository within the work tree is listed as a folder: its files are its own.
        return [path for path in output.stdout.split(b"\0") if path and not path.endswith(b"/")]

    def _as_empty(self, paths: list[bytes]) -> bytes:
        empty = hashlib.new(self.object_format, b"blob 0\0").hexdigest().encode()
        return b"".join(b"100644 %b 0\t%b\0" % (empty, path) for path in paths)
