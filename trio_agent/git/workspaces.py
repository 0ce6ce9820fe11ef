"""Making a session's workspace, and finding it again.

Under `workspaces/` in the data directory, a session has `ID`, its clone, and `ID.git`, the git directory of our own. Both are
made under another name and renamed, the clone last: where it stands, everything stands.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path

import structlog
import trio

from trio_agent.core.errors import NotFound, RepositoryError
from trio_agent.git.apart import private_inside
from trio_agent.git.branch import STEM
from trio_agent.git.clone import (
    DETACHED_BRANCH,
    check_out,
    commit_changes,
    count_changes,
    make_clone,
    users_files,
)
from trio_agent.git.clone_head import read_clone_head, read_clone_ref
from trio_agent.git.command import deadline
from trio_agent.git.deletion import delete_tree
from trio_agent.git.delivery import Courier
from trio_agent.git.folder_workspace import FolderWorkspace
from trio_agent.git.host_repository import HostRepository, make_host_repository
from trio_agent.git.user_repository import UserRepository, find_repository
from trio_agent.git.workspace import COMMIT, NOTES, UNKNOWN, GitWorkspace
from trio_agent.seams import Workspace

OPEN_S = 600.0
"""How long making a workspace may take: it writes every file of the repository once."""

COUNT_S = 30.0
"""How long counting what is left out may take: git looks at every file of the repository once."""

_DELETED = ".deleted"
_SESSION_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,99}")

logger = structlog.get_logger(__name__)


class RepositoryWorkspaces:
    """Workspaces for sessions on `repository`, a folder of the user's. Implements `Workspaces`.

    Each session has a clone under `data_dir`, unless `in_place`: then all work in the repository itself. `with_changes` brings
    the repository's uncommitted changes into the clone as a first commit. A folder without git is worked in as it is. What is
    `private` must not stand in a folder that is worked in itself.
    """

    def __init__(
        self,
        repository: Path,
        data_dir: Path,
        *,
        in_place: bool = False,
        with_changes: bool = False,
        private: Sequence[Path] = (),
    ) -> None:
        self._repository = repository.resolve()
        self._data_dir = data_dir.resolve()
        self._folder = self._data_dir / "workspaces"
        self._in_place = in_place
        self._with_changes = with_changes
        self._private = private
        self._delivering = trio.Lock()
        self._swept = False
        self._discarding: set[str] = set()

    async def open(self, session_id: str, notes: Mapping[str, str]) -> Workspace:
        """The session's workspace; made where `notes` are empty, or what they tell of is gone.

        The notes name the repository and the kind of workspace, so that a session stays what it was, whatever this program
        was started with later. Raises RepositoryError.
        """
        self._require_id(session_id)
        repository = Path(notes.get("repository", self._repository))
        with deadline(OPEN_S):
            if not _is_there(repository):
                raise RepositoryError(f"the session's repository {repository} is gone")
            user = await find_repository(repository)
            kind = notes.get("kind") or self._kind(user)
            kept = {"kind": kind, "repository": str(repository), "fork": notes.get("fork", "")}
            if kind == "folder":
                await self._require_apart(repository)
                return FolderWorkspace(repository, kept)
            if user is None:
                raise RepositoryError(f"{repository} is no git repository any more")
            kept |= {name: notes.get(name, "") for name in NOTES}
            await trio.to_thread.run_sync(_make_private, self._folder)
            await self._sweep()
            if kind == "in_place":
                return await self._open_in_place(session_id, user, kept)
            return await self._open_clone(session_id, user, kept)

    def fork(self, notes: Mapping[str, str], commit: str) -> dict[str, str]:
        """See `Workspaces.fork`. What changed is told since the session that it came from began."""
        place = {name: notes[name] for name in ("kind", "repository") if name in notes}
        began = notes.get("initial_commit", "")
        start = commit if COMMIT.fullmatch(commit) else began
        return {**place, "base": notes.get("base", "") or began, "fork": start or UNKNOWN}

    async def remove(self, session_id: str) -> None:
        """Delete what was made for the session; safe to repeat. Raises NotFound for what cannot be a session's name.

        Raises OSError for what cannot be deleted; all else is, and the rest is tried again when this program next starts.
        """
        self._require_id(session_id)
        await self._discard(session_id)

    def _kind(self, user: UserRepository | None) -> str:
        if user is None:
            return "folder"
        return "in_place" if self._in_place else "clone"

    async def _open_in_place(self, session_id: str, user: UserRepository, notes: dict[str, str]) -> Workspace:
        if user.top is None:
            raise RepositoryError(f"{user.git_dir} has no work tree to work in: leave out --in-place")
        await self._require_apart(user.top)
        host = HostRepository(self._folder / f"{session_id}.git")
        if not _is_there(host.path):
            await self._discard(session_id)
            making = await self._make_host(session_id, user, [user.objects])
            making.keep("initial", notes["initial_commit"] or await user.head())
            making.path.rename(host.path)
        notes["initial_commit"] = host.kept("initial")
        return GitWorkspace(user.top, user.head, user.find_ref, user, host, None, notes)

    async def _open_clone(self, session_id: str, user: UserRepository, notes: dict[str, str]) -> Workspace:
        path = self._folder / session_id
        host = HostRepository(self._folder / f"{session_id}.git")
        if not _is_there(path) or not _is_there(host.path):
            await self._discard(session_id)
            await self._make_clone(session_id, user, notes)
        notes["initial_commit"] = host.kept("initial")
        # Clones of earlier versions have no such word.
        notes["left_out"] = host.kept("left-out") if host.has_kept("left-out") else ""
        read_head = partial(read_clone_head, path / ".git", user.object_format)
        read_ref = partial(read_clone_ref, path / ".git", user.object_format)
        courier = Courier(user, host, session_id, self._delivering)
        return GitWorkspace(path, read_head, read_ref, user, host, courier, notes)

    async def _make_clone(self, session_id: str, user: UserRepository, notes: dict[str, str]) -> None:
        path = self._folder / session_id
        making = self._folder / f"{session_id}.making"
        # The clone's objects under the name that they are about to have.
        host = await self._make_host(session_id, user, [path / ".git" / "objects", user.objects])
        start = initial = await user.head()
        delivered = (await user.branches(STEM)).get(notes["branch"])
        forked = delivered is None and await user.has_commit(notes["fork"])
        if forked:
            start = initial = notes["fork"]
        elif notes["fork"]:
            # What it was to be compared with may be gone too.
            notes["base"] = ""
        if delivered is not None:
            # The clone is gone, but not what it delivered: go on from there.
            start, initial = delivered.tip, notes["initial_commit"]
        await make_clone(user, making, start, await user.branch() or DETACHED_BRANCH)
        host.keep("base", start)
        if delivered is None and user.top is not None and not forked:
            if self._with_changes:
                initial = await commit_changes(user, user.top, making, host, self._data_dir) or initial
            else:
                host.keep("left-out", await self._count_left_out(user, user.top, start, host))
        host.keep("initial", initial)
        await check_out(making, host)
        host.path.rename(self._folder / f"{session_id}.git")
        making.rename(path)

    async def _count_left_out(self, user: UserRepository, top: Path, head: str, host: HostRepository) -> str:
        try:
            with deadline(COUNT_S):
                return str(await count_changes(user, top, head, host, self._data_dir))
        except RepositoryError as exc:
            # They are left out either way; that nobody is told how many is no reason not to work.
            logger.warning("changes_not_counted", repository=str(top), reason=str(exc))
            return ""

    async def _make_host(self, session_id: str, user: UserRepository, borrowed: Sequence[Path]) -> HostRepository:
        shallow, excludes = await trio.to_thread.run_sync(users_files, user)
        return await make_host_repository(
            self._folder / f"{session_id}.git.making",
            object_format=user.object_format,
            borrowed=borrowed,
            shallow=shallow,
            excludes=excludes,
            excludes_file=user.excludes_file,
        )

    async def _discard(self, session_id: str) -> None:
        """Delete all that stands under the session's name, whole or half made. Raises OSError, the first of them."""
        failed: list[OSError] = []
        names = (session_id, f"{session_id}.making", f"{session_id}.git", f"{session_id}.git.making")
        self._discarding.update(names)
        try:
            for name in names:
                try:
                    await trio.to_thread.run_sync(_delete, self._folder / name)
                except OSError as exc:
                    failed.append(exc)
        finally:
            self._discarding.difference_update(names)
        if failed:
            raise failed[0]

    async def _sweep(self) -> None:
        """Once: delete what was to be deleted before, and could not be, or not to its end."""
        if self._swept:
            return
        self._swept = True
        for doomed in await trio.to_thread.run_sync(_left_over, self._folder):
            if doomed.name.removesuffix(_DELETED) in self._discarding:
                continue
            try:
                await trio.to_thread.run_sync(delete_tree, doomed)
            except OSError as exc:
                # No reason not to work; but it takes room, and nobody would know of it.
                logger.warning("workspace_not_deleted", path=str(doomed), reason=str(exc))

    async def _require_apart(self, folder: Path) -> None:
        if (inside := await trio.to_thread.run_sync(private_inside, folder, self._private)) is not None:
            raise RepositoryError(f"{folder} holds this program's own {inside}, so nothing is done in it")

    def _require_id(self, session_id: str) -> None:
        if not _SESSION_ID.fullmatch(session_id):
            raise NotFound(f"no session is named {session_id[:100]!r}")


def _is_there(path: Path) -> bool:
    return path.is_dir()


def _make_private(folder: Path) -> None:
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)


def _delete(folder: Path) -> None:
    # The name goes first: what a crash leaves half deleted is then never taken for a workspace.
    doomed = folder.with_name(f"{folder.name}{_DELETED}")
    if doomed.is_dir():
        delete_tree(doomed)
    if folder.is_dir():
        folder.rename(doomed)
        delete_tree(doomed)


def _left_over(folder: Path) -> list[Path]:
    return [path for path in folder.glob(f"*{_DELETED}") if path.is_dir() and not path.is_symlink()]
