"""Files of a repository's `.git` that are read here and not by git: none is waited for, and none is read without end.

A repository can come from anywhere, with anything in the place of a file: a FIFO, which is waited for until somebody writes to
it, a device without an end, or a link, by which a secret of the user's would be copied to where the model reads it.
"""

from __future__ import annotations

import os
import shutil
import stat
from pathlib import Path

from trio_agent.core.errors import RepositoryError


def read_plain(path: Path, max_bytes: int) -> bytes:
    """What is in the file, or nothing where there is none. Raises RepositoryError for what is no plain file or too large."""
    descriptor = _open(path, max_bytes)
    if descriptor is None:
        return b""
    with os.fdopen(descriptor, "rb") as file:
        return file.read(max_bytes)


def copy_plain(path: Path, to: Path, max_bytes: int) -> int:
    """Copy the file, if there is one; its size in bytes. Raises like `read_plain`."""
    descriptor = _open(path, max_bytes)
    if descriptor is None:
        return 0
    with os.fdopen(descriptor, "rb") as file, to.open("wb") as copy:
        shutil.copyfileobj(file, copy)
        return copy.tell()


def require_no_special(path: str) -> None:
    """For what git reads by itself (may begin with `~`): raises RepositoryError where it would wait for the end of a FIFO."""
    try:
        mode = os.stat(os.path.expanduser(path)).st_mode
    except (OSError, ValueError):
        return  # not there, or out of reach: git passes over it
    if not (stat.S_ISREG(mode) or stat.S_ISDIR(mode)):
        raise RepositoryError(f"{path} is not a plain file")


def _open(path: Path, max_bytes: int) -> int | None:
    try:
        # Without O_NONBLOCK, to open a FIFO is to wait for its other end.
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC)
    except FileNotFoundError:
        return None
    except OSError as exc:
        if path.is_symlink():
            raise RepositoryError(f"{path} is a link: put the file itself in its place") from exc
        raise RepositoryError(f"{path} cannot be read: {exc.strerror}") from exc
    facts = os.fstat(descriptor)
    problem = ""
    if not stat.S_ISREG(facts.st_mode):
        problem = f"{path} is not a plain file"
    elif facts.st_size > max_bytes:
        problem = f"{path} is larger than {max_bytes // 1024**2} MiB"
    if problem:
        os.close(descriptor)
        raise RepositoryError(problem)
    return descriptor
