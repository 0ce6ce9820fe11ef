"""What a connection to the server is, as a table: a state and an input give the next state.

Nothing here waits, reads a clock or touches the network. The state says what is to be done: `stream.py` does it, and
comes back with what happened. The rules are those of the page (`static/js/connection.js`):

    idle         not started                       waiting    between two tries, until `due_at`
    connecting   a request is out, no `ready` yet  ended      the session has ended; nothing more will come
    open         `ready` came, bytes flow          refused    the server will not have us; to try again would not help
    stale        silence: dropped, being reopened
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Literal

ConnectionState = Literal["idle", "connecting", "open", "stale", "waiting", "ended", "refused"]
Input = Literal["start", "ready", "lost", "silent", "resync", "refused", "ended", "due"]
Status = Literal["connecting", "connected", "reconnecting", "ended", "refused"]

SETTLED_S = 30.0
"""A connection that dies younger than this counts as a failed try, or a server that accepts and drops would be hammered."""

BACKOFF_BASE_S = 0.5
BACKOFF_CAP_S = 15.0

LONGEST_WAIT_S = 300.0
"""A server may ask for a longer wait than our cap, but not for one that looks like never."""

CONNECT_S = 10.0
"""A server says `ready` before it does anything slow."""

SILENT_BEATS = 2.0
"""How many heartbeats may pass without a byte before a connection is taken for dead."""

_OPENING: Mapping[Input, ConnectionState] = {
    "ready": "open",
    "lost": "waiting",
    "silent": "waiting",
    "resync": "waiting",
    "refused": "refused",
    "ended": "ended",
}

TABLE: Mapping[ConnectionState, Mapping[Input, ConnectionState]] = {
    "idle": {"start": "connecting"},
    "connecting": _OPENING,
    "open": {
        "lost": "waiting",
        # At once: the server said nothing against it, and the user has waited two heartbeats already.
        "silent": "stale",
        # Not at once: a server that keeps sending what does not fit would be asked in a hot loop.
        "resync": "waiting",
        "ended": "ended",
    },
    "stale": _OPENING,
    "waiting": {"due": "connecting"},
    "ended": {},
    "refused": {},
}

_STATUS: Mapping[ConnectionState, Status] = {
    "open": "connected",
    "stale": "reconnecting",
    "waiting": "reconnecting",
    "ended": "ended",
    "refused": "refused",
}


def backoff_s(attempt: int, random: float, floor_s: float = 0.0) -> float:
    """Seconds before try number `attempt` (0 = the first after a loss): jittered below a doubling bound.

    `random` is in [0, 1); `floor_s` is what the server asked for at least, 0 = nothing.
    """
    bound = min(BACKOFF_CAP_S, BACKOFF_BASE_S * 2.0 ** min(attempt, 16))
    delay = bound * (0.25 + 0.75 * random)
    if floor_s <= delay:
        return delay
    # All clients were given the same floor: spread them behind it, or they come back as one wave.
    return min(LONGEST_WAIT_S, floor_s * (1 + 0.25 * random))


@dataclass(frozen=True, slots=True)
class Connection:
    """What is known of the connection. `due_at` is when the next try begins, on Trio's clock, while `waiting`.

    `reason` says why the last connection was lost; empty while one is open. `attempt` counts failed tries since one
    connection settled, `retry_s` is what the stream's `retry:` field said.
    """

    state: ConnectionState = "idle"
    attempt: int = 0
    reason: str = ""
    due_at: float = 0.0
    opened_at: float = 0.0
    was_open: bool = False
    retry_s: float = 0.0

    @property
    def status(self) -> Status:
        """What to tell the user."""
        return _STATUS.get(self.state, "reconnecting" if self.was_open else "connecting")

    def take(
        self, input: Input, *, now: float, random: float = 0.0, reason: str = "", floor_s: float = 0.0
    ) -> Connection:
        """The connection after `input`. One that the state does not know is late news and changes nothing.

        `floor_s` is a wait that the server asked for when it let us go; 0 = none.
        """
        state = TABLE[self.state].get(input)
        if state is None:
            return self
        if state == "open":
            return replace(self, state=state, opened_at=now, was_open=True, reason="", due_at=0.0)
        settled = self.state == "open" and now - self.opened_at >= SETTLED_S
        attempt = 0 if settled else self.attempt
        due_at = 0.0
        if state == "waiting":
            # The first try after a loss is quick, whatever `retry:` says, unless the server said goodbye with a time of
            # its own.
            floor_s = max(floor_s, self.retry_s if attempt else 0.0)
            due_at = now + backoff_s(attempt, random, floor_s)
            attempt += 1
        return replace(self, state=state, attempt=attempt, due_at=due_at, reason=reason or self.reason)

    def heard_retry(self, retry_ms: int | None) -> Connection:
        """The stream's `retry:` field was `retry_ms`; None = it had none."""
        return self if retry_ms is None else replace(self, retry_s=retry_ms / 1000)
