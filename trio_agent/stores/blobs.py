"""Blobs: files named by the SHA-256 of what they hold, below one directory: `ab/cdef…`, for fewer entries in each.

A file appears under its name whole and on the disk, or not at all. Nothing is ever changed; deleting one is the user's to do.
"""

from __future__ import annotations

import errno
import hashlib
import os
import re
import secrets
from pathlib import Path

import trio

from trio_agent.core.errors import NotFound, StoreError, StoreFull

_ID = re.compile(r"[0-9a-f]{64}", re.ASCII)


class FileBlobs:
    """Blobs in `directory`, which is made, for its owner alone, when the first one is put."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    async def put(self, data: bytes) -> str:
        return await trio.to_thread.run_sync(self._put, data)

    async def get(self, blob: str) -> bytes:
        # Nothing else becomes a path: an id comes from a URL, or from a log that was restored.
        if not _ID.fullmatch(blob):
            raise NotFound("no such blob")
        return await trio.to_thread.run_sync(self._get, blob)

    def _put(self, data: bytes) -> str:
        blob = hashlib.sha256(data).hexdigest()
        path = self._path(blob)
        if path.exists():
            return blob
        part = path.with_name(f".{secrets.token_hex(8)}.part")
        try:
            self._directory.mkdir(mode=0o700, parents=True, exist_ok=True)
            path.parent.mkdir(mode=0o700, exist_ok=True)
            try:
                _write(part, data)
                part.rename(path)
            finally:
                part.unlink(missing_ok=True)
            # The name too, or a message would survive a power loss that names a file which did not.
            _sync(path.parent)
            _sync(self._directory)
        except OSError as exc:
            full = exc.errno in (errno.ENOSPC, errno.EDQUOT)
            raise (StoreFull if full else StoreError)(f"a blob could not be kept: {exc.strerror}") from exc
        return blob

    def _get(self, blob: str) -> bytes:
        try:
            return self._path(blob).read_bytes()
        except FileNotFoundError as exc:
            raise NotFound("no such blob") from exc
        except OSError as exc:
            raise StoreError(f"a blob could not be read: {exc.strerror}") from exc

    def _path(self, blob: str) -> Path:
        return self._directory / blob[:2] / blob[2:]


def _write(path: Path, data: bytes) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    with open(descriptor, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(descriptor)


def _sync(directory: Path) -> None:
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


class MemoryBlobs:
    """Blobs that are forgotten when the process ends, beside a store that is."""

    def __init__(self) -> None:
        self._blobs: dict[str, bytes] = {}

    async def put(self, data: bytes) -> str:
        await trio.lowlevel.checkpoint()
        blob = hashlib.sha256(data).hexdigest()
        self._blobs[blob] = data
        return blob

    async def get(self, blob: str) -> bytes:
        await trio.lowlevel.checkpoint()
        try:
            return self._blobs[blob]
        except KeyError:
            raise NotFound("no such blob") from None
