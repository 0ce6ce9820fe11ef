"""Something that answers users. Part of the seams."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Protocol, runtime_checkable

from trio_agent.core.message import Message
from trio_agent.seams.changes import Changes, FileContent, FilePatch
from trio_agent.seams.session import SessionHandle


class Attendant(Protocol):
    """An agent at work in one session."""

    async def turn(self, prompts: Sequence[Message]) -> None:
        """Answer the user's messages, which are in the log already, by recording messages of its own.

        Cancelled where a user stops the turn: it then leaves nothing running, and records within a shielded scope what
        was not finished. An exception ends the turn as an `error` message; the session lives on.
        """
        ...

    async def diff(self, commit: str) -> str:
        """What changed since the session began, or in `commit` (hex) where given: a unified diff. Raises NotFound."""
        ...


@runtime_checkable
class ShowsFiles(Protocol):
    """An Attendant that works on files, and lets its users look at them. Raises NotFound, RepositoryError.

    See `Workspace` for `changes`, `patch` and `names`.
    """

    async def changes(self, commit: str) -> Changes: ...

    async def patch(self, commit: str, path: str, old_path: str, *, ignore_space: bool) -> FilePatch: ...

    async def content(self, commit: str, path: str) -> FileContent:
        """A file as it is in `commit`, or as it is now where that is empty."""
        ...

    async def names(self) -> Sequence[str]: ...


@runtime_checkable
class Preparing(Protocol):
    """An Attendant that looks at the user's words before they become a turn."""

    async def prepare(self, prompts: Sequence[Message]) -> Sequence[Message]:
        """Do what is not for the model (commands, summing up a long history); the prompts that are left for `turn`.

        Called in the state WaitingForUserInput, and left in it. Where nothing is left, there is no turn. Cancelled and failing
        like a turn.
        """
        ...


class Agent(Protocol):
    """Something that answers users, in any number of sessions."""

    def attend(self, session: SessionHandle, history: Sequence[Message]) -> AbstractAsyncContextManager[Attendant]:
        """Begin, or go on after a restart, to work in `session`, whose log so far is `history`."""
        ...

    async def forget(self, session_id: str) -> None:
        """The session was deleted, and is attended no more: remove what was kept for it outside its log."""
        ...


@runtime_checkable
class Forking(Protocol):
    """An Agent that keeps notes of where a session works, from which a fork of it finds its place."""

    def fork(self, notes: Mapping[str, str], history: Sequence[Message]) -> dict[str, str]:
        """The notes of a session that begins with `history`, which the session with `notes` began with too."""
        ...
