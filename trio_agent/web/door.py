"""Door: where connections come in, no more at a time than there are descriptors for.

Who comes when all are taken waits in the kernel's queue until somebody leaves, instead of taking the descriptors that the
turn at work needs. Should they run out all the same, accepting is tried again, and the log says so once, not at every try.
"""

from __future__ import annotations

import errno
from collections.abc import Awaitable, Callable

import structlog
import trio

from trio_agent.runtime.signal import Signal

OUT_OF_ROOM = (errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM)  # the system's trouble, which passes
RETRY_S = 0.1
OVER_S = 10.0  # trouble that has not been seen for this long is over

logger = structlog.get_logger(__name__)


class Door:
    """Accepts connections for `handle`, `most` at a time; each is closed when it has been handled."""

    def __init__(self, handle: Callable[[trio.SocketStream], Awaitable[None]], most: int) -> None:
        self._handle = handle
        self._most = most
        self._inside = 0
        self._left = Signal()
        self._trouble_at = float("-inf")

    async def accept(self, listener: trio.abc.Listener[trio.SocketStream], inside: trio.Nursery) -> None:
        """Accept from `listener`, which is closed at the end, until cancelled; `inside` is where they are handled."""
        async with listener:
            while True:
                await self._wait_room()
                try:
                    stream = await listener.accept()
                except OSError as exc:
                    if exc.errno not in OUT_OF_ROOM:
                        raise
                    self._note_trouble(exc.strerror or str(exc))
                    await trio.sleep(RETRY_S)
                else:
                    self._inside += 1
                    inside.start_soon(self._serve, stream)

    async def _wait_room(self) -> None:
        while self._inside >= self._most:
            self._note_trouble(f"{self._most} connections are open, which is all that the limit on open files leaves")
            await self._left.wait_past(self._left.version)

    async def _serve(self, stream: trio.SocketStream) -> None:
        try:
            await self._handle(stream)
        finally:
            self._inside -= 1
            self._left.notify()
            await trio.aclose_forcefully(stream)

    def _note_trouble(self, reason: str) -> None:
        now = trio.current_time()
        if now - self._trouble_at > OVER_S:
            logger.warning("connections_wait", reason=reason, advice="raise `ulimit -n`")
        self._trouble_at = now
