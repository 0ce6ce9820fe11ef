"""Descriptors: what the limit on open files of this process leaves for clients.

Every connection is one. Where they run out nothing goes on: no tool starts, no file opens, nobody is told why.
"""

from __future__ import annotations

import resource

MAX_STREAMS = 2000
FOR_WORK = 100  # the store, git, tools and their pipes
FOR_REQUESTS = (
    50  # connections that are no streams: posts, the page's files, those who are told that there are too many
)
FEWEST_STREAMS, FEWEST_CONNECTIONS = 4, 16  # one can but try


def most_streams(limit: int | None = None) -> int:
    """How many event streams there may be at a time where `limit` descriptors may be open; None: this process's limit."""
    return min(MAX_STREAMS, max(FEWEST_STREAMS, (limit or _limit()) - FOR_WORK - FOR_REQUESTS))


def most_connections(limit: int | None = None) -> int:
    """How many connections there may be at a time, streams and all."""
    return max(FEWEST_CONNECTIONS, (limit or _limit()) - FOR_WORK)


def _limit() -> int:
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return 2**31 if soft == resource.RLIM_INFINITY else soft
