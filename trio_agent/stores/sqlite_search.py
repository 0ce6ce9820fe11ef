"""Search in a store on disk: keeps the index up to date behind the store's back, and asks it.

Rules. An append waits for nothing of this: it only names the log. The index is derived: how far it goes it knows itself, by
count and tag, so that one which fell behind, or is of another past of this store, is noticed and mended when the store is
opened. What it finds is a place; the message itself is read from the store, with all its checks.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from pathlib import Path
from typing import TypeVar

import apsw
import structlog
import trio

from trio_agent.core.errors import StoreDown, StoreError
from trio_agent.core.search import Query
from trio_agent.seams import Entry, Found, Store
from trio_agent.stores.search_index import SearchIndex, remove_index

BATCH_ENTRIES = 64  # taken in at a time: a search, or the end of the program, waits for one batch at most
GATHER_S = 0.25  # so that the messages of a busy second are a few transactions and not many
PATIENCE_S = 1.5  # how long a search waits for what was said just before; then it says that it may not be all
AGAIN_S = 60.0  # after which an index that could not be written is tried again: the disk may have been full

R = TypeVar("R")
logger = structlog.get_logger(__name__)


class SqliteSearch:
    """The index at `path` of the logs in `store`."""

    def __init__(self, store: Store, path: Path) -> None:
        self._store = store
        self._path = path
        self._one = trio.CapacityLimiter(1)
        self._index: SearchIndex | None = None
        self._behind: set[str] = set()
        self._news = trio.Event()
        self._current = trio.Event()
        self._wanted = trio.Event()

    def changed(self, logs: Collection[str]) -> None:
        """Messages of these logs are there now, or are gone."""
        self._behind.update(logs)
        if self._current.is_set():
            self._current = trio.Event()
        self._news.set()

    async def keep_index(self) -> None:
        """Keep the index up to date until cancelled. What goes wrong is logged, and tried again later."""
        while True:
            try:
                await self._keep()
            except (apsw.Error, OSError, StoreError) as exc:
                logger.warning("search_index_failed", path=str(self._path), reason=str(exc))
                if isinstance(exc, apsw.CorruptError):
                    await trio.to_thread.run_sync(remove_index, self._path)
            await trio.sleep(AGAIN_S)

    async def find(self, query: Query, logs: Collection[str], limit: int) -> Found:
        """See `Searchable.find`."""
        self._wanted.set()
        with trio.move_on_after(PATIENCE_S):
            await self._current.wait()
        complete = self._current.is_set()
        try:
            places = await self._ask(lambda index: index.find(query, logs, limit))
        except apsw.Error as exc:
            raise StoreDown(f"cannot search: {exc}") from exc
        return Found(tuple(places), complete=complete)

    async def _keep(self) -> None:
        try:
            # Not abandoned on cancel, here and below: who closes the connection must know that nobody uses it.
            self._index = await trio.to_thread.run_sync(SearchIndex, self._path, limiter=self._one)
            await self._compare()
            while True:
                while self._behind:
                    await self._catch_up(self._behind.pop())
                self._current.set()
                self._news = trio.Event()
                if not self._behind:
                    await self._news.wait()
                self._wanted = trio.Event()
                with trio.move_on_after(GATHER_S):
                    await self._wanted.wait()
        finally:
            self._current = trio.Event()
            index, self._index = self._index, None
            if index is not None:
                index.close()

    async def _compare(self) -> None:
        """Find out which logs the index lacks, or knows otherwise than the store."""
        logs = {record.log for record in await self._store.sessions()}
        for log, (count, tag) in (await self._ask(lambda index: index.taken())).items():
            last = await self._store.read(log, count - 1, count) if log in logs else []
            if not last or last[0].tag != tag:
                await self._forget(log)
        self._behind |= logs

    async def _catch_up(self, log: str) -> None:
        count, _ = (await self._ask(lambda index: index.taken())).get(log, (0, ""))
        try:
            if count and not await self._store.read(log, count - 1, count):
                await self._forget(log)
                return
            while entries := await self._store.read(log, count, count + BATCH_ENTRIES):
                await self._take(entries)
                count += len(entries)
        except StoreError as exc:
            # A damaged message: opening its session says so, and the other sessions can be searched.
            logger.warning("log_not_searchable", log=log, reason=str(exc))

    async def _forget(self, log: str) -> None:
        await self._ask(lambda index: index.forget(log))

    async def _take(self, entries: list[Entry]) -> None:
        await self._ask(lambda index: index.take(entries))

    async def _ask(self, question: Callable[[SearchIndex], R]) -> R:
        def work() -> R:
            if self._index is None:
                raise apsw.MisuseError("the index is not open")
            return question(self._index)

        return await trio.to_thread.run_sync(work, limiter=self._one)
