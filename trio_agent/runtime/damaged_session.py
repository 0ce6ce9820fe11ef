"""A session whose log cannot be shown: what is left of it is its name, and one message that says so.

The log that a reader gets is another one, of a new identity, made in memory of that message: nothing of the damaged one is
passed off as whole, and none of its cursors fits.
"""

from __future__ import annotations

import secrets

from trio_agent.core.cursor import LOG_ID_ENTROPY_BYTES, log_id
from trio_agent.core.errors import StoreRefused
from trio_agent.core.message import Message
from trio_agent.core.redaction import Redactor
from trio_agent.core.wire import encode_json
from trio_agent.runtime.log import EventLog
from trio_agent.runtime.place import Place
from trio_agent.runtime.recording import Recording
from trio_agent.runtime.session import Session
from trio_agent.runtime.signal import Signal
from trio_agent.runtime.writer import Writer
from trio_agent.seams import Clock, SessionRecord, rfc3339


class DamagedSession(Session):
    """It has ended: it takes no messages, and nobody works in it. It can be renamed, archived and deleted.

    `damage` is what the store said when the log of `record` was read, for people.
    """

    def __init__(
        self,
        record: SessionRecord,
        why: StoreRefused,
        writer: Writer,
        place: Place,
        heartbeat_s: float,
        redactor: Redactor,
        clock: Clock,
    ) -> None:
        self.damage = str(why)
        told = Message(
            type="error",
            content=f"This session cannot be shown, and takes no messages: {self.damage}. It can still be deleted.",
            timestamp=rfc3339(clock()),
            conversation_id=record.session_id,
            idx=0,
        )
        recording = Recording(record.log)
        recording.add(encode_json(told))
        signal = Signal()
        shown = log_id(secrets.token_bytes(LOG_ID_ENTROPY_BYTES))
        log = EventLog(shown, recording, Writer(recording), clock, signal)
        log.restore(recording.entries(shown, 0, 1))
        super().__init__(record, log, [told], writer, signal, place, heartbeat_s, redactor)
        self.ended = True

    def _summary(self) -> dict[str, object]:
        # What was kept of the log before it was damaged stays.
        return {}
