"""The seed's long poll: answer when there is more to see."""

from __future__ import annotations

from collections.abc import Callable

import trio

from trio_agent.runtime.session import Session

POLL_S = 90.0  # the seed's limit


async def wait_for_more(session: Session, seen: int, stopping: Callable[[], bool]) -> None:
    """Wait until the log holds more than `seen` messages, POLL_S have passed, or the server stops."""
    with trio.move_on_after(POLL_S):
        while session.log.cursor.index <= seen and not session.ended and not stopping():
            await session.signal.wait_past(session.signal.version)
