"""What a workspace's files differ in from a commit: the diff, and how many lines.

Plumbing only: `git diff`, `git add` and `git status` start a git inside each submodule, which reads that submodule's config.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import msgspec
import trio

from trio_agent.core.errors import NotFound
from trio_agent.git.changes import Sides, changed_files, patch_lines
from trio_agent.git.command import Output
from trio_agent.git.files_index import FilesIndex
from trio_agent.git.host_repository import HostRepository
from trio_agent.seams import Changes, FileContent, FilePatch

MAX_DIFF_BYTES = 8 * 1024 * 1024
CONTEXT_LINES = 10

MAX_WHOLE_BYTES = 1024 * 1024
"""A patch with all lines of its file is made up to this size; a larger one has CONTEXT_LINES around what changed."""

MAX_CONTENT_BYTES = 2 * 1024 * 1024

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
    """Compares the files that `index` knows with commits."""

    index: FilesIndex

    @property
    def _host(self) -> HostRepository:
        return self.index.host

    async def diff(self, base: str, head: str) -> str:
        """Unified diff from commit `base` (empty: from nothing) to the files as they are. `head` names what is tracked."""
        async with self.index.at(head) as git:
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
        async with self.index.at(head) as git:
            output = await git.run("diff-index", "--numstat", "-M", *SHOWN, self._tree(base), "--")
        added = removed = 0
        for line in output.stdout.splitlines():
            plus, minus, *_ = line.split(b"\t")
            if plus != b"-":
                added += int(plus)
                removed += int(minus)
        return added, removed

    async def changes(self, base: str, head: str, commit: str) -> Changes:
        """See `Workspace.changes`."""
        async with self._sides(base, head, commit) as sides:
            changes = await changed_files(sides, options=SHOWN)
        commits = await self._host.log(head, [base]) if head else ()
        return msgspec.structs.replace(changes, commits=commits)

    async def patch(
        self, base: str, head: str, commit: str, paths: tuple[str, str], *, ignore_space: bool
    ) -> FilePatch:
        """See `Workspace.patch`. `paths` are that of the file, and where it was before: empty but for a renamed one."""
        asked = [path for path in paths if path]
        options = ("--patch", "-M", *SHOWN, *(("--ignore-all-space",) if ignore_space else ()))
        async with self._sides(base, head, commit) as sides:
            found = [each for each in (await changed_files(sides, asked, SHOWN)).files if each.path == paths[0]]
            if not found:
                raise NotFound(f"{paths[0]!r} is not changed")
            patch, cut = await sides.compare(
                f"--unified={MAX_WHOLE_BYTES}", *options, paths=asked, max_bytes=MAX_WHOLE_BYTES
            )
            whole = not cut
            if cut:
                patch, cut = await sides.compare(
                    f"--unified={CONTEXT_LINES}", *options, paths=asked, max_bytes=MAX_DIFF_BYTES
                )
        if cut:
            patch = patch[: patch.rfind(b"\n") + 1]
        lines = await trio.to_thread.run_sync(patch_lines, patch, found[0])
        return FilePatch(change=found[0], lines=lines, whole=whole, cut=cut)

    async def content(self, commit: str, path: str) -> FileContent:
        """The first MAX_CONTENT_BYTES of the file `path` in `commit`. Raises NotFound."""
        git, found = self._host.git, await self._find(commit)
        question = ("rev-parse", "--quiet", "--verify", "--end-of-options", f"{found}:{path}")
        name = (await git.run(*question, accept=(0, 1, 128))).text
        kind = ""
        if name:
            shape = "--batch-check=%(objecttype) %(objectsize)"
            kind, _, size = (await git.run("cat-file", shape, stdin=f"{name}\n".encode())).text.partition(" ")
        if kind != "blob":
            raise NotFound(f"{path!r} is no file in commit {commit}")
        output = await git.run("cat-file", "blob", name, max_output_bytes=MAX_CONTENT_BYTES, may_cut=True)
        return FileContent(data=output.stdout, size=int(size))

    async def names(self, head: str) -> list[str]:
        """The files of the work tree, new ones too, as git sorts them."""
        async with self.index.at(head) as git:
            output = await git.run("ls-files", "-z", "--cached")
        return [os.fsdecode(path) for path in output.stdout.split(b"\0") if path]

    @asynccontextmanager
    async def _sides(self, base: str, head: str, commit: str) -> AsyncIterator[Sides]:
        """What is compared: `commit` with its first parent, or where it is empty, `base` with the files as they are."""
        if commit:
            found = await self._find(commit)
            parent = await self._host.find(f"{found}^1")
            yield Sides(self._host.git, ("diff-tree", "-r"), (self._tree(parent), found))
            return
        async with self.index.at(head) as git:
            yield Sides(git, ("diff-index",), (self._tree(base),), self.index.work_tree)

    async def _find(self, commit: str) -> str:
        found = await self._host.find(commit)
        if not found:
            raise NotFound(f"no commit {commit}")
        return found

    async def show(self, commit: str) -> str:
        """One commit, with its message. `commit` is at least 4 hex digits. Raises NotFound."""
        found = await self._find(commit)
        output = await self._host.git.run(
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

    def _tree(self, commit: str) -> str:
        """`commit`, or the empty tree, which git knows without an object."""
        return commit or hashlib.new(self.index.object_format, b"tree 0\0").hexdigest()


def _shown(output: Output) -> str:
    if not output.cut:
        return output.stdout.decode(errors="replace")
    whole_lines = output.stdout[: output.stdout.rfind(b"\n") + 1]
    notice = f"[cut here: the diff is larger than {MAX_DIFF_BYTES // 1024**2} MiB]\n"
    return whole_lines.decode(errors="replace") + notice
