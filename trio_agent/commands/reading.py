"""The store, for commands that only read it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import trio

from trio_agent.core.errors import StoreRefused
from trio_agent.stores.sqlite import SqliteReader


@asynccontextmanager
async def open_reader(path: Path | None) -> AsyncIterator[SqliteReader]:
    """A reader of the store at `path`. Raises StoreRefused where there is none, or it is damaged."""
    if path is None or not await trio.Path(path).exists():
        raise StoreRefused(f"there is no store at {path}; name it with --store or --data-dir")
    reader = await trio.to_thread.run_sync(SqliteReader, path)
    try:
        await reader.require_whole()
        yield reader
    finally:
        reader.close()
