"""The oracle: takes a history and finds every promise in it that was broken. Pure.

Rules. A cursor names content: the text of a cursor that was ever durable stands for one sequence of messages and no other.
A log is a chain that only grows, but for `Restored`. What a connection is sent is a stretch of the chain, once, in order. What
a screen holds is a stretch of one chain, at every moment. Bounds on time hold where the network flows (`bounds.py`).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import singledispatchmethod
from typing import Literal

from tests.torture import history as h
from tests.torture.bounds import (
    Broken,
    Text,
    late_beats,
    late_messages,
    late_texts,
    long_silences,
    storms,
)
from tests.torture.ledger import Connection, Log, Screen
from trio_agent.core.cursor import FIRST_TAG, Cursor, next_tag, parse_cursor

Kind = Literal[
    "loss",
    "duplicate on screen",
    "gap",
    "reordering",
    "phantom",
    "fork",
    "differing content",
    "state ahead",
    "state behind",
    "acknowledged message gone",
    "acknowledged before durable",
    "visible before durable",
    "sent twice",
    "posted twice",
    "wrong start",
    "resumed from elsewhere",
    "wrong text",
    "no goodbye",
    "given up",
    "late",
    "heartbeat",
    "silence unnoticed",
    "storm",
    "hot loop",
    "broken down",
]


@dataclass(frozen=True, slots=True)
class Violation:
    kind: Kind
    at: float
    what: str

    def __str__(self) -> str:
        return f"{self.at:9.3f}  {self.kind}: {self.what}"


class Oracle:
    """Give it every fact in order by `see`, then ask for the `verdict`."""

    def __init__(self) -> None:
        self.found: list[Violation] = []
        self._logs: dict[str, Log] = {}
        self._ever: dict[str, bytes] = {}
        self._unproven: dict[str, tuple[Kind, Kind, h.Fact]] = {}
        self._connections: dict[int, Connection] = {}
        self._screens: dict[int, Screen] = {}
        self._asked: dict[int, list[float]] = {}

    def verdict(self) -> list[Violation]:
        """All violations, oldest first."""
        for cursor, (kind, _, fact) in self._unproven.items():
            self._say(kind, fact, f"{cursor} never was durable")
        for connection in self._connections.values():
            chain = self._log(connection.log).chain
            stored = {each.index: each.at for each in chain}
            self._break("late", late_messages(connection.passage, stored))
            self._break("late", late_texts(connection.passage, self._log(connection.log).written))
            self._break("heartbeat", late_beats(connection.passage))
            self._break("silence unnoticed", long_silences(connection.passage))
        for times in self._asked.values():
            self._break("storm", storms(times))
        return sorted(self.found, key=lambda violation: violation.at)

    @singledispatchmethod
    def see(self, fact: h.Fact) -> None:
        raise TypeError(f"no rule for {type(fact).__name__}")

    # -------------------------------------------------------------------------------------------------------- truth

    @see.register
    def _(self, fact: h.Stored) -> None:
        log = self._log(fact.log)
        if fact.index < len(log.chain):
            self._say("fork", fact, f"message {fact.index} was stored twice")
            return
        if fact.index > len(log.chain):
            self._say("gap", fact, f"message {fact.index} was stored where {len(log.chain)} was due")
            return
        if fact.cursor != str(Cursor(fact.log, fact.index + 1, next_tag(log.tag(fact.index), fact.wire))):
            self._say("fork", fact, f"{fact.cursor} does not go on from the message before")
        if fact.key in log.keys:
            self._say("posted twice", fact, f"{fact.key}: messages {log.keys[fact.key]} and {fact.index}")
        if fact.key:
            log.keys[fact.key] = fact.index
        log.chain.append(fact)
        self._ever[fact.cursor] = fact.wire
        if fact.cursor in self._unproven:
            _, kind, early = self._unproven.pop(fact.cursor)
            self._say(kind, early, f"{fact.cursor} was durable at {fact.at:.3f}")
        log.void(fact.at)
        # Words that came in between take the number; an agent's message takes over what was written.
        if fact.from_agent:
            log.writing.clear()
        for part, text in log.writing.items():
            log.grow(part, text)

    @see.register
    def _(self, fact: h.Restored) -> None:
        log = self._log(fact.log)
        del log.chain[fact.count :]
        for known in (log.acknowledged, log.seen):
            for index in [index for index in known if index >= fact.count]:
                del known[index]
        log.keys = {each.key: each.index for each in log.chain if each.key}

    @see.register
    def _(self, fact: h.Trimmed) -> None:
        self._log(fact.log).first = fact.count

    @see.register
    def _(self, fact: h.Found) -> None:
        log = self._log(fact.log)
        log.writing.clear()
        log.void(fact.at)
        tag, cursors = FIRST_TAG, []
        for index, wire in enumerate(fact.wires):
            tag = next_tag(tag, wire)
            cursors.append(str(Cursor(fact.log, index + 1, tag)))
            if index >= len(log.chain):
                self.see(h.Stored(fact.at, fact.log, index, wire, cursors[-1]))
        for index, acknowledged in log.acknowledged.items():
            if index >= len(cursors) or cursors[index] != acknowledged.cursor:
                self._say("acknowledged message gone", fact, f"{acknowledged.key}: {acknowledged.cursor}")
        for index, cursor in log.seen.items():
            if index >= len(cursors) or cursors[index] != cursor:
                self._say("fork", fact, f"{cursor} was seen, and is not what is kept")

    @see.register
    def _(self, fact: h.Written) -> None:
        log = self._log(fact.log)
        if not fact.text.startswith(log.writing.get(fact.part, "")):
            log.void(fact.at, fact.part)
        log.written.append(Text(fact.at, fact.part, len(fact.text)))
        log.writing[fact.part] = fact.text
        log.grow(fact.part, fact.text)

    @see.register
    def _(self, fact: h.GivenUp) -> None:
        self._log(fact.log).void(fact.at)

    @see.register
    def _(self, fact: h.Emitted) -> None:
        self._log(fact.log).outputs[fact.call] = fact.text

    @see.register
    def _(self, fact: h.Acknowledged) -> None:
        cursor = parse_cursor(fact.cursor)
        if cursor is None or fact.cursor not in self._ever:
            self._unproven[fact.cursor] = ("acknowledged message gone", "acknowledged before durable", fact)
        elif (log := self._log(cursor.log)).keys.get(fact.key) == cursor.index - 1:
            log.acknowledged[cursor.index - 1] = fact
        else:
            self._say("acknowledged message gone", fact, f"{fact.key} is not at {fact.cursor}")

    @see.register
    def _(self, fact: h.Stopping) -> None:
        for connection in self._connections.values():
            if connection.passage.flows:
                connection.stopping_at = fact.at

    # -------------------------------------------------------------------------------------------------- connections

    @see.register
    def _(self, fact: h.Asked) -> None:
        self._connections[fact.connection] = Connection(fact.client)
        self._asked.setdefault(fact.client, []).append(fact.at)
        screen = self._screens.setdefault(fact.client, Screen())
        screen.connection = fact.connection
        if screen.cursor and fact.cursor != screen.cursor:
            self._say("resumed from elsewhere", fact, f"has {screen.cursor}, asks for {fact.cursor}")

    @see.register
    def _(self, fact: h.Resumed) -> None:
        connection = self._connections[fact.connection]
        connection.passage.began_at = fact.at
        if fact.asked is None:
            return
        cursor = parse_cursor(fact.asked)
        log = self._log(fact.log)
        reasons = {"bad_cursor"}
        if cursor is not None:
            if cursor.log != fact.log:
                reasons = {"new_log"}
            elif cursor.index > len(log.chain):
                reasons = {"ahead"}
            elif cursor.index < log.first:
                reasons = {"compacted"}
            elif log.tag(cursor.index) != cursor.tag:
                # While the server looked, the log may have grown to where the cursor is.
                reasons = {"diverged", "ahead"}
            else:
                if (fact.start, fact.reset) != (cursor.index, None):
                    self._say("wrong start", fact, f"asked for {cursor}, began at {fact.start}, reset {fact.reset}")
                return
        if fact.reset not in reasons or fact.start != log.first:
            told = f"asked for {fact.asked}, began at {fact.start}, reset {fact.reset} instead of {min(reasons)}"
            self._say("wrong start", fact, told)

    @see.register
    def _(self, fact: h.Opened) -> None:
        connection = self._connections[fact.connection]
        connection.log, connection.due = fact.log, fact.start
        connection.passage.open(fact.at, fact.start, fact.heartbeat_s)

    @see.register
    def _(self, fact: h.WasReset) -> None:
        connection = self._connections[fact.connection]
        connection.log, connection.due = fact.log, fact.start

    @see.register
    def _(self, fact: h.Received) -> None:
        connection = self._connections[fact.connection]
        connection.cursor = fact.cursor
        self._prove(fact, fact.cursor, fact.wire)
        if fact.index in connection.sent:
            self._say("sent twice", fact, f"message {fact.index} on connection {fact.connection}")
            return
        if fact.index < connection.due:
            self._say("reordering", fact, f"message {fact.index} came where {connection.due} was due")
        if fact.index > connection.due:
            self._say("gap", fact, f"message {fact.index} came where {connection.due} was due")
        connection.sent.add(fact.index)
        connection.due = max(connection.due, fact.index + 1)
        connection.passage.received[fact.index] = fact.at
        log = self._log(connection.log)
        # What was still on its way when an older copy was restored is nobody's debt.
        if fact.cursor not in self._ever or log.holds(fact.index, fact.cursor):
            log.seen[fact.index] = fact.cursor

    @see.register
    def _(self, fact: h.StateReceived) -> None:
        connection = self._connections[fact.connection]
        connection.state = fact.count
        if fact.count > connection.due:
            self._say("state ahead", fact, f"counts {fact.count} where {connection.due} were sent")
        elif fact.count == connection.due and connection.cursor not in ("", fact.cursor):
            self._say("state ahead", fact, f"is of {fact.cursor} where {connection.cursor} was sent")

    @see.register
    def _(self, fact: h.TextReceived) -> None:
        connection = self._connections[fact.connection]
        lengths = connection.lengths
        length = lengths.get((fact.idx, fact.part), 0)
        if fact.offset not in (0, length):
            self._say("wrong text", fact, f"offset {fact.offset} of {fact.part} where {length} were sent")
        lengths[fact.idx, fact.part] = length = fact.offset + len(fact.text)
        connection.passage.texts.append((fact.at, fact.part, length))

    @see.register
    def _(self, fact: h.OutputReceived) -> None:
        whole = self._log(self._connections[fact.connection].log).outputs.get(fact.call, "")
        if whole[fact.offset : fact.offset + len(fact.text)] != fact.text:
            self._say("wrong text", fact, f"output of {fact.call} at {fact.offset}: {fact.text!r}")

    @see.register
    def _(self, fact: h.Beat) -> None:
        self._connections[fact.connection].passage.beats.append(fact.at)

    @see.register
    def _(self, fact: h.Bye) -> None:
        connection = self._connections[fact.connection]
        connection.said_bye = True
        connection.passage.hinder(fact.at)

    @see.register
    def _(self, fact: h.Ended) -> None:
        self._connections[fact.connection].ended = True

    @see.register
    def _(self, fact: h.Hindered) -> None:
        self._connections[fact.connection].passage.hinder(fact.at)

    @see.register
    def _(self, fact: h.Flowing) -> None:
        self._connections[fact.connection].passage.flow(fact.at)

    @see.register
    def _(self, fact: h.Closed) -> None:
        connection = self._connections[fact.connection]
        if connection.stopping_at is not None and connection.passage.flows and not connection.said_bye:
            self._say("no goodbye", fact, f"connection {fact.connection}, stopping since {connection.stopping_at:.3f}")
        elif connection.passage.flows and not connection.ended:
            self._say("given up", fact, f"the client left connection {fact.connection}, with which nothing was wrong")
        connection.passage.close(fact.at, fact.heard_at)

    # ------------------------------------------------------------------------------------------------------ screens

    @see.register
    def _(self, fact: h.Cleared) -> None:
        before = self._screens.setdefault(fact.client, Screen())
        tag = FIRST_TAG if fact.start == 0 else ""
        self._screens[fact.client] = Screen(fact.log, fact.start, tag, connection=before.connection)

    @see.register
    def _(self, fact: h.Shown) -> None:
        screen = self._screens[fact.client]
        if fact.index < screen.count:
            self._say("duplicate on screen", fact, f"message {fact.index} where {screen.count} are shown")
            return
        if fact.index > screen.count:
            self._say("gap", fact, f"message {fact.index} is shown after {screen.count}")
        self._prove(fact, fact.cursor, fact.wire)
        tag = fact.cursor.rpartition(".")[2]
        if screen.tag and fact.index == screen.count and next_tag(screen.tag, fact.wire) != tag:
            self._say("fork", fact, f"{fact.cursor} does not go on from what is shown")
        screen.count, screen.tag, screen.cursor = fact.index + 1, tag, fact.cursor
        screen.texts.clear()

    @see.register
    def _(self, fact: h.TextShown) -> None:
        screen = self._screens[fact.client]
        screen.texts[fact.part] = fact.text
        if fact.idx < screen.count:
            self._say("duplicate on screen", fact, f"text of message {fact.idx}, which is shown")
        texts = self._log(screen.log).texts.get((fact.idx, fact.part), [])
        if not any(text.startswith(fact.text) for text in texts):
            self._say("wrong text", fact, f"{fact.part} of message {fact.idx} never began with {fact.text!r}")

    @see.register
    def _(self, fact: h.TextGone) -> None:
        self._screens[fact.client].texts.clear()

    @see.register
    def _(self, fact: h.Settled) -> None:
        screen = self._screens.setdefault(fact.client, Screen())
        chain = self._log(screen.log).chain
        end = chain[-1].cursor if chain else ""
        if screen.count < len(chain):
            self._say("loss", fact, f"client {fact.client} shows {screen.count} of {len(chain)}")
        elif screen.count > len(chain) or (screen.cursor and screen.cursor != end):
            self._say("phantom", fact, f"client {fact.client} shows {screen.cursor}, the log ends at {end}")
        connection = self._connections.get(screen.connection)
        if connection is None or connection.state != len(chain):
            told = connection.state if connection else "nothing"
            self._say("state behind", fact, f"client {fact.client} was told {told} of {len(chain)}")
        if screen.texts:
            self._say("wrong text", fact, f"client {fact.client} still shows {screen.texts}")

    # -------------------------------------------------------------------------------------------------------- tools

    def _log(self, log: str) -> Log:
        return self._logs.setdefault(log, Log())

    def _prove(self, fact: h.Fact, cursor: str, wire: bytes) -> None:
        known = self._ever.get(cursor)
        if known is None:
            self._unproven.setdefault(cursor, ("phantom", "visible before durable", fact))
        elif known != wire:
            self._say("differing content", fact, f"{cursor} stands for other bytes")

    def _say(self, kind: Kind, fact: h.Fact, what: str) -> None:
        self.found.append(Violation(kind, fact.at, what))

    def _break(self, kind: Kind, broken: Iterable[Broken]) -> None:
        self.found += [Violation(kind, at, what) for at, what in broken]


def violations(history: Iterable[h.Fact]) -> list[Violation]:
    """Every promise that `history` breaks, oldest first; empty where all were kept."""
    oracle = Oracle()
    for fact in history:
        oracle.see(fact)
    return oracle.verdict()
