"""Forgetting: what goes with a session that is deleted, beside its log."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass

import structlog
import trio

from trio_agent.core.errors import StoreError
from trio_agent.runtime.containment import contained
from trio_agent.runtime.damaged_session import DamagedSession
from trio_agent.runtime.forgotten_blobs import blobs_of, forget_blobs
from trio_agent.runtime.session import Session
from trio_agent.seams import Agent, Blobs, Store

FORGET_S = 60.0  # for removing a deleted session's workspace: every file of a large clone

logger = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Forgetting:
    """What `agent` kept for a session goes, and `blobs` that no other refers to. `open_sessions` tells which those are."""

    store: Store
    agent: Agent
    blobs: Blobs | None
    open_sessions: Callable[[], Collection[Session]]

    async def blobs_of(self, session: Session) -> set[str]:
        """The blobs that `session` refers to, or was brought: asked before its log is gone. Raises StoreError."""
        brought = set(session.kept.uploads)
        if self.blobs is None or isinstance(session, DamagedSession):
            return brought  # what a log refers to that cannot be read, nobody knows
        return brought | await blobs_of(self.store, session.kept.log)

    async def forget(self, session_id: str, finished: trio.Event, named: set[str]) -> None:
        """Once `finished`, forget it, and those of its blobs, `named`. Failure is logged: the session is gone all the same."""
        # The caller may go away now, but what the session kept must not stay behind for that.
        with trio.move_on_after(FORGET_S, shield=True) as forgetting:
            await finished.wait()
            try:
                with contained():
                    await self.agent.forget(session_id)
            except* Exception as group:
                logger.error("session_not_forgotten", session=session_id, exc_info=group)
            await self._forget_blobs(session_id, named)
        if forgetting.cancelled_caught:
            logger.error("session_not_forgotten", session=session_id, reason=f"it took longer than {FORGET_S:.0f} s")

    async def _forget_blobs(self, session_id: str, named: set[str]) -> None:
        if self.blobs is None or not named:
            return
        begun = [each.running_since for each in self.open_sessions() if each.running_since is not None]
        try:
            await forget_blobs(self.store, self.blobs, named, min(begun, default=trio.current_time()))
        except StoreError as exc:
            logger.error("blobs_not_forgotten", session=session_id, reason=str(exc))
