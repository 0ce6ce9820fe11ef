"""Tidying: formatters on the files of a commit that the model has just made, and the model told of what they changed."""

from __future__ import annotations

from collections.abc import Sequence

from trio_agent.agent.conversation import Conversation
from trio_agent.agent.workroom import Workroom
from trio_agent.core.machine import AgentState
from trio_agent.seams import FormatFiles, Formatted

MAX_NAMED = 20

MAX_SAME = 3
"""How often the model is told of the same files in a row. A formatter that is never content would keep it busy for ever."""


class Tidying:
    """That of one session. Without `format_files`, nothing is done."""

    def __init__(self, room: Workroom, conversation: Conversation, format_files: FormatFiles | None) -> None:
        self._session = room.session
        self._workspace = room.workspace
        self._conversation = conversation
        self._format_files = format_files
        self._told = Formatted()
        self._times = 0

    async def tidy(self, files: Sequence[str]) -> None:
        """Format `files`, of the one commit that is new: from CheckingGitCommits to RunningAutoformatters. Raises StoreError.

        Where there is nothing to do, the state stays.
        """
        if self._format_files is None or not files:
            return
        self._session.enter(AgentState.RUNNING_AUTOFORMATTERS)
        formatted = await self._format_files(self._workspace, files)
        self._times = self._times + 1 if formatted == self._told else 1
        self._told = formatted
        if (text := _told(formatted)) and self._times <= MAX_SAME:
            await self._conversation.notice(text)


def _told(formatted: Formatted) -> str:
    sentences = []
    if formatted.changed:
        named = ", ".join(formatted.changed[:MAX_NAMED])
        more = f" and {len(formatted.changed) - MAX_NAMED} more" if len(formatted.changed) > MAX_NAMED else ""
        sentences.append(
            f"{' and '.join(formatted.by)} changed files of the commit just made: {named}{more}. "
            "Look at the changes, and put them into that commit (git commit --amend)."
        )
    sentences += [f"{problem}." for problem in formatted.problems]
    return " ".join(sentences)
