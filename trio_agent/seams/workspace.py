"""The directory a session works in. Part of the seams."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Literal, Protocol

import msgspec

from trio_agent.core.message import Commit
from trio_agent.seams.changes import Changes, FileContent, FilePatch


class Delivery(msgspec.Struct, frozen=True, kw_only=True):
    """New commits of a session, newest first, and the branch of the user's repository they arrived on.

    The first commit carries that branch as `pushed_branch`. `problem` says, fit for the user, why they did not arrive;
    `late`, that commits which were told of with a problem are now there. `files` are the files of the one commit that is new,
    as paths in the workspace: none where there are several, or where the workspace is the user's own.
    """

    commits: tuple[Commit, ...] = ()
    branch: str = ""
    problem: str = ""
    late: bool = False
    files: tuple[str, ...] = ()


class Newer(msgspec.Struct, frozen=True, kw_only=True):
    """The commit that the user's repository has checked out, and the name of its branch; empty for a detached HEAD."""

    commit: str
    branch: str = ""


class Workspace(Protocol):
    """The directory a session works in, and what git says of it. Nothing the repository names is ever run.

    Methods raise RepositoryError where git refuses, NotFound for an unknown commit.
    """

    @property
    def path(self) -> Path:
        """Absolute and resolved."""
        ...

    @property
    def notes(self) -> dict[str, str]:
        """What `Workspaces.open` must be given to find all this again after a restart."""
        ...

    async def deliver(self, slug: str) -> Delivery:
        """Take the commits made since the last delivery to the user's repository, on a branch named after `slug`.

        Empty where there are none. The branch is chosen at the first delivery and kept from then on.
        """
        ...

    async def diff(self, commit: str) -> str:
        """Unified diff, 10 lines of context: of `commit` (4-64 hex digits), or since the base where it is empty."""
        ...

    async def changes(self, commit: str) -> Changes:
        """The files that differ: in `commit` from its first parent, or since the base where it is empty."""
        ...

    async def patch(self, commit: str, path: str, old_path: str, *, ignore_space: bool) -> FilePatch:
        """The lines of the one of `changes` that has this path. Raises NotFound where there is none, or none any more."""
        ...

    async def content(self, commit: str, path: str) -> FileContent:
        """A file as it is in `commit`. Raises NotFound."""
        ...

    async def names(self) -> Sequence[str]:
        """The paths of the files, those that git ignores left out; a few seconds old at most. Not all of very many."""
        ...

    async def survey(self) -> Survey:
        """How the workspace stands against its base: where the session began, unless it was moved."""
        ...

    async def move_base(self, commit: str) -> str:
        """Compare with `commit` from now on: 4-64 hex digits, `HEAD` or something like `HEAD~2`, empty for HEAD; its hash.

        Raises NotFound where there is no such commit. Kept in the notes.
        """
        ...

    async def newer(self) -> Newer | None:
        """What the user committed in their repository and the workspace has not; None where there is nothing, or no clone."""
        ...

    def expect(self, newer: Newer) -> None:
        """`newer` is being merged into the workspace. Once it is: its commits are the user's, and the base moves there.

        Where the base was moved to a commit that is not in the history of `newer`, it stays. Kept in the notes.
        """
        ...


class Survey(msgspec.Struct, frozen=True, kw_only=True):
    """`initial_commit` is the base; it and `origin` (the user's remote) are empty where there is none.

    `is_clone` where the directory was made for the session alone, and commits are brought from it to the user's repository;
    `left_out` is how many files had changes there that were not committed, and that did not come along. `fork` says, where the
    session was forked from another, with which files it began: those of `fork_commit`, or of HEAD because that is not in the
    user's repository, or with whatever stands in the folder that both work in.
    """

    is_clone: bool = False
    initial_commit: str = ""
    origin: str = ""
    lines_added: int = 0
    lines_removed: int = 0
    left_out: int = 0
    fork: Literal["", "found", "lost", "shared"] = ""
    fork_commit: str = ""


class Workspaces(Protocol):
    """Makes a session's workspace, or finds it again."""

    async def open(self, session_id: str, notes: Mapping[str, str]) -> Workspace: ...

    def fork(self, notes: Mapping[str, str], commit: str) -> dict[str, str]:
        """The notes for the workspace of a session that is forked from the one with `notes`, where it was at `commit`.

        Empty: where that session began.
        """
        ...

    async def remove(self, session_id: str) -> None:
        """Delete the session's workspace, if it was made for the session alone. Never touches the user's repository."""
        ...
