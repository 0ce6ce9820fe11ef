"""The blobs of a session that is deleted: they go with it, but for those that another session refers to."""

from __future__ import annotations

import trio

from trio_agent.core.blob_names import blobs_named
from trio_agent.runtime.log import CHUNK_BYTES, READ_ENTRIES
from trio_agent.seams import Blobs, Store


async def blobs_of(store: Store, log: str) -> set[str]:
    """The blobs that messages of `log` refer to. Raises StoreError."""
    found: set[str] = set()
    at = unyielded = 0
    while entries := await store.read(log, at, at + READ_ENTRIES):
        at += len(entries)
        for entry in entries:
            found |= blobs_named(entry.wire)
            unyielded += len(entry.wire)
            if unyielded >= CHUNK_BYTES:
                await trio.lowlevel.checkpoint()
                unyielded = 0
    return found


async def forget_blobs(store: Store, blobs: Blobs, named: set[str], before: float) -> None:
    """Delete those of `named` to which no log refers any more, and which no session was brought.

    `before` is when the turns began that run now (Trio's clock): what was put since may not be recorded yet. All logs are
    looked through where there is something to delete. Raises StoreError: one that is damaged may refer to any of them.
    """
    left = set(named)
    for record in await store.sessions() if left else ():
        left -= record.uploads.keys()
        left -= await blobs_of(store, record.log) if left else set()
        if not left:
            return
    await blobs.remove(left, before)
