"""What came of a session's work so far: its commits brought to the user and told of, the facts of it kept.

The workspace gives each commit out once. What it gave out is recorded before anything else can happen: a turn can be cancelled
at any moment, and a commit that was given out and not told would never be told.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence

import msgspec
import trio

from trio_agent.core.errors import RepositoryError, RepositoryStalled
from trio_agent.core.message import Message
from trio_agent.core.state import Facts
from trio_agent.seams import Delivery, SessionHandle, Survey, Workspace

TELL_S = 10.0  # for recording two messages; a store that takes longer is broken


def surveyed(facts: Facts, survey: Survey) -> Facts:
    """`facts` with what `survey` tells."""
    return msgspec.structs.replace(
        facts,
        initial_commit=survey.initial_commit,
        git_origin=survey.origin,
        diff_lines_added=survey.lines_added,
        diff_lines_removed=survey.lines_removed,
    )


async def first_survey(workspace: Workspace) -> tuple[Survey, RepositoryError | None]:
    """How the workspace stands, and what git complained of: an empty survey then.

    What runs in the workspace can break its git repository. That ends no session: the model can mend it.
    """
    try:
        return await workspace.survey(), None
    except RepositoryError as exc:
        return Survey(), exc


def left_out(survey: Survey) -> str:
    """What is to be said of changes that did not come along; empty where there are none."""
    if not survey.left_out:
        return ""
    files = "1 file has" if survey.left_out == 1 else f"{survey.left_out} files have"
    return (
        f"{files} changes in the repository that are not committed. This session works on a clone of the last commit, without "
        "them. Start trio-agent with --with-changes to bring such changes along."
    )


def forked(survey: Survey) -> str:
    """What is to be said of the files of a session that was forked; empty where it was not."""
    commit = survey.fork_commit[:12]
    match survey.fork:
        case "found":
            return (
                f"This session was forked. Its files are those of commit {commit}, the last before the message where it was "
                "forked; what was not committed by then is not among them."
            )
        case "lost":
            asked = (
                f"The commit {commit} where it was forked is not in the repository" if commit else "Nobody knows where"
            )
            return f"This session was forked. {asked}, so its files are those of the repository's last commit."
        case "shared":
            return "This session was forked. It works in the same folder as the one it came from, on the files as they are."
        case "":
            return ""


class Progress:
    """Tells of the work in `workspace`. `history` is the log so far; `notice` tells people, and the model too."""

    def __init__(
        self,
        session: SessionHandle,
        history: Sequence[Message],
        workspace: Workspace,
        notice: Callable[[str], Awaitable[None]],
    ) -> None:
        self._session = session
        self._workspace = workspace
        self._notice = notice
        # What was told before the process died, but after it was last kept what was told.
        self._told = {commit.hash for message in history for commit in message.commits}
        self._told_troubles = {message.content for message in history if message.type in ("error", "auto")}
        self._trouble = ""
        self._kept = session.facts

    async def begin(self, trouble: RepositoryError | None) -> None:
        """Tell of `trouble`, unless the log does: a session can be taken up often with the same."""
        if str(trouble) in self._told_troubles:
            self._trouble = str(trouble)
        elif trouble is not None:
            await self._tell_trouble(trouble)

    async def deliver(self) -> tuple[str, ...]:
        """Bring new commits to the user's repository, and say so. What git refuses is told, and ends nothing.

        Returns the files of the commit that is new, where it is the only one.
        """
        files: tuple[str, ...] = ()
        try:
            delivery = await self._workspace.deliver(self._session.facts.slug)
            files = delivery.files
            with trio.move_on_after(TELL_S, shield=True):
                await self._tell(delivery)
            survey = await self._workspace.survey()
        except RepositoryError as exc:
            await self._tell_trouble(exc)
            return files
        self._trouble = ""
        await self._keep(surveyed(self._session.facts, survey))
        return files

    async def _tell(self, delivery: Delivery) -> None:
        if delivery.branch:
            self._session.show(msgspec.structs.replace(self._session.facts, branch_name=delivery.branch))
        commits = tuple(commit for commit in delivery.commits if commit.hash not in self._told)
        if commits:
            await self._session.record(Message(type="commit", commits=commits))
            self._told |= {commit.hash for commit in commits}
        if delivery.late:
            text = f"The commits that had not arrived are on branch {delivery.branch} of the repository now."
            await self._session.record(Message(type="auto", content=text))
        if delivery.problem:
            await self._session.record(Message(type="error", content=delivery.problem))
        if delivery != Delivery():
            self._kept = self._session.facts
            await self._session.describe(self._kept, self._workspace.notes)

    async def _tell_trouble(self, trouble: RepositoryError) -> None:
        """Once: a repository that is broken is so after every batch of tools."""
        if (text := str(trouble)) == self._trouble:
            return
        if isinstance(trouble, RepositoryStalled):
            # The model can mend it at once, and each look at the files waits until it does.
            await self._notice(text)
        else:
            await self._session.record(Message(type="error", content=text))
        self._trouble = text

    async def _keep(self, facts: Facts) -> None:
        """What tools and answers have shown since goes along: the list of things to do, the context used."""
        if facts != self._kept:
            await self._session.describe(facts)
            self._kept = facts
