"""Deleting what a session leaves, however it looks: of any depth, with folders that may not be written to, with mounts in it.

Folders within folders are moved to the top and emptied there. So no path is longer than one name, no recursion is deep, and
three descriptors are enough, where a tree can be deeper than the system's limits for all of these. Links are never followed.
All of it blocks: callers run it in a thread.
"""

from __future__ import annotations

import errno
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_FOLDER = os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC


def delete_tree(folder: Path) -> None:
    """Delete `folder` and all that is in it. Raises OSError, the first of them; what can be deleted is, all the same."""
    device = folder.lstat().st_dev
    _make_ours(str(folder), None, device)
    failed: list[OSError] = []
    with _opened(str(folder), None) as top:
        folders = _emptied(top, device, failed)
        while folders:
            name = folders.pop()
            try:
                with _opened(name, top) as within:
                    for below in _emptied(within, device, failed):
                        try:
                            folders.append(_moved(below, within, top))
                        except OSError as exc:
                            failed.append(exc)
                os.rmdir(name, dir_fd=top)
            except OSError as exc:
                failed.append(exc)
    if failed:
        raise failed[0]
    folder.rmdir()


def _emptied(folder: int, device: int, failed: list[OSError]) -> list[str]:
    """Delete the files in the open folder; the names of the folders in it, each made open to us."""
    with os.scandir(folder) as entries:
        listed = [(entry.name, entry.is_dir(follow_symlinks=False)) for entry in entries]
    folders: list[str] = []
    for name, is_folder in listed:
        try:
            if is_folder:
                _make_ours(name, folder, device)
                folders.append(name)
            else:
                os.unlink(name, dir_fd=folder)
        except OSError as exc:
            failed.append(exc)
    return folders


def _moved(name: str, within: int, top: int) -> str:
    """Move the folder `name` to the open folder `top`; its name there."""
    # Of 64 random bits, so that it is nobody else's there: an empty folder of that name would be swallowed.
    new = secrets.token_hex(8)
    os.rename(name, new, src_dir_fd=within, dst_dir_fd=top)
    return new


@contextmanager
def _opened(name: str, within: int | None) -> Iterator[int]:
    descriptor = os.open(name, os.O_RDONLY | _FOLDER, dir_fd=within)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def _make_ours(name: str, within: int | None, device: int) -> None:
    # Tools leave folders that may not be written to (module caches do): what they hold could not be deleted, nor they moved.
    # By a descriptor that names the folder alone: a link in its place would lead to folders of the user's.
    handle = os.open(name, os.O_PATH | _FOLDER, dir_fd=within)
    try:
        if os.fstat(handle).st_dev != device:
            # Something is mounted there, and what it holds is not ours to delete.
            raise OSError(errno.EBUSY, os.strerror(errno.EBUSY), name)
        os.chmod(f"/proc/self/fd/{handle}", 0o700)
    finally:
        os.close(handle)
