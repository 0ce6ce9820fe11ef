"""A git directory of our own beside each workspace, through which the workspace is read.

The workspace's `.git` belongs to the model: it may write any config, hook or driver there. So a clone's is read by hand, and
only for which commit HEAD names. All else is read with this directory as git's, which borrows the workspace's objects and has
a config that only we write: an attribute `diff=x` or `filter=x` of the workspace then has no definition, and runs nothing.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import BinaryIO

import trio

from trio_agent.core.message import Commit
from trio_agent.git.command import Git

MAX_COMMITS = 100
MAX_LOOSE_OBJECTS = 100
"""A delivery of more objects is kept as one pack in the user's repository (as git's `fetch.unpackLimit` has it)."""

CONFIG = {
    # Larger files count as binary, and are not read to be compared.
    "core.bigFileThreshold": "16m",
    # File names as they are, not as octal escapes.
    "core.quotePath": "false",
}


@dataclass(frozen=True, slots=True)
class HostRepository:
    """The git directory at `path`. It keeps a few commits by name, and the hashes of all that were delivered."""

    path: Path

    @property
    def git(self) -> Git:
        return Git(directory=self.path, git_dir=self.path, config=CONFIG)

    def over(self, work_tree: Path, index: Path | None = None) -> Git:
        """git with the files of `work_tree`, and an index of our own: another's could hide changes from us."""
        environment = {"GIT_INDEX_FILE": str(index or self.index)}
        return replace(self.git, directory=work_tree, work_tree=work_tree, environment=environment)

    @property
    def index(self) -> Path:
        return self.path / "index"

    def keep(self, name: str, commit: str) -> None:
        """Remember `commit` (may be empty, or a number) as `name`. In a file, not a ref: the commit need not be here yet."""
        (self.path / f"kept-{name}").write_text(commit, encoding="ascii")

    def kept(self, name: str) -> str:
        """What is remembered as `name`."""
        return (self.path / f"kept-{name}").read_text(encoding="ascii")

    def has_kept(self, name: str) -> bool:
        return (self.path / f"kept-{name}").exists()

    def note_delivered(self, commit: str) -> None:
        """Remember that `commit` is ours, before a branch of the user's repository names it."""
        with (self.path / "delivered").open("a", encoding="ascii") as file:
            file.write(f"{commit}\n")

    def has_delivered(self, commit: str) -> bool:
        try:
            return commit in (self.path / "delivered").read_text(encoding="ascii").split()
        except FileNotFoundError:
            return False

    async def is_ancestor(self, commit: str, descendant: str) -> bool:
        """Whether `commit` is in the history of `descendant`; False also for a commit that is not known here."""
        known = await self.git.run("cat-file", "-e", commit, accept=(0, 1, 128))
        if known.status:
            return False
        answer = await self.git.run("merge-base", "--is-ancestor", commit, descendant, accept=(0, 1))
        return answer.status == 0

    async def find(self, name: str) -> str:
        """The commit that `name` is (a hash, whole or its beginning, with `~2` or the like after it), or empty."""
        question = ("rev-parse", "--quiet", "--verify", "--end-of-options", f"{name}^{{commit}}")
        found = await self.git.run(*question, accept=(0, 1, 128))
        return "" if found.status else found.text

    async def files_of(self, commit: str) -> tuple[str, ...]:
        """The files that `commit` added or changed, by their paths; none of a merge."""
        options = ("--root", "-r", "-z", "--name-only", "--no-commit-id", "--no-renames", "--diff-filter=AM")
        output = await self.git.run("diff-tree", *options, "--no-ext-diff", "--ignore-submodules", commit)
        return tuple(os.fsdecode(path) for path in output.stdout.split(b"\0") if path)

    async def log(self, head: str, without: Sequence[str]) -> tuple[Commit, ...]:
        """The commits of `head` that are in the history of none of `without`, newest first, MAX_COMMITS at most."""
        # A commit once announced may be gone by now (amended, then pruned): it then excludes nothing.
        output = await self.git.run(
            "log",
            "-z",
            f"--max-count={MAX_COMMITS}",
            "--format=%H%x00%s%x00%b",
            "--encoding=UTF-8",
            "--no-show-signature",
            "--no-mailmap",
            "--ignore-missing",
            "--end-of-options",
            head,
            *(f"^{commit}" for commit in without if commit),
        )
        fields = output.stdout.decode(errors="replace").split("\0")
        rows = zip(fields[0::3], fields[1::3], fields[2::3], strict=False)
        return tuple(Commit(hash=hash, subject=subject, body=body.strip("\n")) for hash, subject, body in rows)

    async def copy_history(self, head: str, without: Sequence[str], objects: Path) -> None:
        """Copy what `head` needs beyond `without` into the directory `objects` of another repository, checked.

        Packed and unpacked under our config alone: neither repository's is read. `--strict` refuses what is not whole, and
        what would harm whoever checks it out (a file `.git/config`, a submodule named `../x`).
        """
        revisions = "\n".join([head, *(f"^{commit}" for commit in without if commit), ""])
        base = self.path / "outgoing"
        packed = await self.git.run(
            "pack-objects", "--quiet", "--revs", "--delta-base-offset", str(base), stdin=revisions.encode()
        )
        if not packed.text:
            return  # nothing that is not there already
        pack = base.with_name(f"{base.name}-{packed.text}.pack")
        receiver = replace(self.git, environment={"GIT_OBJECT_DIRECTORY": str(objects)})
        with ExitStack() as stack:
            stack.callback(_delete, self.path)
            # Without a buffer, or git would read on from where the buffer ended.
            file = stack.enter_context(pack.open("rb", buffering=0))
            if _objects_in(file) <= MAX_LOOSE_OBJECTS:
                await receiver.run("unpack-objects", "-q", "--strict", stdin=file)
            else:
                await receiver.run("index-pack", "--strict", "--stdin", stdin=file)


