"""The hall: sessions by id. Opens, finds again and ends them, and owns the nursery they run in."""

from __future__ import annotations

import secrets
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import partial

import msgspec
import structlog
import trio

from trio_agent.core.cursor import LOG_ID_ENTROPY_BYTES, log_id
from trio_agent.core.errors import Conflict, InvalidContent, NotFound, StoreRefused
from trio_agent.core.message import Message
from trio_agent.core.redaction import BY_SHAPE, Redactor
from trio_agent.core.state import Facts
from trio_agent.runtime.damaged_session import DamagedSession
from trio_agent.runtime.forgetting import Forgetting
from trio_agent.runtime.fork_title import fork_title
from trio_agent.runtime.log import open_log
from trio_agent.runtime.place import Place, here
from trio_agent.runtime.session import Session
from trio_agent.runtime.signal import Signal
from trio_agent.runtime.writer import Writer
from trio_agent.seams import Agent, Blobs, Clock, Fork, Forking, Searchable, SessionRecord, Store, rfc3339

DEFAULT_HEARTBEAT_S = 45.0  # the seed's interval

logger = structlog.get_logger(__name__)


@asynccontextmanager
async def open_hall(
    store: Store,
    agent: Agent,
    *,
    project: str,
    clock: Clock,
    heartbeat_s: float = DEFAULT_HEARTBEAT_S,
    redactor: Redactor = BY_SHAPE,
    blobs: Blobs | None = None,
) -> AsyncIterator[Hall]:
    """The sessions of `project`. There is always one: the newest is opened again, or the first is made.

    What `redactor` knows as secret comes into no log, nor before the eyes of those who watch. Messages refer to `blobs`.

    Leaving stops every session's turn and waits until nothing of it runs. Raises StoreError.
    """
    async with trio.open_nursery() as nursery:
        hall = Hall(
            store,
            agent,
            nursery,
            project=project,
            clock=clock,
            heartbeat_s=heartbeat_s,
            redactor=redactor,
            blobs=blobs,
        )
        await hall.begin()
        yield hall
        nursery.cancel_scope.cancel()


@dataclass(slots=True)
class _Opened:
    session: Session
    scope: trio.CancelScope = field(default_factory=trio.CancelScope)
    finished: trio.Event = field(default_factory=trio.Event)


