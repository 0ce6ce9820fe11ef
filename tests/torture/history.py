"""What happened, as facts in the order in which they happened. The oracle reads nothing else.

A fact is true of the outside: what was durable, what came out of a wire, what stood on a screen. Times are seconds on one
clock, real or virtual. `connection` numbers the connections of all clients; `cursor` is the text of one.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Fact:
    at: float

    def told(self) -> str:
        """One line for people."""
        fields = (f"{name}={_short(getattr(self, name))}" for name in self.__slots__)
        return f"{self.at:9.3f}  {type(self).__name__:15} {' '.join(fields)}"


def _short(value: object) -> str:
    shown = repr(value)
    return shown if len(shown) <= 90 else f"{shown[:60]}… ({len(shown)})"


# ---------------------------------------------------------------------------------------------------------- the truth


@dataclass(frozen=True, slots=True)
class Stored(Fact):
    """The message is durable: it is there after a crash of this moment."""

    log: str
    index: int
    wire: bytes
    cursor: str
    key: str = ""
    from_agent: bool = False


@dataclass(frozen=True, slots=True)
class Restored(Fact):
    """Somebody put an older copy of the log in its place: what lies beyond `count` is gone, and nobody is to blame."""

    log: str
    count: int


@dataclass(frozen=True, slots=True)
class Trimmed(Fact):
    """The messages before `count` were removed for good. Nothing of the product does that: who reads along must bear it."""

    log: str
    count: int


@dataclass(frozen=True, slots=True)
class Found(Fact):
    """All that a process finds in the log when it begins."""

    log: str
    wires: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class Written(Fact):
    """Text of the message to come: `text` is the whole of the part so far."""

    log: str
    part: str
    text: str


@dataclass(frozen=True, slots=True)
class GivenUp(Fact):
    """Nobody writes any more: text that no message took over need not reach anybody."""

    log: str


@dataclass(frozen=True, slots=True)
class Emitted(Fact):
    """Output of a running tool: `text` is the whole of it so far."""

    log: str
    call: str
    text: str


@dataclass(frozen=True, slots=True)
class Acknowledged(Fact):
    """A client was told that its post is durable."""

    key: str
    cursor: str


@dataclass(frozen=True, slots=True)
class Stopping(Fact):
    """The server was asked to stop, and says goodbye to every stream."""


# ------------------------------------------------------------------------------------------------------- a connection


@dataclass(frozen=True, slots=True)
class Asked(Fact):
    """A client asks for a stream, to go on after `cursor` (empty = it has nothing)."""

    client: int
    connection: int
    cursor: str


@dataclass(frozen=True, slots=True)
class Resumed(Fact):
    """The server decided where the stream begins, and with what `reset`. `asked` is None where no cursor was given."""

    connection: int
    asked: str | None
    log: str
    start: int
    reset: str | None


@dataclass(frozen=True, slots=True)
class Opened(Fact):
    """`ready` came."""

    connection: int
    log: str
    start: int
    heartbeat_s: float


@dataclass(frozen=True, slots=True)
class WasReset(Fact):
    connection: int
    log: str
    start: int
    reason: str


@dataclass(frozen=True, slots=True)
class Received(Fact):
    """A message came out of the wire."""

    connection: int
    index: int
    wire: bytes
    cursor: str


@dataclass(frozen=True, slots=True)
class StateReceived(Fact):
    connection: int
    count: int
    cursor: str


@dataclass(frozen=True, slots=True)
class TextReceived(Fact):
    connection: int
    idx: int
    part: str
    offset: int
    text: str


@dataclass(frozen=True, slots=True)
class OutputReceived(Fact):
    connection: int
    call: str
    offset: int
    text: str


@dataclass(frozen=True, slots=True)
class Beat(Fact):
    """A heartbeat came."""

    connection: int


@dataclass(frozen=True, slots=True)
class Bye(Fact):
    connection: int
    reason: str


@dataclass(frozen=True, slots=True)
class Ended(Fact):
    """The server ended the stream, or the client's user went away: either way no fault of the network's or the client's."""

    connection: int


@dataclass(frozen=True, slots=True)
class Hindered(Fact):
    """From here on the network holds bytes back, or the reader does not read: no bound on time holds."""

    connection: int


@dataclass(frozen=True, slots=True)
class Flowing(Fact):
    """The hindrance is over."""

    connection: int


@dataclass(frozen=True, slots=True)
class Closed(Fact):
    """The client has done with the connection, after it had waited for bytes since `heard_at`."""

    connection: int
    heard_at: float


# ----------------------------------------------------------------------------------------------------------- a screen


@dataclass(frozen=True, slots=True)
class Cleared(Fact):
    """What the client shows is dropped; what follows is of `log`, from message `start` on."""

    client: int
    log: str
    start: int


@dataclass(frozen=True, slots=True)
class Shown(Fact):
    client: int
    index: int
    wire: bytes
    cursor: str


@dataclass(frozen=True, slots=True)
class TextShown(Fact):
    """`text` is the whole of the part as it stands on the screen."""

    client: int
    idx: int
    part: str
    text: str


@dataclass(frozen=True, slots=True)
class TextGone(Fact):
    client: int


@dataclass(frozen=True, slots=True)
class Settled(Fact):
    """All has been quiet for long, nothing is at fault: the client has everything, and its last State says so."""

    client: int


def trace(history: Iterable[Fact]) -> str:
    """The history for people, a line a fact."""
    return "\n".join(fact.told() for fact in history)
