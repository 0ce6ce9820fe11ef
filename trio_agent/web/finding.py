"""What `GET /search` answers: the sessions and messages of a hall in which words are found."""

from __future__ import annotations

from trio_agent.core.search import fits, query_of
from trio_agent.runtime.hall import Hall
from trio_agent.runtime.search import search
from trio_agent.web.answers import FoundMessage, Searched, listed, session_url

MOST_FOUND = 50
MOST_LIMIT = 200
MOST_TITLES = 20


async def find(hall: Hall, text: str, limit: int) -> Searched:
    """What fits the words in `text`, `limit` messages at most (1 to MOST_LIMIT). Raises InvalidInput, StoreError.

    Sessions of other projects are not looked at, and of an open log nothing that is not visible yet.
    """
    query = query_of(text)
    records = {record.log: record for record in hall.records()}
    opened = {session.id: session for session in hall.open_sessions()}
    counts = {
        log: opened[record.session_id].log.cursor.index if record.session_id in opened else None
        for log, record in records.items()
    }
    found = await search(hall.store, query, counts, min(max(limit, 1), MOST_LIMIT))
    named = [record for record in records.values() if fits(record.title or record.facts.title, query)]
    return Searched(
        sessions=tuple(listed(record, opened.get(record.session_id)) for record in named[:MOST_TITLES]),
        messages=tuple(
            FoundMessage(
                session_id=(record := records[hit.log]).session_id,
                url=f"{session_url(record.session_id)}#message-{hit.message.idx}",
                title=record.title or record.facts.title,
                archived=record.archived,
                idx=hit.message.idx,
                type=hit.message.type,
                timestamp=hit.message.timestamp,
                snippet=hit.pieces,
            )
            for hit in found.hits
        ),
        more=found.more,
        complete=found.complete,
    )
