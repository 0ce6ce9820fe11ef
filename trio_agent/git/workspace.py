"""A session's workspace in git, seen through the host's own git directory."""

from __future__ import annotations

import math
import re
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Literal

import msgspec
import trio

from trio_agent.core.errors import NotFound, RepositoryError
from trio_agent.core.message import Commit
from trio_agent.git.command import deadline
from trio_agent.git.comparison import Comparison
from trio_agent.git.delivery import Courier
from trio_agent.git.files_index import FilesIndex
from trio_agent.git.host_repository import HostRepository
from trio_agent.git.user_repository import UserRepository
from trio_agent.seams import Changes, Delivery, FileContent, FilePatch, Newer, Survey

READ_S = 60.0
"""How long a diff or a survey may take: a large repository is read whole once, then only what changed."""

DELIVER_S = 120.0

NAMES_S = 3.0
"""How old names of files may be: who types one asks with every letter."""

COMMIT = re.compile(r"[0-9a-fA-F]{4,64}")
FROM_HEAD = re.compile(r"HEAD((?:[~^][0-9]{0,6})*)")
NAMED = re.compile(r"([\w+#%,=!-][\w./+#%,=!-]{0,249})((?:[~^][0-9]{0,6})*)")
"""A hash or a ref, and how far to go back from it. Other characters that a ref may have mean something else here."""

NOTES = ("initial_commit", "branch", "announced", "late", "left_out", "base", "pulled", "expected", "fork")
"""Where the session began, the branch its commits arrive on, the head when commits were last told of, whether some of them
have not arrived, how many changed files were left out, the base where it was moved, which commits of the user's came in last,
or are about to, and the commit where a forked session was to begin (UNKNOWN where that is not known).
"""

UNKNOWN = "unknown"


