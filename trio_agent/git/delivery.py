"""Bringing a session's commits to a branch of the user's repository.

A branch is ours to move if its commit is one we brought there, or if moving it loses nothing. It is never moved while it is
checked out: the user's files would suddenly differ from their HEAD.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import trio

from trio_agent.core.errors import RepositoryError
from trio_agent.git.branch import STEM, branch_names, is_stem_taken, is_taken
from trio_agent.git.host_repository import HostRepository
from trio_agent.git.user_repository import Branch, UserRepository


@dataclass(frozen=True, slots=True)
class Courier:
    """Carries commits from `host` to `user`, for one session. `taking_turns` is shared by all sessions."""

    user: UserRepository
    host: HostRepository
    session_id: str
    taking_turns: trio.Lock

    async def bring(self, head: str, branch: str, slug: str, theirs: Sequence[str] = ()) -> str:
        """Let `branch` name `head`; the branch. Where `branch` is empty, one is chosen after `slug`.

        `theirs` are commits in the history of `head` that came from the user's repository. Raises RepositoryError, fit for the
        user, where it cannot be.
        """
        # Two that choose a name at the same time would choose the same.
        async with self.taking_turns:
            return await self._bring(head, branch, slug, theirs)

    async def _bring(self, head: str, branch: str, slug: str, theirs: Sequence[str]) -> str:
        branches = await self.user.branches(STEM)
        name = branch or self._choose(slug, branches)
        present = branches.get(name)
        if present is not None and present.tip == head:
            return name
        if present is None and name.startswith(f"{STEM}/") and is_stem_taken(branches):
            raise RepositoryError(f"branch {STEM} stands in the way of {name}: rename it to get the commits")
        await self._require_movable(name, present, head)
        tip = present.tip if present is not None else ""
        await self.host.copy_history(head, [self.host.kept("base"), tip, *theirs], self.user.objects)
        # Before the branch moves: after a crash in between, we must still know our own commit.
        self.host.note_delivered(head)
        await self.user.move_branch(name, head, tip)
        return name

    def _choose(self, slug: str, branches: dict[str, Branch]) -> str:
        for name in branch_names(slug, self.session_id, branches):
            present = branches.get(name)
            # One that names a commit of ours is the one that was chosen before a crash.
            if present is not None and self.host.has_delivered(present.tip):
                return name
            if not is_taken(name, branches):
                return name
        raise AssertionError("branch names have no end")

    async def _require_movable(self, name: str, present: Branch | None, head: str) -> None:
        if present is None:
            return
        if present.checked_out:
            raise RepositoryError(
                f"branch {name} is checked out in {present.checked_out}: switch to another to get the commits"
            )
        if not self.host.has_delivered(present.tip) and not await self.host.is_ancestor(present.tip, head):
            raise RepositoryError(
                f"branch {name} has commits that are not of this session: rename it to get the session's"
            )