class Hall:
    """All sessions of one project. Sessions are opened when somebody first asks for them."""

    def __init__(
        self,
        store: Store,
        agent: Agent,
        nursery: trio.Nursery,
        *,
        project: str,
        clock: Clock,
        heartbeat_s: float,
        redactor: Redactor = BY_SHAPE,
        blobs: Blobs | None = None,
    ) -> None:
        self.heartbeat_s = heartbeat_s
        self.store = store
        self._writer = Writer(store)
        self._agent = agent
        self._nursery = nursery
        self._project = project
        self._clock = clock
        self._redactor = redactor
        self._forgetting = Forgetting(store, agent, blobs, self.open_sessions)
        self._place: Place = here(project)
        self._records: dict[str, SessionRecord] = {}
        self._open: dict[str, _Opened] = {}
        self.on_change: Callable[[str], None] = lambda session_id: None
        self._opening: dict[str, trio.Lock] = {}

    async def begin(self) -> None:
        for record in reversed(await self.store.sessions()):
            if record.project == self._project:
                self._records[record.session_id] = record
        # The one that people most likely go on with: its workspace is ready when they do.
        (await self.newest()).want_agent()
        if isinstance(self.store, Searchable):
            self._nursery.start_soon(self.store.keep_index)

    async def create(self, *, title: str = "", model: str = "") -> Session:
        """A new session, at work on return. Raises StoreError."""
        record = self._new_record(title=self._redactor.redact(title), model=model)
        await self._writer.save(record)
        return await self._begin(record)

    async def fork(self, session_id: str, index: int, *, title: str = "", model: str = "") -> Session:
        """A new session that begins with the first `index` messages of another, at work on return.

        Raises NotFound, InvalidContent where there are not that many, Conflict where that cannot be done here, StoreError.
        """
        source = await self.session(session_id)
        if isinstance(source, DamagedSession):
            raise Conflict("the log of this session is damaged: nothing of it is copied")
        count = source.log.cursor.index
        if not 0 < index <= count:
            raise InvalidContent(f"index must be from 1 to {count}, the number of messages there are")
        kept = source.kept
        notes = {}
        if isinstance(self._agent, Forking):
            notes = self._agent.fork(source.notes, [each for each in await source.history() if each.idx < index])
        origin = kept.title or source.facts.title
        # In a list of sessions, two of one name are one too many.
        title = self._redactor.redact(title) or fork_title(origin, {each.title for each in self.records()})
        record = msgspec.structs.replace(
            self._new_record(title=title, model=model or kept.model),
            facts=Facts(title=source.facts.title, slug=source.facts.slug),
            notes=notes,
            forked_from=Fork(session_id=session_id, index=index, title=origin),
        )
        await self._writer.fork(record, kept.log, index)
        return await self._begin(record)

    def _new_record(self, *, title: str, model: str) -> SessionRecord:
        return SessionRecord(
            session_id=secrets.token_hex(8),
            log=log_id(secrets.token_bytes(LOG_ID_ENTROPY_BYTES)),
            created=rfc3339(self._clock()),
            project=self._project,
            title=title,
            model=model,
        )

    async def _begin(self, record: SessionRecord) -> Session:
        self._records[record.session_id] = record
        self.on_change(record.session_id)
        session = await self.session(record.session_id)
        session.want_agent()
        return session

    async def session(self, session_id: str) -> Session:
        """The session of this id, its log read if it was not. The agent begins in it when it is wanted.

        One whose log is damaged is a DamagedSession. Raises NotFound, StoreError.
        """
        if session_id not in self._records:
            raise NotFound("no such session")
        await trio.lowlevel.checkpoint()
        opened = self._open.get(session_id)
        if opened is None:
            # A lock a session: a long log that is being read must not keep people from the others.
            async with self._opening.setdefault(session_id, trio.Lock()):
                # Looked up anew: whoever had the lock before may have opened the session, or deleted it since.
                record, opened = self._records.get(session_id), self._open.get(session_id)
                if record is None:
                    raise NotFound("no such session")
                if opened is None:
                    opened = await self._start(record)
        return opened.session

    async def newest(self) -> Session:
        """The session made last of those that are whole; a new one if there is none."""
        for session_id in reversed([*self._records]):
            try:
                session = await self.session(session_id)
            except NotFound:
                continue  # deleted this moment: it was the newest no longer
            if not isinstance(session, DamagedSession):
                return session
        return await self.create()

    def records(self) -> list[SessionRecord]:
        """What is kept of each session, newest first."""
        return [
            self._open[record.session_id].session.kept if record.session_id in self._open else record
            for record in reversed(self._records.values())
        ]

    def open_sessions(self) -> list[Session]:
        return [opened.session for opened in self._open.values()]

    async def change(self, session_id: str, *, title: str | None, archived: bool | None) -> SessionRecord:
        """Rename or archive. Raises NotFound, StoreError; Conflict for archiving a session at work."""
        session = await self.session(session_id)
        if archived and session.running:
            raise Conflict("the session is running; cancel it first")
        changes = {"title": None if title is None else self._redactor.redact(title), "archived": archived}
        await session.keep(**{name: value for name, value in changes.items() if value is not None})
        return session.kept

    async def delete(self, session_id: str) -> None:
        """Delete a session and its log. Raises NotFound, StoreError; Conflict for a session at work.

        What the agent kept for it goes too, and blobs that no other session refers to; where that fails it is logged, for the
        session is gone all the same.
        """
        session = await self.session(session_id)
        if session.running:
            raise Conflict("the session is running; cancel it first")
        if session.log.closed:
            raise NotFound("no such session")
        # First of all: what was acknowledged after the log is gone from the store would be lost.
        session.log.close()
        try:
            named = await self._forgetting.blobs_of(session)
            await session.keep(deleted=True)
        finally:
            if not session.kept.deleted:
                session.log.reopen()
        session.end()
        del self._records[session_id]
        self._opening.pop(session_id, None)
        opened = self._open.pop(session_id)
        self.on_change(session_id)
        opened.scope.cancel()
        await self._forgetting.forget(session_id, opened.finished, named)

    async def _start(self, record: SessionRecord) -> _Opened:
        signal = Signal()
        try:
            log, history = await open_log(record.log, self.store, self._writer, self._clock, signal)
        except StoreRefused as exc:
            return self._damaged(record, exc)
        session = Session(record, log, history, self._writer, signal, self._place, self.heartbeat_s, self._redactor)
        opened = self._opened(session)
        self._nursery.start_soon(self._run, opened, history)
        return opened

    def _damaged(self, record: SessionRecord, why: StoreRefused) -> _Opened:
        logger.error("session_damaged", session=record.session_id, reason=str(why))
        session = DamagedSession(record, why, self._writer, self._place, self.heartbeat_s, self._redactor, self._clock)
        opened = self._opened(session)
        opened.finished.set()
        return opened

    def _opened(self, session: Session) -> _Opened:
        opened = self._open[session.id] = _Opened(session)
        session.on_change = partial(self._changed, session.id)
        session.on_change()
        return opened

    def _changed(self, session_id: str) -> None:
        self.on_change(session_id)

    async def _run(self, opened: _Opened, history: list[Message]) -> None:
        try:
            with opened.scope:
                await opened.session.run(self._agent, history)
        except* Exception as group:
            # A bug in one session must not end its siblings; this one is over, and says so to those who watch it.
            logger.error("session_failed", session=opened.session.id, exc_info=group)
            opened.session.end()
        finally:
            opened.finished.set()
