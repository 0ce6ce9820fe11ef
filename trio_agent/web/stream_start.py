"""Where a stream begins, by what a client says that it has."""

from __future__ import annotations

from quart import Request, Response

from trio_agent.core.cursor import parse_cursor
from trio_agent.runtime.session import Session
from trio_agent.web.parameters import query_cursor, query_integer
from trio_agent.web.stream import HEADERS, Start


async def stream_start(request: Request, session: Session) -> Start:
    """Where a stream begins: Last-Event-ID, else `cursor`, else `from`, else the beginning. Raises InvalidInput.

    With `last`, what would begin at the beginning begins near the end instead.
    """
    index, last = query_integer(request, "from"), query_integer(request, "last")
    text, reset = query_cursor(request), None
    if text is not None:
        cursor, reset = await session.log.resume(parse_cursor(text))
        if reset is None or last is None:
            return Start(cursor, reset)
        index = None
    if index is None:
        index = 0 if last is None else session.log.last_from(last)
    return Start(await session.log.locate(min(max(index, 0), session.log.cursor.index)), reset)


def head_of_stream() -> Response:
    """The headers alone. A length, of which Quart would make 0, is nothing that a stream has."""
    response = Response(b"", 200, HEADERS)
    del response.headers["Content-Length"]
    return response
