"""Seeded bugs of writing: what is durable, when it is seen, under which number, and what a restart forgets."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import msgspec
import outcome
import trio

from tests.torture.mutants import Mutant
from trio_agent.core.message import Message
from trio_agent.runtime import live
from trio_agent.runtime.log import EventLog, Receipt, Staged
from trio_agent.runtime.session import Session
from trio_agent.runtime.writer import Writer, _Ticket
from trio_agent.seams import Entry

LOG = "trio_agent.runtime.log.EventLog"
WRITER = "trio_agent.runtime.hall.Writer"
PIECE = "trio_agent.runtime.live._piece"

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


class PublishesFirst(_Steps):
    async def _settle(self, staged: list[tuple[_Ticket, Staged]]) -> None:
        for ticket, each in staged:
            ticket.publish(each)
        stored = await self._keep(staged)
        for ticket, each in staged:
            ticket.result = outcome.Value(each.receipt) if isinstance(stored, outcome.Value) else stored


class PublishesOutOfOrder(_Steps):
    async def _settle(self, staged: list[tuple[_Ticket, Staged]]) -> None:
        stored = await self._keep(staged)
        for ticket, each in reversed(staged):
            self._finish(ticket, each, stored)


class ChecksBeforePublishing(_Steps):
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


class AcknowledgesFirst(Writer):
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


class CommitsAtOnce(_Steps):
    async def write(self, stage: Stage, publish: Publish, unstage: Publish) -> Receipt:
        ticket = _Ticket(stage, publish, unstage)
        self._waiting.append(ticket)
        with trio.CancelScope(shield=True):
            await self._commit()
        assert ticket.result is not None
        return ticket.result.unwrap()


class ForgetsToUnstage(EventLog):
    def _unstage(self, staged: Staged) -> None:
        pass


class KeepsTheKeyOfWhatFailed(EventLog):
    def _unstage(self, staged: Staged) -> None:
        keys = dict(self._keys)
        super()._unstage(staged)
        self._keys = keys


class ForgetsKeys(EventLog):
    def restore(self, entries: Sequence[Entry]) -> None:
        super().restore([msgspec.structs.replace(entry, key="", digest="") for entry in entries])


class GivesTheLastIndexAgain(EventLog):
    def restore(self, entries: Sequence[Entry]) -> None:
        super().restore(entries)
        self._next = self._tail_starts[-1]


class KeepsDeltas(Session):
    def _published(self, messages: Sequence[Message]) -> None:
        parts = dict(self.live.parts)
        super()._published(messages)
        self.live.parts.update(parts)


Places = dict[str, tuple[int, int]]
LONG = 40
real_piece = live._piece


def _told(read: Places, name: str, text: live._Text, seen: Places) -> tuple[int, str] | None:
    return real_piece(read, name, text, seen)


def piece_from_zero(read: Places, name: str, text: live._Text, seen: Places) -> tuple[int, str] | None:
    piece = _told(read, name, text, seen)
    return None if piece is None else (0, piece[1])


def piece_in_utf16(read: Places, name: str, text: live._Text, seen: Places) -> tuple[int, str] | None:
    piece = _told(read, name, text, seen)
    if piece is None or not piece[0]:
        return piece
    before = text.text[: piece[0] - text.start]
    return text.start + len(before.encode("utf-16-le")) // 2, piece[1]


def piece_from_now(read: Places, name: str, text: live._Text, seen: Places) -> tuple[int, str] | None:
    if name not in read:
        seen[name] = (text.edition, text.end)
        return None
    return _told(read, name, text, seen)


def piece_of_any_edition(read: Places, name: str, text: live._Text, seen: Places) -> tuple[int, str] | None:
    known = {at: (text.edition, min(offset, text.end)) for at, (_, offset) in read.items()}
    return _told(known, name, text, seen)


def piece_when_it_is_long(read: Places, name: str, text: live._Text, seen: Places) -> tuple[int, str] | None:
    known = read.get(name)
    piece = _told(read, name, text, seen)
    if piece is not None and known is not None and known[0] == text.edition and len(piece[1]) < LONG:
        seen[name] = known
        return None
    return piece


def piece_of_the_tail(read: Places, name: str, text: live._Text, seen: Places) -> tuple[int, str] | None:
    piece = _told(read, name, text, seen)
    return None if piece is None else (piece[0] - text.start, piece[1])


WRITING = (
    Mutant("publish before commit", "shows a message while it is being stored", ((WRITER, PublishesFirst),)),
    Mutant(
        "acknowledge before commit", "answers a post, and stores it with the next one", ((WRITER, AcknowledgesFirst),)
    ),
    Mutant(
        "publish out of order", "shows the messages of one commit in another order", ((WRITER, PublishesOutOfOrder),)
    ),
    Mutant(
        "checkpoint before publish", "can be cancelled between durable and visible", ((WRITER, ChecksBeforePublishing),)
    ),
    Mutant("commits at once", "lets two commits of one log overtake each other", ((WRITER, CommitsAtOnce),)),
    Mutant(
        "unstage forgotten", "goes on after the number of a message that the store refused", ((LOG, ForgetsToUnstage),)
    ),
    Mutant(
        "key of a failed post kept",
        "answers a repeated post with a message that never was",
        ((LOG, KeepsTheKeyOfWhatFailed),),
    ),
    Mutant("key forgotten at restart", "takes a repeated post for a new one after a restart", ((LOG, ForgetsKeys),)),
    Mutant(
        "index reused after a crash",
        "gives the last message's number again after a restart",
        ((LOG, GivesTheLastIndexAgain),),
    ),
    Mutant(
        "deltas not voided",
        "goes on showing text when the message that holds it has come",
        (("trio_agent.runtime.hall.Session", KeepsDeltas),),
    ),
    Mutant("offset reset within a text", "sends each piece as if it were the first", ((PIECE, piece_from_zero),)),
    Mutant("offset in UTF-16 units", "counts characters beyond U+FFFF twice", ((PIECE, piece_in_utf16),)),
    Mutant(
        "text only from now on", "sends a newcomer what is written next, not what is there", ((PIECE, piece_from_now),)
    ),
    Mutant(
        "text begun anew unnoticed",
        "goes on at the old offset in a text that was begun anew",
        ((PIECE, piece_of_any_edition),),
    ),
    Mutant(
        "live tail at the wrong offset",
        "counts a running tool's output from what is kept of it",
        ((PIECE, piece_of_the_tail),),
    ),
)
