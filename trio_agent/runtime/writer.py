"""Writer: group commit. What waits while a commit is under way goes into the next one, whichever log it belongs to.

One transaction at `synchronous=FULL` costs the same for one message as for fifty: under load the cost is shared, when it is
quiet nobody waits for company.
"""

from __future__ import annotations

from collections.abc import Callable
from copy import copy
from dataclasses import dataclass
from typing import TYPE_CHECKING

import outcome
import trio

from trio_agent.core.errors import Conflict
from trio_agent.seams import Forkable, SessionRecord, Store

if TYPE_CHECKING:
    from trio_agent.runtime.log import Receipt, Staged

MAX_GROUP = 512  # tickets in one transaction: bounds how long the first of them waits


@dataclass(eq=False, slots=True)
class _Ticket:
    stage: Callable[[], Staged]
    publish: Callable[[Staged], None]
    unstage: Callable[[Staged], None]
    result: outcome.Outcome[Receipt] | None = None


class Writer:
    """The one way into a store: what is written through one Writer happens in the order in which it was asked for."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._waiting: list[_Ticket] = []
        self._turn = trio.Lock()

    async def write(
        self, stage: Callable[[], Staged], publish: Callable[[Staged], None], unstage: Callable[[Staged], None]
    ) -> Receipt:
        """Stage, store, publish. Raises what `stage` or the store raised; nothing is visible then.

        `stage` assigns places and is called when its group is put together; `publish` follows durability with no
        checkpoint between; `unstage` is called where the store refused.
        """
        await trio.lowlevel.checkpoint_if_cancelled()
        ticket = _Ticket(stage, publish, unstage)
        self._waiting.append(ticket)
        # From here on it is carried through: a caller that went away half-way could not know whether it was recorded.
        # The shield needs no deadline, for all it waits for is commits, and a commit cannot be called back.
        with trio.CancelScope(shield=True):
            async with self._turn:
                if ticket.result is None:
                    await self._commit()
        assert ticket.result is not None
        return ticket.result.unwrap()

    async def save(self, record: SessionRecord) -> None:
        """Keep `record`, after the appends that were asked for before. Once begun it is carried through. Raises StoreError."""
        await trio.lowlevel.checkpoint_if_cancelled()
        with trio.CancelScope(shield=True):
            async with self._turn:
                await self._store.save(record)

    async def fork(self, record: SessionRecord, log: str, count: int) -> None:
        """Begin a session with the first messages of `log`; as `save`. Raises StoreError, Conflict where the store cannot."""
        await trio.lowlevel.checkpoint_if_cancelled()
        store = self._store
        if not isinstance(store, Forkable):
            raise Conflict("this store cannot fork a session")
        with trio.CancelScope(shield=True):
            async with self._turn:
                await store.fork(record, log, count)

    async def _commit(self) -> None:
        group, self._waiting = self._waiting[:MAX_GROUP], self._waiting[MAX_GROUP:]
        staged: list[tuple[_Ticket, Staged]] = []
        for ticket in group:
            match outcome.capture(ticket.stage):
                case outcome.Value(value):
                    staged.append((ticket, value))
                case outcome.Error() as refused:
                    ticket.result = refused
        entries = [entry for _, each in staged for entry in each.entries]
        stored: outcome.Outcome[None] = outcome.Value(None)
        if entries:
            stored = await outcome.acapture(self._store.append, entries)
        # No checkpoint from here to the last publish: a reader must not see one log ahead and another behind the store.
        for ticket, each in staged:
            if isinstance(stored, outcome.Error):
                ticket.unstage(each)
                # A copy each: an exception that is raised in several tasks at once gathers all their tracebacks.
                error = copy(stored.error)
                error.__cause__ = stored.error
                ticket.result = outcome.Error(error)
            else:
                ticket.publish(each)
                ticket.result = outcome.Value(each.receipt)
