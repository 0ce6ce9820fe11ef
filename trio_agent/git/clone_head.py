"""Which commit a clone is at, read by hand.

What runs in the workspace can write its `.git`. A git that is run there reads that configuration, and waits for a FIFO in the
place of a file; so none is run. Source: gitrepository-layout(5), git-pack-refs(1), git-symbolic-ref(1).
"""

from __future__ import annotations

import os
import re
from pathlib import Path

import trio

from trio_agent.core.errors import RepositoryError
from trio_agent.git.plain_file import read_plain

MAX_REF_BYTES = 8192
MAX_PACKED_BYTES = 16 * 1024 * 1024

MAX_STEPS = 5
"""How many refs may lead to one another; as many as for git."""

_SYMBOLIC = re.compile(rb"ref:\s*(refs/[^\0-\x1f\x7f]*[^\0-\x20\x7f])\s*")
_HASH_CHARS = {"sha1": 40, "sha256": 64}


async def read_clone_head(git_dir: Path, object_format: str) -> str:
    """The commit HEAD names, or empty where nothing was committed yet. Looks at no object. Raises RepositoryError.

    `object_format` is sha1 or sha256.
    """
    return await trio.to_thread.run_sync(_read_head, git_dir, _HASH_CHARS[object_format])


async def read_clone_ref(git_dir: Path, object_format: str, name: str) -> str:
    """What the branch or tag called `name` names, or empty where there is none. `name` has passed for a ref's before."""
    hash_chars = _HASH_CHARS[object_format]
    for folder in ("refs/tags/", "refs/heads/", "refs/remotes/"):
        full = os.fsencode(f"{folder}{name}")
        if not _leads_astray(full) and (found := await trio.to_thread.run_sync(_follow, git_dir, hash_chars, full)):
            return found
    return ""


def _read_head(git_dir: Path, hash_chars: int) -> str:
    return _follow(git_dir, hash_chars, b"HEAD")


def _follow(git_dir: Path, hash_chars: int, name: bytes) -> str:
    for _ in range(MAX_STEPS + 1):
        value = _read_loose(git_dir, name)
        if not value and name == b"HEAD":
            raise RepositoryError(f"{git_dir} is not a git repository any more: it has no HEAD")
        value = value or _read_packed(git_dir, name)
        if not value:
            return ""
        if re.fullmatch(rb"[0-9a-f]{%d}\s*" % hash_chars, value):
            return value.strip().decode("ascii")
        symbolic = _SYMBOLIC.fullmatch(value)
        if symbolic is None or _leads_astray(symbolic[1]):
            # Not what stands there: a link on the way there may lead to a secret.
            raise RepositoryError(f"{git_dir}: {os.fsdecode(name)} names no commit and no branch")
        name = symbolic[1]
    raise RepositoryError(f"{git_dir}: {os.fsdecode(name)} leads to no commit in {MAX_STEPS} steps")


def _leads_astray(name: bytes) -> bool:
    """No ref has such a name. `.invalid` stands in HEAD where the refs are kept in another format, which is not read here."""
    return any(part in (b"", b".", b"..", b".invalid") for part in name.split(b"/"))


def _read_loose(git_dir: Path, name: bytes) -> bytes:
    path = git_dir / os.fsdecode(name)
    try:
        return read_plain(path, MAX_REF_BYTES)
    except RepositoryError as exc:
        # Empty folders stay where branches have been, and one may have the name of a branch that is packed.
        if path.is_dir() or isinstance(exc.__cause__, NotADirectoryError):
            return b""
        raise


def _read_packed(git_dir: Path, name: bytes) -> bytes:
    for line in read_plain(git_dir / "packed-refs", MAX_PACKED_BYTES).split(b"\n"):
        value, _, packed = line.partition(b" ")
        if packed == name:
            return value
    return b""
