"""Seeded bugs of writing: what is durable, when it is seen, under which number, and what a restart forgets."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import msgspec
import outcome
import trio

from tests.torture.mutants import Mutant, seeded
from trio_agent.runtime.log import EventLog, Receipt, Staged
from trio_agent.runtime.writer import Writer, _Ticket
from trio_agent.seams import Entry

LOG = "trio_agent.runtime.log.EventLog"
WRITER = "trio_agent.runtime.hall.Writer"
WRITING: list[Mutant] = []

Stage = Callable[[], Staged]
Publish = Callable[[Staged], None]


class _Steps(Writer):
    """The real Writer's commit in three steps, for those who take them wrongly."""

    async def _commit(self) -> None:
        group, self._waiting = self._waiting, []
        staged: list[tuple[_Ticket, Staged]] = []
        for ticket in group:
            match outcome.capture(ticket.stage):
                case outcome.Value(value):
                    staged.append((ticket, value))
                case outcome.Error() as refused:
                    ticket.result = refused
        await self._settle(staged)

    async def _settle(self, staged: list[tuple[_Ticket, Staged]]) -> None:
        stored = await self._keep(staged)
        for ticket, each in staged:
            self._finish(ticket, each, stored)

    async def _keep(self, staged: list[tuple[_Ticket, Staged]]) -> outcome.Outcome[None]:
        entries = [entry for _, each in staged for entry in each.entries]
        return await outcome.acapture(self._store.append, entries) if entries else outcome.Value(None)

    def _finish(self, ticket: _Ticket, each: Staged, stored: outcome.Outcome[None]) -> None:
        if isinstance(stored, outcome.Error):
            ticket.unstage(each)
            ticket.result = outcome.Error(stored.error)
        else:
            ticket.publish(each)
            ticket.result = outcome.Value(each.receipt)


@seeded(WRITING, "publish before commit", WRITER, "visible before durable")
class PublishesFirst(_Steps):
    """Shows a message while it is being stored."""

    async def _settle(self, staged: list[tuple[_Ticket, Staged]]) -> None:
        for ticket, each in staged:
            ticket.publish(each)
        stored = await self._keep(staged)
        for ticket, each in staged:
            if isinstance(stored, outcome.Error):
                ticket.result = outcome.Error(stored.error)
            else:
                ticket.result = outcome.Value(each.receipt)


@seeded(WRITING, "publish out of order", WRITER, "reordering")
class PublishesOutOfOrder(_Steps):
    """Shows the messages of one commit in another order."""

    async def _settle(self, staged: list[tuple[_Ticket, Staged]]) -> None:
        stored = await self._keep(staged)
        for ticket, each in reversed(staged):
            self._finish(ticket, each, stored)


@seeded(WRITING, "checkpoint before publish", WRITER, "fork")
class ChecksBeforePublishing(_Steps):
    """Can be cancelled between durable and visible."""

    async def write(self, stage: Stage, publish: Publish, unstage: Publish) -> Receipt:
        ticket = _Ticket(stage, publish, unstage)
        self._waiting.append(ticket)
        async with self._turn:
            if ticket.result is None:
                await self._commit()
        assert ticket.result is not None
        return ticket.result.unwrap()

    async def _keep(self, staged: list[tuple[_Ticket, Staged]]) -> outcome.Outcome[None]:
        stored = await super()._keep(staged)
        try:
            await trio.lowlevel.checkpoint()
        except trio.Cancelled:
            for ticket, each in staged:
                ticket.unstage(each)
            raise
        return stored


@seeded(WRITING, "acknowledge before commit", WRITER, "acknowledged before durable")
class AcknowledgesFirst(Writer):
    """Answers a post, and stores it with the next one."""

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self._owed: list[Entry] = []

    async def write(self, stage: Stage, publish: Publish, unstage: Publish) -> Receipt:
        with trio.CancelScope(shield=True):
            async with self._turn:
                owed, self._owed = self._owed, []
                if owed:
                    await self._store.append(owed)
                staged = stage()
                self._owed = list(staged.entries)
                publish(staged)
        return staged.receipt


@seeded(WRITING, "commits at once", WRITER, "gap")
class CommitsAtOnce(_Steps):
    """Lets two commits of one log overtake each other."""

    async def write(self, stage: Stage, publish: Publish, unstage: Publish) -> Receipt:
        ticket = _Ticket(stage, publish, unstage)
        self._waiting.append(ticket)
        with trio.CancelScope(shield=True):
            await self._commit()
        assert ticket.result is not None
        return ticket.result.unwrap()


@seeded(WRITING, "unstage forgotten", LOG, "gap")
class ForgetsToUnstage(EventLog):
    """Goes on after the number of a message that the store refused."""

    def _unstage(self, staged: Staged) -> None:
        pass


@seeded(WRITING, "key of a failed post kept", LOG, "acknowledged message gone")
class KeepsTheKeyOfWhatFailed(EventLog):
    """Answers a repeated post with a message that never was."""

    def _unstage(self, staged: Staged) -> None:
        keys = dict(self._keys)
        super()._unstage(staged)
        self._keys = keys


@seeded(WRITING, "key forgotten at restart", LOG, "posted twice")
class ForgetsKeys(EventLog):
    """Takes a repeated post for a new one after a restart."""

    def restore(self, entries: Sequence[Entry]) -> None:
        super().restore([msgspec.structs.replace(entry, key="", digest="") for entry in entries])


@seeded(WRITING, "index reused after a crash", LOG, "fork")
class GivesTheLastIndexAgain(EventLog):
    """Gives the last message's number again after a restart."""

    def restore(self, entries: Sequence[Entry]) -> None:
        super().restore(entries)
        self._next = self._tail_starts[-1]
