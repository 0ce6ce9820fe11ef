"""The roll: what is told of every session to those who show all of them. A level, as the State of one session is.

That a session changed is only noted. What is to be told of it is made when a reader looks, and is news only where it is other
than before: of a thousand pieces of an answer, nobody who shows a list need hear.
"""

from __future__ import annotations

from collections import deque

from trio_agent.core.wire import encode_json
from trio_agent.runtime.hall import Hall
from trio_agent.runtime.signal import Signal
from trio_agent.web.answers import listed

MOST_TOLD = 300
"""Sessions in one event: the newest. About 100 KiB; who looks for an older one searches."""

MOST_GONE = 1000
"""Deleted sessions that are remembered, for readers who have not heard of it yet; those who lag further are told all anew."""


class Roll:
    """All sessions of `hall`, in versions that only grow. Wait on `signal`, then ask for `news`."""

    def __init__(self, hall: Hall) -> None:
        self.signal = Signal()
        self._hall = hall
        self._version = 0
        self._noted = {record.session_id for record in hall.records()}
        # By session, in the order in which they changed: the version that told it, and its JSON; none for one that is gone.
        self._told: dict[str, tuple[int, bytes]] = {}
        self._gone: deque[str] = deque()
        self._oldest = 1
        hall.on_change = self._note

    def news(self, since: int) -> tuple[bytes, int]:
        """What changed after version `since` (0: everything), as JSON; empty where nothing did. And the present version."""
        self._look()
        changed: list[bytes] = []
        gone: list[str] = []
        for session_id, (version, told) in reversed(self._told.items()):
            if version <= since:
                break
            if told:
                changed.append(told)
            else:
                gone.append(session_id)
        if since < self._oldest or len(changed) > MOST_TOLD:
            return self._whole(), self._version
        if not changed and not gone:
            return b"", self._version
        # The oldest change first: of two new sessions the newer one comes last, and so to stand at the top.
        return self._event(changed[::-1], gone, whole=False), self._version

    def _whole(self) -> bytes:
        newest = [record.session_id for record in self._hall.records()[:MOST_TOLD]]
        return self._event([self._told[each][1] for each in newest], [], whole=True)

    def _event(self, sessions: list[bytes], gone: list[str], *, whole: bool) -> bytes:
        rest = encode_json({"gone": gone, "whole": whole, "total": len(self._hall.records())})
        return b'{"sessions":[%b],%b' % (b",".join(sessions), rest[1:])

    def _note(self, session_id: str) -> None:
        self._noted.add(session_id)
        self.signal.notify()

    def _look(self) -> None:
        noted, self._noted = self._noted, set()
        if not noted:
            return
        opened = {session.id: session for session in self._hall.open_sessions()}
        # In the order in which they were made, oldest first.
        for record in reversed(self._hall.records()):
            if record.session_id in noted:
                noted.discard(record.session_id)
                self._tell(record.session_id, encode_json(listed(record, opened.get(record.session_id))))
        for session_id in noted & self._told.keys():
            self._tell(session_id, b"")

    def _tell(self, session_id: str, told: bytes) -> None:
        if self._told.get(session_id, (0, b"?"))[1] == told:
            return
        self._version += 1
        # Out of its old place: the newest change stands last.
        self._told.pop(session_id, None)
        self._told[session_id] = (self._version, told)
        if not told:
            self._gone.append(session_id)
            if len(self._gone) > MOST_GONE:
                self._oldest = self._told.pop(self._gone.popleft())[0] + 1
