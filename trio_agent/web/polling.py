"""Requests that wait: for more to see, and for the agent to be at work."""

from __future__ import annotations

from collections.abc import Callable

import trio

from trio_agent.core.errors import Conflict
from trio_agent.runtime.session import Session
from trio_agent.seams import Attendant

POLL_S = 90.0  # the seed's limit
BEGIN_S = 10.0  # a big repository is cloned in this time; an agent that cannot begin has said so in the log before


async def wait_for_more(session: Session, seen: int, stopping: Callable[[], bool]) -> None:
    """Wait until the log holds more than `seen` messages, POLL_S have passed, or the server stops."""
    with trio.move_on_after(POLL_S):
        while session.log.cursor.index <= seen and not session.ended and not stopping():
            await session.signal.wait_past(session.signal.version)


async def wait_for_attendant(session: Session, stopping: Callable[[], bool]) -> Attendant:
    """The agent at work in `session`, which begins if it has not, and is waited for. Raises Conflict where none is."""
    session.want_agent()
    with trio.move_on_after(BEGIN_S):
        while session.attendant is None and not session.ended and not stopping():
            await session.signal.wait_past(session.signal.version)
    if session.attendant is None:
        raise Conflict("no agent is at work in this session; its last message says why")
    return session.attendant
