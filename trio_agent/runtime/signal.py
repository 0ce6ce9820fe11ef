"""A fact that changes, and those who wait for it: level-triggered, so that no change is missed between looking and waiting."""

from __future__ import annotations

import trio


class Signal:
    """A version that only grows. Look at `version`, look at the world, then `wait_past(version)`."""

    def __init__(self) -> None:
        self.version = 0
        self._changed = trio.Event()

    def notify(self) -> None:
        """Say that the world has changed. One event wakes all who wait: cheaper than a channel each."""
        self.version += 1
        changed, self._changed = self._changed, trio.Event()
        changed.set()

    async def wait_past(self, version: int) -> None:
        """Wait until `version` is no longer the present one. Always a checkpoint. Callers bring their own deadline."""
        if self.version != version:
            await trio.lowlevel.checkpoint()
        while self.version == version:
            await self._changed.wait()
