"""A session that was recorded: its messages are shown as they stand in the recording, and nobody is at work.

It can go back, which a log never does: the log is then made anew, with another identity, and readers of the one before are
told to drop what they have (`Follower`).
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from typing import Any

import msgspec
import trio

from trio_agent.core.cursor import LOG_ID_ENTROPY_BYTES, Cursor, log_id
from trio_agent.core.errors import Conflict
from trio_agent.core.machine import AgentState
from trio_agent.core.message import Message
from trio_agent.core.prompts import AttachedFile
from trio_agent.core.state import State
from trio_agent.runtime.log import CHUNK_BYTES, EventLog, Receipt
from trio_agent.runtime.place import Place
from trio_agent.runtime.recollection import Recollection
from trio_agent.runtime.recording import Recording
from trio_agent.runtime.session import Session
from trio_agent.runtime.signal import Signal
from trio_agent.runtime.writer import Writer
from trio_agent.seams import Attendant, Clock, SessionRecord, rfc3339

REFUSED = "this is a replay of a recorded session: it can be watched, not changed"
NO_DIFF = "this is a replay: the repository that the session worked in is not part of the recording"
UNKNOWN = Place(hostname="", os="", in_container=False, started_in="")
"""Where the agent worked stands in no message; where it is replayed is of no interest."""


class ReplayedSession(Session):
    """Shows the first message of `recording` from the start. What would change it is refused by Conflict."""

    def __init__(self, recording: Recording, clock: Clock, heartbeat_s: float) -> None:
        self._recording = recording
        self._clock = clock
        self._decoder = msgspec.json.Decoder(Message)
        signal = Signal()
        writer = Writer(recording)
        log = EventLog(_new_log_id(), recording, writer, clock, signal)
        record = SessionRecord(
            # Another one in each run: browsers keep for ever what they were sent of a session's message.
            session_id=secrets.token_hex(8),
            log=log.cursor.log,
            created=rfc3339(recording.times[0]),
        )
        super().__init__(record, log, [], writer, signal, UNKNOWN, heartbeat_s)
        self._recollect(Recollection(record.created))
        self.show_more(1)

    @property
    def position(self) -> int:
        """How many messages are shown; 1 at least."""
        return self.log.cursor.index

    @property
    def state(self) -> AgentState:
        """What the agent did after the last message that is shown; after the very last, nobody works or waits any more."""
        return AgentState.END_OF_TURN if self.position == self._recording.count else self._recollection.state

    @property
    def attendant(self) -> Attendant | None:
        return _Nobody()

    def show_more(self, position: int) -> None:
        """Show messages up to `position`; less, where that is more work than readers may be held up by."""
        self._fill(self.log, self._recollection, position)
        self._recollect(self._recollection)
        self.changed()

    async def show_exactly(self, position: int) -> None:
        """Show the first `position` messages (1 to the recording's count) and no more. Cancelling leaves fewer or more."""
        await trio.lowlevel.checkpoint()
        if position < self.position:
            log = EventLog(_new_log_id(), self._recording, self._writer, self._clock, self.signal)
            recollection = Recollection(self.kept.created)
            while log.cursor.index < position:
                self._fill(log, recollection, position)
                await trio.lowlevel.checkpoint()
            # No checkpoint from here to `changed`: a reader of the new log would be sent the State of the one before.
            self.log = log
            self._recollect(recollection)
            self.changed()
        while self.position < position:
            self.show_more(position)
            await trio.lowlevel.checkpoint()

    def _recollect(self, recollection: Recollection) -> None:
        self._recollection, self.account, self._facts = recollection, recollection.account, recollection.facts
        self.kept = msgspec.structs.replace(self.kept, log=self.log.cursor.log, facts=recollection.facts)

    def _fill(self, log: EventLog, recollection: Recollection, position: int) -> None:
        """Bring about CHUNK_BYTES of messages before `position` into `log`, one at least."""
        start = stop = log.cursor.index
        size = 0
        while stop < position and size < CHUNK_BYTES:
            size += self._recording.size(stop)
            stop += 1
        entries = self._recording.entries(log.cursor.log, start, stop)
        log.restore(entries)
        for entry in entries:
            recollection.see(self._decoder.decode(entry.wire))

    def _state_at(self, cursor: Cursor) -> State:
        state = self.state
        return msgspec.structs.replace(
            super()._state_at(cursor),
            agent_state=state.value,
            outstanding_llm_calls=int(state is AgentState.PROCESSING_LLM_RESPONSE),
            outstanding_tool_calls=self._recollection.tools if state is AgentState.RUNNING_TOOL else (),
        )

    async def post(
        self,
        text: str,
        *,
        key: str = "",
        digest: str = "",
        files: Sequence[AttachedFile] = (),
        queued: bool = False,
    ) -> Receipt:
        await trio.lowlevel.checkpoint()
        raise Conflict(REFUSED)

    async def withdraw(self, idx: int) -> int:
        await trio.lowlevel.checkpoint()
        raise Conflict(REFUSED)

    async def withdraw_posted(self, key: str) -> int | None:
        await trio.lowlevel.checkpoint()
        raise Conflict(REFUSED)

    async def keep(self, **changes: Any) -> None:
        await trio.lowlevel.checkpoint()
        raise Conflict(REFUSED)

    async def cancel(self, reason: str = "") -> str:
        await trio.lowlevel.checkpoint()
        raise Conflict(REFUSED)

    async def cancel_tool(self, tool_call_id: str, reason: str = "") -> str:
        await trio.lowlevel.checkpoint()
        raise Conflict(REFUSED)

    async def cancel_task(self, task_id: int, reason: str = "") -> str:
        await trio.lowlevel.checkpoint()
        raise Conflict(REFUSED)


class _Nobody:
    """The attendant of a session in which nobody works."""

    async def turn(self, prompts: object) -> None:
        await trio.lowlevel.checkpoint()
        raise Conflict(REFUSED)

    async def diff(self, commit: str) -> str:
        await trio.lowlevel.checkpoint()
        raise Conflict(NO_DIFF)


def _new_log_id() -> str:
    return log_id(secrets.token_bytes(LOG_ID_ENTROPY_BYTES))