class GitWorkspace:
    """A work tree at `path`. Implements `Workspace`.

    `read_head` tells which commit the workspace is at, `read_ref` what a branch or tag of it names; empty for none. `courier`
    is None where the commits are in the user's repository already, because the session works there. `notes` are those of an
    earlier run, or of its making.
    """

    def __init__(
        self,
        path: Path,
        read_head: Callable[[], Awaitable[str]],
        read_ref: Callable[[str], Awaitable[str]],
        user: UserRepository,
        host: HostRepository,
        courier: Courier | None,
        notes: dict[str, str],
    ) -> None:
        self._path = path
        self._read_head = read_head
        self._read_ref = read_ref
        self._user = user
        self._host = host
        self._courier = courier
        self._notes = notes
        self._comparison = Comparison(FilesIndex(host, path, user.object_format))
        self._delivering = trio.Lock()
        self._delivered = ""
        self._told = ""
        self._naming = trio.Lock()
        self._names: Sequence[str] = ()
        self._named_until = -math.inf

    @property
    def path(self) -> Path:
        return self._path

    @property
    def notes(self) -> dict[str, str]:
        """`kind`, `repository`, and NOTES."""
        return dict(self._notes)

    async def deliver(self, slug: str) -> Delivery:
        """See `Workspace.deliver`. A problem is told once, and again with new commits; delivery is tried again each time."""
        async with self._delivering:
            with deadline(DELIVER_S):
                head = await self._read_head()
                if head in ("", self._delivered):
                    return Delivery()
                await self._take_in(head)
                return await self._deliver(head, slug)

    async def _deliver(self, head: str, slug: str) -> Delivery:
        start, announced = self._notes["initial_commit"], self._notes["announced"]
        theirs = self._theirs()
        commits = await self._host.log(head, [start, announced, self._delivered, *theirs])
        if not commits and not self._notes["branch"] and not await self._host.log(head, [start, *theirs]):
            return Delivery()
        files = await self._host.files_of(head) if len(commits) == 1 and self._courier is not None else ()
        branch = problem = ""
        try:
            branch = await self._bring(head, slug, theirs)
        except RepositoryError as exc:
            problem = f"The new commits did not arrive in the repository: {exc}"
        # No checkpoint from here on: what is told and what is noted are one.
        self._notes["announced"] = head
        if problem:
            repeated = problem == self._told and not commits
            self._told = problem
            self._notes["late"] = "yes"
            return Delivery(commits=commits, problem="" if repeated else problem, files=files)
        late = bool(self._notes["late"])
        self._notes["branch"], self._notes["late"], self._delivered, self._told = branch, "", head, ""
        return Delivery(commits=_pushed(commits, branch), branch=branch, late=late, files=files)

    async def _bring(self, head: str, slug: str, theirs: list[str]) -> str:
        if self._courier is None:
            return await self._user.branch()
        return await self._courier.bring(head, self._notes["branch"], slug, theirs)

    def _theirs(self) -> list[str]:
        """Commits of which all history came from the user's repository after the session began."""
        return [self._notes["pulled"]] if self._notes["pulled"] else []

    async def diff(self, commit: str) -> str:
        if commit:
            _require_commit(commit)
        with deadline(READ_S):
            if commit:
                return await self._comparison.show(commit.lower())
            return await self._comparison.diff(self._base, await self._read_head())

    async def changes(self, commit: str) -> Changes:
        if commit:
            _require_commit(commit)
        with deadline(READ_S):
            return await self._comparison.changes(self._base, await self._read_head(), commit.lower())

    async def patch(self, commit: str, path: str, old_path: str, *, ignore_space: bool) -> FilePatch:
        with deadline(READ_S):
            head = await self._head_for(commit)
            paths = (path, old_path)
            return await self._comparison.patch(self._base, head, commit.lower(), paths, ignore_space=ignore_space)

    async def content(self, commit: str, path: str) -> FileContent:
        _require_commit(commit)
        with deadline(READ_S):
            return await self._comparison.content(commit.lower(), path)

    async def names(self) -> Sequence[str]:
        async with self._naming:
            if trio.current_time() > self._named_until:
                with deadline(READ_S):
                    self._names = await self._comparison.names(await self._read_head())
                self._named_until = trio.current_time() + NAMES_S
        return self._names

    async def _head_for(self, commit: str) -> str:
        """The commit that says what is tracked; empty where two commits are compared, which needs none."""
        if not commit:
            return await self._read_head()
        _require_commit(commit)
        return ""

    async def survey(self) -> Survey:
        base = self._base
        with deadline(READ_S):
            added, removed = await self._comparison.count_lines(base, await self._read_head())
        return Survey(
            is_clone=self._courier is not None,
            initial_commit=base,
            origin=self._user.origin,
            lines_added=added,
            lines_removed=removed,
            left_out=int(self._notes["left_out"] or 0),
            fork=self._fork,
            fork_commit=self._notes["fork"].removeprefix(UNKNOWN),
        )

    @property
    def _fork(self) -> Literal["", "found", "lost", "shared"]:
        wanted = self._notes["fork"]
        if not wanted:
            return ""
        if self._courier is None:
            return "shared"
        return "found" if wanted == self._notes["initial_commit"] else "lost"

    @property
    def _base(self) -> str:
        return self._notes["base"] or self._notes["initial_commit"]

    async def move_base(self, commit: str) -> str:
        with deadline(READ_S):
            name = commit or "HEAD"
            if after := FROM_HEAD.fullmatch(name):
                # Not asked of the workspace's own git: it would look at objects for `~2`.
                name = await self._read_head() + after[1]
                found = await self._host.find(name)
            else:
                found = await self._find(name)
        if not found:
            raise NotFound(f"no commit {commit or 'HEAD'}")
        self._notes["base"] = found
        return found

    async def _find(self, name: str) -> str:
        """The commit of a hash, or of a branch or tag of the user's, or else of the workspace's own. Empty for none."""
        parts = NAMED.fullmatch(name)
        if parts is None:
            raise NotFound(f"not a commit: {name[:80]!r}")
        if COMMIT.fullmatch(parts[1]) and (found := await self._host.find(name.lower())):
            return found
        short = parts[1].removeprefix("refs/").removeprefix("heads/").removeprefix("tags/").removeprefix("remotes/")
        named = await self._user.find_ref(short) or await self._read_ref(short)
        return await self._host.find(named + parts[2]) if named else ""

    async def newer(self) -> Newer | None:
        if self._courier is None:
            await trio.lowlevel.checkpoint()
            return None
        with deadline(READ_S):
            theirs, head = await self._user.head(), await self._read_head()
            if not theirs or (head and await self._host.is_ancestor(theirs, head)):
                return None
            return Newer(commit=theirs, branch=await self._user.branch())

    def expect(self, newer: Newer) -> None:
        self._notes["expected"] = newer.commit
        # The head may be the same as before the last delivery; that it was looked at means nothing now.
        self._delivered = ""

    async def _take_in(self, head: str) -> None:
        """See `Workspace.expect`: whether what is expected has come."""
        expected = self._notes["expected"]
        if not expected or not await self._host.is_ancestor(expected, head):
            return
        follows = not self._base or await self._host.is_ancestor(self._base, expected)
        self._notes["pulled"], self._notes["expected"] = expected, ""
        if follows:
            self._notes["base"] = expected


def _require_commit(commit: str) -> None:
    if not COMMIT.fullmatch(commit):
        raise NotFound(f"not a commit: {commit[:80]!r}")


def _pushed(commits: tuple[Commit, ...], branch: str) -> tuple[Commit, ...]:
    if not commits:
        return ()
    return (msgspec.structs.replace(commits[0], pushed_branch=branch), *commits[1:])
