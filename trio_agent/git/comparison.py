"""What a workspace's files differ in from a commit: the diff, and how many lines.

The index is our own and stays beside the workspace. Only the time stamps in it matter: they spare git from reading the files
that did not change. New files that git does not ignore are put into it as empty, so that a diff shows them whole.

Plumbing only: `git diff`, `git add` and `git status` start a git inside each submodule, which reads that submodule's config.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from pathlib import Path

import trio

from trio_agent.core.errors import NotFound
from trio_agent.git.command import Git, Output
from trio_agent.git.host_repository import HostRepository

MAX_DIFF_BYTES = 8 * 1024 * 1024
CONTEXT_LINES = 10

SHOWN = (
    # Not `-c diff.external=`: git would try to run a program without a name.
    "--no-ext-diff",
    "--no-textconv",
    "--no-color",
    "--ignore-submodules=dirty",
    "--submodule=short",
    "--src-prefix=a/",
    "--dst-prefix=b/",
)
"""Options of every diff: nothing of the repository's making is run, and the form is always the same."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """Compares the files in `work_tree` with commits, through `host`. `object_format` is sha1 or sha256."""

    host: HostRepository
    work_tree: Path
    object_format: str
    _index_lock: trio.Lock = field(default_factory=trio.Lock)

    async def diff(self, base: str, head: str) -> str:
        """Unified diff from commit `base` (empty: from nothing) to the files as they are. `head` names what is tracked."""
        async with self._index_lock:
            git = await self._read_files(head)
            options = ("--patch", f"--unified={CONTEXT_LINES}", "-M", *SHOWN)
            output = await git.run(
                "diff-index",
                *options,
                self._tree(base),
                "--",
                max_output_bytes=MAX_DIFF_BYTES,
                may_cut=True,
            )
        return _shown(output)

    async def count_lines(self, base: str, head: str) -> tuple[int, int]:
        """Lines added and removed by the same diff. Binary files count as none."""
        async with self._index_lock:
            git = await self._read_files(head)
            output = await git.run("diff-index", "--numstat", "-M", *SHOWN, self._tree(base), "--")
        added = removed = 0
        for line in output.stdout.splitlines():
            plus, minus, *_ = line.split(b"\t")
            if plus != b"-":
                added += int(plus)
                removed += int(minus)
        return added, removed

    async def show(self, commit: str) -> str:
        """One commit, with its message. `commit` is at least 4 hex digits. Raises NotFound."""
        found = await self.host.find(commit)
        if not found:
            raise NotFound(f"no commit {commit}")
        output = await self.host.git.run(
            "show",
            f"--unified={CONTEXT_LINES}",
            *SHOWN,
            "--no-show-signature",
            "--no-notes",
            "--end-of-options",
            found,
            "--",
            max_output_bytes=MAX_DIFF_BYTES,
            may_cut=True,
        )
        return _shown(output)

    async def _read_files(self, head: str) -> Git:
        """Bring our index to `head` and the files as they are. Caller holds the lock."""
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

    def _tree(self, commit: str) -> str:
        """`commit`, or the empty tree, which git knows without an object."""
        return commit or hashlib.new(self.object_format, b"tree 0\0").hexdigest()


def _shown(output: Output) -> str:
    if not output.cut:
        return output.stdout.decode(errors="replace")
    whole_lines = output.stdout[: output.stdout.rfind(b"\n") + 1]
    notice = f"[cut here: the diff is larger than {MAX_DIFF_BYTES // 1024**2} MiB]\n"
    return whole_lines.decode(errors="replace") + notice
