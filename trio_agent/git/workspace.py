"""A session's workspace in git, seen through the host's own git directory; and a folder without git, which tells less."""

from __future__ import annotations

import re
from pathlib import Path

import msgspec
import trio

from trio_agent.core.errors import NotFound, RepositoryError
from trio_agent.core.message import Commit
from trio_agent.git.command import Git, deadline
from trio_agent.git.comparison import Comparison
from trio_agent.git.delivery import Courier
from trio_agent.git.host_repository import HostRepository
from trio_agent.git.user_repository import UserRepository, read_head
from trio_agent.seams import Delivery, Survey

READ_S = 60.0
"""How long a diff or a survey may take: a large repository is read whole once, then only what changed."""

DELIVER_S = 120.0

COMMIT = re.compile(r"[0-9a-fA-F]{4,64}")


class GitWorkspace:
    """A work tree at `path`. Implements `Workspace`.

    `own_git` asks the workspace's own git directory, for HEAD alone. `courier` is None where the commits are in the user's
    repository already, because the session works there. `notes` are those of an earlier run, or of its making.
    """

    def __init__(
        self,
        path: Path,
        own_git: Git,
        user: UserRepository,
        host: HostRepository,
        courier: Courier | None,
        notes: dict[str, str],
    ) -> None:
        self._path = path
        self._own_git = own_git
        self._user = user
        self._host = host
        self._courier = courier
        self._notes = notes
        self._comparison = Comparison(host, path, user.object_format)
        self._delivering = trio.Lock()
        self._delivered = ""
        self._told = ""

    @property
    def path(self) -> Path:
        return self._path

    @property
    def notes(self) -> dict[str, str]:
        """`kind`, `repository`, `initial_commit`, `branch` and `announced`: the head when commits were last told of."""
        return dict(self._notes)

    async def deliver(self, slug: str) -> Delivery:
        """See `Workspace.deliver`. A problem is told once, and again with new commits; delivery is tried again each time."""
        async with self._delivering:
            with deadline(DELIVER_S):
                head = await read_head(self._own_git)
                if head in ("", self._delivered):
                    return Delivery()
                return await self._deliver(head, slug)

    async def _deliver(self, head: str, slug: str) -> Delivery:
        start, announced = self._notes["initial_commit"], self._notes["announced"]
        commits = await self._host.log(head, [start, announced, self._delivered])
        if not commits and not self._notes["branch"] and not await self._host.log(head, [start]):
            return Delivery()
        branch = problem = ""
        try:
            branch = await self._bring(head, slug)
        except RepositoryError as exc:
            problem = f"The new commits did not arrive in the repository: {exc}"
        # No checkpoint from here on: what is told and what is noted are one.
        self._notes["announced"] = head
        if problem:
            repeated = problem == self._told and not commits
            self._told = problem
            return Delivery(commits=commits, problem="" if repeated else problem)
        self._notes["branch"], self._delivered, self._told = branch, head, ""
        return Delivery(commits=_pushed(commits, branch), branch=branch)

    async def _bring(self, head: str, slug: str) -> str:
        if self._courier is None:
            return await self._user.branch()
        return await self._courier.bring(head, self._notes["branch"], slug)

    async def diff(self, commit: str) -> str:
        if commit and not COMMIT.fullmatch(commit):
            raise NotFound(f"not a commit: {commit[:80]!r}")
        with deadline(READ_S):
            if commit:
                return await self._comparison.show(commit.lower())
            return await self._comparison.diff(self._notes["initial_commit"], await read_head(self._own_git))

    async def survey(self) -> Survey:
        start = self._notes["initial_commit"]
        with deadline(READ_S):
            added, removed = await self._comparison.count_lines(start, await read_head(self._own_git))
        return Survey(
            is_clone=self._courier is not None,
            initial_commit=start,
            origin=self._user.origin,
            lines_added=added,
            lines_removed=removed,
        )


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

    async def survey(self) -> Survey:
        await trio.lowlevel.checkpoint()
        return Survey()


def _pushed(commits: tuple[Commit, ...], branch: str) -> tuple[Commit, ...]:
    if not commits:
        return ()
    return (msgspec.structs.replace(commits[0], pushed_branch=branch), *commits[1:])
