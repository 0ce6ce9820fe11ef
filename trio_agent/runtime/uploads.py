"""Uploads: the files that users bring into a session, before and after a message names them.

A file is written down in the session's record before its bytes are kept. So bytes that nobody asks for any more are found when
the session is deleted, and a process that dies in between leaves no more than a name without them.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import TYPE_CHECKING

import trio

from trio_agent.core.errors import InvalidContent, NotFound
from trio_agent.core.media_types import TEXT_TYPE, media_type_of
from trio_agent.core.prompts import AttachedFile
from trio_agent.core.wire import clean
from trio_agent.seams import Blobs, Upload

if TYPE_CHECKING:
    from trio_agent.runtime.session import Session

MAX_FILE_BYTES = 10 * 1024 * 1024
MAX_SESSION_BYTES = 200 * 1024 * 1024
MAX_SESSION_FILES = 1000

MAX_FILES = 10
"""Of one message."""

MAX_TEXT_CHARS = 32_000
"""Of one text file, in a message: some 8,000 tokens."""

MAX_MESSAGE_CHARS = 96_000
"""Of all text files of one message."""

MAX_NAME_CHARS = 120


class Uploads:
    """The files brought into `session`."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._taking = trio.Lock()

    async def take(self, data: bytes, blobs: Blobs) -> tuple[str, Upload]:
        """Keep a file; its blob, and what it is. The same bytes again are the same file.

        Raises InvalidContent for an empty file, and where the session has no room for it; Conflict, StoreError.
        """
        if not data:
            raise InvalidContent("the file is empty")
        blob, media_type = await trio.to_thread.run_sync(_look_at, data)
        upload = Upload(size=len(data), media_type=media_type)
        # One at a time: two that were weighed against the same sum could be too much together.
        async with self._taking:
            known = self._session.kept.uploads
            if blob not in known:
                left = MAX_SESSION_BYTES - sum(each.size for each in known.values())
                if len(data) > left or len(known) >= MAX_SESSION_FILES:
                    raise InvalidContent(
                        f"a session keeps {MAX_SESSION_FILES:,} files of {MAX_SESSION_BYTES // 2**20} MiB together at most, "
                        "and this one is too much; begin a new session"
                    )
                await self._session.keep(uploads={**known, blob: upload})
            await blobs.put(data)
        return blob, upload

    async def attach(self, wanted: Sequence[tuple[str, str]], blobs: Blobs) -> tuple[AttachedFile, ...]:
        """The files that a message names, each by its blob and the name that the user knows it by, with the text in them.

        Raises InvalidContent for too many, and for one that was not brought into this session; StoreError.
        """
        if len(wanted) > MAX_FILES:
            raise InvalidContent(f"a message takes {MAX_FILES} files at most")
        left = MAX_MESSAGE_CHARS
        files = []
        for blob, name in wanted:
            upload = self._session.kept.uploads.get(blob)
            if upload is None:
                raise InvalidContent("a message can name files only that were brought into its session")
            text, cut = await _text_of(blob, upload, min(left, MAX_TEXT_CHARS), blobs)
            left -= len(text)
            files.append(
                AttachedFile(
                    blob=blob,
                    name=plain_name(name),
                    media_type=upload.media_type,
                    size=upload.size,
                    text=text,
                    cut=cut,
                )
            )
        return tuple(files)


async def _text_of(blob: str, upload: Upload, most: int, blobs: Blobs) -> tuple[str, bool]:
    if upload.media_type != TEXT_TYPE:
        return "", False
    try:
        data = await blobs.get(blob)
    except NotFound as exc:
        raise InvalidContent("a file of this message is no longer kept; attach it again") from exc
    # A character has four bytes at most; the last one may be cut in two.
    text = data[: most * 4].decode("utf-8", "ignore")[:most]
    return text, len(text.encode()) < len(data)


def _look_at(data: bytes) -> tuple[str, str]:
    return hashlib.sha256(data).hexdigest(), media_type_of(data)


def plain_name(name: str) -> str:
    """The last part of a path, without what would break a line or hide: it is told to the model."""
    last = clean(name).replace("\\", "/").rpartition("/")[2]
    shown = "".join(character if character.isprintable() else " " for character in last)
    return " ".join(shown.split())[:MAX_NAME_CHARS] or "file"
