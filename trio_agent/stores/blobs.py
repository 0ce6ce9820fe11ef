"""Blobs: files named by the SHA-256 of what they hold, below one directory: `ab/cdef…`, for fewer entries in each.

A file appears under its name whole and on the disk, or not at all. Nothing is ever changed; a blob goes with the last session
that refers to it.
"""

from __future__ import annotations

import errno
import hashlib
import math
import os
import re
import secrets
import threading
from collections.abc import Collection
from pathlib import Path

import trio

from trio_agent.core.errors import NotFound, StoreError, StoreFull

_ID = re.compile(r"[0-9a-f]{64}", re.ASCII)


class FileBlobs:
    """Blobs in `directory`, which is made, for its owner alone, when the first one is put."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._put_at: dict[str, float] = {}
        self._looking = threading.Lock()

    async def put(self, data: bytes) -> str:
        return await trio.to_thread.run_sync(self.write, data, trio.current_time())

    async def get(self, blob: str) -> bytes:
        return await trio.to_thread.run_sync(self.read, blob)

    async def remove(self, blobs: Collection[str], before: float) -> None:
        await trio.to_thread.run_sync(self._remove, [blob for blob in blobs if _ID.fullmatch(blob)], before)

    def write(self, data: bytes, now: float = 0.0) -> str:
        """`put` for who has no event loop. `now` is Trio's clock."""
        blob = hashlib.sha256(data).hexdigest()
        path = self._path(blob)
        with self._looking:
            # Before it is looked for: who deletes it at this moment has either done so, and it is written anew, or leaves it.
            self._put_at[blob] = now
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

    def read(self, blob: str) -> bytes:
        """`get` for who has no event loop."""
        # Nothing else becomes a path: an id comes from a URL, or from a log that was restored.
        if not _ID.fullmatch(blob):
            raise NotFound("no such blob")
        try:
            return self._path(blob).read_bytes()
        except FileNotFoundError as exc:
            raise NotFound("no such blob") from exc
        except OSError as exc:
            raise StoreError(f"a blob could not be read: {exc.strerror}") from exc

    def _remove(self, blobs: Collection[str], before: float) -> None:
        for blob in blobs:
            with self._looking:
                if self._put_at.get(blob, -math.inf) >= before:
                    continue
                try:
                    self._path(blob).unlink(missing_ok=True)
                except OSError as exc:
                    raise StoreError(f"a blob could not be deleted: {exc.strerror}") from exc

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
        self._put_at: dict[str, float] = {}

    async def put(self, data: bytes) -> str:
        await trio.lowlevel.checkpoint()
        blob = hashlib.sha256(data).hexdigest()
        self._blobs[blob], self._put_at[blob] = data, trio.current_time()
        return blob

    async def remove(self, blobs: Collection[str], before: float) -> None:
        await trio.lowlevel.checkpoint()
        for blob in blobs:
            if self._put_at.get(blob, math.inf) < before:
                del self._blobs[blob], self._put_at[blob]

    async def get(self, blob: str) -> bytes:
        await trio.lowlevel.checkpoint()
        try:
            return self._blobs[blob]
        except KeyError:
            raise NotFound("no such blob") from None
