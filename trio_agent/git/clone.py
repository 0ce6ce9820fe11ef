"""Making a session's clone of the user's repository.

Made by hand, not by `git clone`, which runs git in the source repository under the source's config. Nothing is copied but
refs: objects are borrowed, hooks and config stay where they are, and there is no remote, so that no push can lead back.
Filters (of Git LFS, say) are not run: such files arrive as what is committed.
"""

from __future__ import annotations

import os
import shutil
from dataclasses import replace
from pathlib import Path

import trio

from trio_agent.core.errors import RepositoryError
from trio_agent.git.command import Git
from trio_agent.git.host_repository import HostRepository, fill, init
from trio_agent.git.plain_file import copy_plain, read_plain
from trio_agent.git.user_repository import UserRepository

DETACHED_BRANCH = "work"
"""The clone's branch where the user's repository has none checked out."""

CHANGES_SUBJECT = "Uncommitted changes"

MAX_LIST_BYTES = 16 * 1024 * 1024

MAX_INDEX_BYTES = 1024 * 1024 * 1024
"""An index has about 100 bytes a file."""

MAX_SHARED_INDEXES = 64

CLONE_CONFIG = {
    # Whoever signs is at their own keyboard: a prompt for a passphrase would hang the session.
    "commit.gpgSign": "false",
    "tag.gpgSign": "false",
    # No process of git's own making outlives a command.
    "gc.auto": "0",
    "maintenance.auto": "false",
}


async def make_clone(user: UserRepository, path: Path, start: str, branch: str) -> None:
    """A clone at `path`, which must not exist, on `branch` at commit `start` (empty: no commit yet). No files yet."""
    await init(path, user.object_format, f"--initial-branch={branch}")
    shallow, excludes = await trio.to_thread.run_sync(users_files, user)
    await trio.to_thread.run_sync(fill, path / ".git", [user.objects], shallow, excludes)
    git = clone_git(path)
    settings = {"user.name": user.name, "user.email": user.email, **CLONE_CONFIG}
    for key, value in settings.items():
        await git.run("config", key, value)
    await _copy_refs(user, git)
    if start:
        await git.run("update-ref", f"refs/heads/{branch}", start)


async def check_out(path: Path, host: HostRepository) -> None:
    """Write the files of the clone at `path`, made just now, and let our index know that they are unchanged."""
    git = clone_git(path)
    if await _is_unborn(git):
        return
    await git.run("reset", "--quiet", "--hard", "HEAD")
    await trio.to_thread.run_sync(shutil.copyfile, path / ".git" / "index", host.index)


async def count_changes(user: UserRepository, top: Path, head: str, host: HostRepository, apart: Path) -> int:
    """How many files in `top`, but for what lies in `apart`, are not as commit `head` has them."""
    git = await _over_users_files(user, top, host)
    paths = set(await _changed(git, top, apart))
    if head:
        staged = await git.run(
            "diff-index", "--cached", "-z", "--name-only", "--no-ext-diff", "--ignore-submodules=dirty", head, "--"
        )
    else:
        staged = await git.run("ls-files", "-z")
    return len(paths | {name for name in staged.stdout.split(b"\0") if name})


async def commit_changes(user: UserRepository, top: Path, path: Path, host: HostRepository, apart: Path) -> str:
    """Commit the uncommitted changes in `top`, but for what lies in `apart`, into the clone at `path`, on its branch.

    The commit, or empty without changes. Read with the host's git directory, a copy of the user's index, and the clone's
    objects to write into.
    """
    git = await _over_users_files(user, top, host)
    git = replace(
        git,
        config={**git.config, "user.name": user.name, "user.email": user.email},
        environment={**git.environment, "GIT_OBJECT_DIRECTORY": str(path / ".git" / "objects")},
    )
    paths = await _changed(git, top, apart)
    await git.run(
        "update-index", "--add", "--remove", "-z", "--stdin", stdin=b"".join(b"%b\0" % name for name in paths)
    )
    tree = (await git.run("write-tree")).text
    parent = await user.head()
    if parent and tree == (await git.run("rev-parse", "--verify", f"{parent}^{{tree}}")).text:
        return ""
    if not parent and not (await git.run("ls-tree", tree)).text:
        return ""
    commit = (await git.run("commit-tree", tree, *(("-p", parent) if parent else ()), "-m", CHANGES_SUBJECT)).text
    await clone_git(path).run("update-ref", "HEAD", commit)
    return commit


def clone_git(path: Path) -> Git:
    """git in the clone's own directory: to make it, and for nothing else. Once it is made, it belongs to the model."""
    return Git(directory=path, git_dir=path / ".git", work_tree=path)


def users_files(user: UserRepository) -> tuple[bytes, bytes]:
    """Where the user's history ends if it is shallow, and what it ignores beside the `.gitignore` files."""
    return (
        read_plain(user.common_dir / "shallow", MAX_LIST_BYTES),
        read_plain(user.common_dir / "info" / "exclude", MAX_LIST_BYTES),
    )


async def _over_users_files(user: UserRepository, top: Path, host: HostRepository) -> Git:
    index = host.path / "changes.index"
    await trio.to_thread.run_sync(_copy_index, user.git_dir, index)
    return host.over(top, index)


async def _changed(git: Git, top: Path, apart: Path) -> list[bytes]:
    """Files that differ from the index, and new ones. By plumbing, for the reason that `comparison.py` gives."""
    changed = await git.run("diff-files", "-z", "--name-only", "--ignore-submodules=dirty")
    new = await git.run("ls-files", "-z", "--others", "--exclude-standard")
    # Our own data may lie in the repository: the token, and what was said in every session.
    ours = os.fsencode(apart.relative_to(top)) + b"/" if apart.is_relative_to(top) else None
    names = (changed.stdout + new.stdout).split(b"\0")
    return [
        name for name in names if name and not name.endswith(b"/") and not (ours is not None and name.startswith(ours))
    ]


async def _copy_refs(user: UserRepository, git: Git) -> None:
    """Tags as they are, branches as those of `origin`: versions are told from tags, and changes from other branches."""
    refs = await user.refs()
    names = "".join(f"{object_name}\n" for object_name in refs.values())
    # One ref to a missing object would make git refuse all of them.
    checked = await git.run("cat-file", "--batch-check=%(objectname)", stdin=names.encode())
    missing = {line.split(" ")[0] for line in checked.text.splitlines() if line.endswith(" missing")}
    commands = [
        f"create {name.replace('refs/heads/', 'refs/remotes/origin/', 1)}\0{object_name}\0"
        for name, object_name in refs.items()
        if object_name not in missing
    ]
    await git.run("update-ref", "-z", "--stdin", stdin="".join(commands).encode())


async def _is_unborn(git: Git) -> bool:
    return (await git.run("rev-parse", "--quiet", "--verify", "HEAD", accept=(0, 1))).status != 0


def _copy_index(git_dir: Path, to: Path) -> None:
    copy_plain(git_dir / "index", to, MAX_INDEX_BYTES)
    room = MAX_INDEX_BYTES
    # A split index (git-update-index(1)) keeps most of itself in a second file beside it; git clears old ones away.
    for number, part in enumerate(git_dir.glob("sharedindex.*")):
        if number == MAX_SHARED_INDEXES:
            raise RepositoryError(f"{git_dir} holds more than {MAX_SHARED_INDEXES} shared indexes")
        room -= copy_plain(part, to.with_name(part.name), room)
