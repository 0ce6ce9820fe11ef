"""Search over the messages of many logs, whatever keeps them: by the store's own index, or by reading them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import msgspec
import trio

from trio_agent.core.errors import StoreRefused
from trio_agent.core.message import Message
from trio_agent.core.search import Piece, Query, fits, snippet, text_of
from trio_agent.seams import Entry, Found, Searchable, Store

READ_ENTRIES = 64  # at a time: others' streams are held up for as long as it takes to look through them


@dataclass(frozen=True, slots=True)
class Hit:
    """A message that was found."""

    log: str
    message: Message
    pieces: tuple[Piece, ...]


@dataclass(frozen=True, slots=True)
class Hits:
    """`more` where there are others than these; not `complete` where some messages have not been looked at yet."""

    hits: tuple[Hit, ...]
    more: bool
    complete: bool


async def search(store: Store, query: Query, counts: Mapping[str, int | None], limit: int) -> Hits:
    """The newest `limit` messages that `query` fits, of the logs in `counts`, which stand newest first.

    `counts` says how many messages of a log may be told of; None for all that the store has. Raises StoreError.
    """
    finding = store.find if isinstance(store, Searchable) else _Plain(store, counts).find
    found = await finding(query, counts.keys(), limit + 1)
    hits: list[Hit] = []
    for log, index in found.places[:limit]:
        if (count := counts[log]) is not None and index >= count:
            continue
        # As the store has it now, whatever an index says; one that was deleted meanwhile is found no more.
        try:
            entries = await store.read(log, index, index + 1)
        except StoreRefused:
            continue  # damaged: opening its session says so
        messages = (message for entry in entries if (message := _message(entry)) is not None)
        hits += [Hit(log, message, snippet(text_of(message), query)) for message in messages]
    return Hits(tuple(hits), more=len(found.places) > limit, complete=found.complete)


def _message(entry: Entry) -> Message | None:
    try:
        return msgspec.json.decode(entry.wire, type=Message)
    except msgspec.DecodeError:
        return None  # of a newer version: opening its session says so


class _Plain:
    """Finds by reading, from the end of each log to its beginning."""

    def __init__(self, store: Store, counts: Mapping[str, int | None]) -> None:
        self._store = store
        self._counts = counts

    async def find(self, query: Query, logs: object, limit: int) -> Found:
        places: list[tuple[str, int]] = []
        for log, count in self._counts.items():
            for entry in reversed(await self._all(log, count)):
                await trio.lowlevel.checkpoint()
                message = _message(entry)
                if message is not None and fits(text_of(message), query):
                    places.append((log, entry.index))
                    if len(places) == limit:
                        return Found(tuple(places))
        return Found(tuple(places))

    async def _all(self, log: str, count: int | None) -> list[Entry]:
        entries: list[Entry] = []
        stop = 2**62 if count is None else count
        while page := await self._store.read(log, len(entries), min(stop, len(entries) + READ_ENTRIES)):
            entries += page
        return entries