async def make_host_repository(
    path: Path, *, object_format: str, borrowed: Sequence[Path], shallow: bytes, excludes: bytes, excludes_file: str
) -> HostRepository:
    """Make one at `path`, which must not exist, with the objects of the directories `borrowed`."""
    await init(path, object_format, "--bare")
    await trio.to_thread.run_sync(fill, path, borrowed, shallow, excludes)
    host = HostRepository(path)
    if excludes_file:
        await host.git.run("config", "core.excludesFile", excludes_file)
    return host


async def init(path: Path, object_format: str, *options: str) -> None:
    """An empty repository at `path`, without templates: those may hold hooks."""
    git = Git(directory=path.parent, environment={"GIT_DEFAULT_REF_FORMAT": "files"})
    format = f"--object-format={object_format}"
    await git.run("init", "--quiet", "--template=", format, *options, "--", str(path))


def fill(git_dir: Path, borrowed: Sequence[Path], shallow: bytes, excludes: bytes) -> None:
    """Let `git_dir` borrow objects, end its history where `shallow` says, and ignore files as `excludes` says.

    Borrowing (gitrepository-layout(5), objects/info/alternates) makes a clone of any size at once.
    """
    (git_dir / "objects" / "info").mkdir(exist_ok=True)
    lines = "".join(f"{_quoted(directory)}\n" for directory in borrowed)
    (git_dir / "objects" / "info" / "alternates").write_text(lines, encoding="utf-8", errors="surrogateescape")
    (git_dir / "info").mkdir(exist_ok=True)
    (git_dir / "info" / "exclude").write_bytes(excludes)
    if shallow:
        (git_dir / "shallow").write_bytes(shallow)


def _quoted(directory: Path) -> str:
    # Only what begins with a double quote is read as quoted, and only a line's end needs it.
    text = str(directory)
    if "\n" not in text:
        return text
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'


def _objects_in(pack: BinaryIO) -> int:
    """The number of objects in a pack: bytes 8 to 12 (gitformat-pack(5)). Leaves the file at its start."""
    header = pack.read(12)
    pack.seek(0)
    return int.from_bytes(header[8:12], "big")


def _delete(directory: Path) -> None:
    for file in directory.glob("outgoing-*"):
        file.unlink(missing_ok=True)
