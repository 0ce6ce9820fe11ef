"""What users tell the agent to do with the repository itself: `/base` and `/pull`."""

from __future__ import annotations

import trio

from trio_agent.agent.conversation import Conversation
from trio_agent.agent.progress import Progress, surveyed
from trio_agent.agent.workroom import Workroom
from trio_agent.core.errors import NotFound, RepositoryError
from trio_agent.core.message import Message
from trio_agent.seams import Newer, Ran, RunProgram, Workspace
from trio_agent.tasks import bounded

MERGE_S = 120.0
"""How long a merge may take; it runs what the repository names: hooks, filters, merge drivers."""

HASH_CHARS = 12

NOTHING_NEWER = "There is nothing to pull: the workspace has all that is committed in the repository's checkout."

# The name by which the clone knows the user's branch, and then the merge. Not `git pull`: the clone has no remote.
_MERGE = """
[ -z "$2" ] || git update-ref "refs/remotes/origin/$2" "$1" || exit
exec git merge --no-edit -m "Merge the newer commits of ${2:-the repository}" "$1"
"""


class RepositoryOrders:
    """Those of one session. `run` runs a program as the model's commands are run; without it, nothing can be pulled."""

    def __init__(
        self,
        room: Workroom,
        conversation: Conversation,
        workspace: Workspace,
        progress: Progress,
        run: RunProgram | None,
    ) -> None:
        self._session = room.session
        self._conversation = conversation
        self._workspace = workspace
        self._progress = progress
        self._run = run

    async def move_base(self, commit: str) -> None:
        """Let diff and lines be counted from `commit` on, or from HEAD where it is empty, and say so. Raises StoreError."""
        try:
            base = await self._workspace.move_base(commit)
            survey = await self._workspace.survey()
        except (NotFound, RepositoryError) as exc:
            await self._session.record(Message(type="error", content=f"The base was not moved: {exc}."))
            return
        await self._session.describe(surveyed(self._session.facts, survey), self._workspace.notes)
        text = f"What changed is counted from commit {base[:HASH_CHARS]} on."
        await self._session.record(Message(type="auto", content=text))

    async def pull(self) -> None:
        """Merge what the user has committed since into the workspace, and tell them and the model. Raises StoreError."""
        try:
            newer = await self._workspace.newer()
        except RepositoryError as exc:
            await self._session.record(Message(type="error", content=f"Nothing was pulled: {exc}."))
            return
        if newer is None or self._run is None:
            await self._session.record(Message(type="auto", content=NOTHING_NEWER))
            return
        # Noted before it begins: whoever finishes the merge, what comes in is the user's.
        self._workspace.expect(newer)
        await self._session.describe(self._session.facts, self._workspace.notes)
        ran: Ran | None = None
        with trio.move_on_after(MERGE_S) as limit, bounded(limit):
            argv = ["bash", "-c", _MERGE, "pull", newer.commit, newer.branch]
            ran = await self._run(argv, self._workspace.path)
        await self._progress.deliver()
        await self._session.describe(self._session.facts, self._workspace.notes)
        # Last: who reads it finds everything done.
        await self._conversation.notice(_told(newer, ran))


def _told(newer: Newer, ran: Ran | None) -> str:
    what = f"{newer.branch or 'the detached HEAD'} of the user's repository ({newer.commit[:HASH_CHARS]})"
    if ran is None:
        return (
            f"The user wanted {what} merged. That took longer than {MERGE_S:.0f} s and was ended; git status tells how far it "
            "came."
        )
    if not ran.exit_status:
        return f"The user had {what} merged into the workspace's branch. git said:\n{ran.output.strip()}"
    return (
        f"The user wanted {what} merged into the workspace's branch, and it did not go through. git said:\n"
        f"{ran.output.strip()}\nConflicts are in the files: resolve them and commit, or take the merge back by "
        "git merge --abort."
    )
