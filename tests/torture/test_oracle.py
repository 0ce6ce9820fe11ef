"""The oracle itself: for each kind of violation the smallest history that has it, and its twin that is clean."""

from __future__ import annotations

from typing import get_args

import pytest

from tests.torture import history as h
from tests.torture.oracle import Kind, violations
from trio_agent.core.cursor import FIRST_TAG, next_tag

LOG, OTHER = "aaaaaaaaaaaaaaaa", "bbbbbbbbbbbbbbbb"
WIRES = tuple(b'{"idx":%d}' % number for number in range(4))
FORKED = b'{"idx":1,"content":"another"}'


def cursor(count: int, log: str = LOG, wires: tuple[bytes, ...] = WIRES) -> str:
    tag = FIRST_TAG
    for wire in wires[:count]:
        tag = next_tag(tag, wire)
    return f"{log}.{count}.{tag}"


def stored(index: int, at: float = 0.0, **more: object) -> h.Fact:
    return h.Stored(at, LOG, index, WIRES[index], cursor(index + 1), **more)  # type: ignore[arg-type]


def received(index: int, at: float = 1.0, connection: int = 1) -> h.Fact:
    return h.Received(at, connection, index, WIRES[index], cursor(index + 1))


def shown(index: int, at: float = 1.0) -> h.Fact:
    return h.Shown(at, 7, index, WIRES[index], cursor(index + 1))


def opened(at: float = 0.0, start: int = 0, connection: int = 1, cursor: str = "", beat_s: float = 5.0) -> list[h.Fact]:
    return [h.Asked(at, 7, connection, cursor), h.Opened(at, connection, LOG, start, beat_s)]


def cleared() -> h.Fact:
    return h.Cleared(0.0, 7, LOG, 0)


def closed(at: float) -> list[h.Fact]:
    """The user went away."""
    return [h.Ended(at, 1), h.Closed(at, 1, at)]


TWO = [stored(0), stored(1)]
SCREEN = [*TWO, cleared()]
ACKNOWLEDGED = h.Acknowledged(1.0, "key-of-the-post", cursor(1))
KEYED = stored(0, key="key-of-the-post")
RECEIVED = [*TWO, *opened(), received(0), received(1)]
BEATS = [h.Beat(5.0, 1), h.Beat(10.0, 1)]
WRITTEN = h.Written(0.0, LOG, "content", "Hello wörld")
GIVEN_UP = h.GivenUp(0.1, LOG)
ON_SCREEN = [cleared(), h.TextShown(1.0, 7, 0, "content", "Hello")]
HEALTHY = [*SCREEN, *opened(), received(0), received(1), shown(0), shown(1), h.StateReceived(1.0, 1, 2, cursor(2))]


def asked_again(has: str, times: int, every_s: float) -> list[h.Fact]:
    return [h.Asked(number * every_s, 7, number, has) for number in range(times)]


PAIRS: list[tuple[str, Kind, list[h.Fact], list[h.Fact]]] = [
    (
        "a message that never reaches the screen",
        "loss",
        [*SCREEN, *opened(), shown(0), h.StateReceived(1.0, 1, 2, ""), h.Settled(9.0, 7)],
        [*HEALTHY, h.Settled(9.0, 7)],
    ),
    ("a message shown again", "duplicate on screen", [*SCREEN, shown(0), shown(0)], [*SCREEN, shown(0), shown(1)]),
    (
        "the text of a message that is there",
        "duplicate on screen",
        [WRITTEN, cleared(), stored(0), shown(0), h.TextShown(1.0, 7, 0, "content", "Hello")],
        [WRITTEN, cleared(), h.TextShown(1.0, 7, 0, "content", "Hello"), stored(0), shown(0)],
    ),
    ("a hole on the screen", "gap", [*SCREEN, shown(1)], [*SCREEN, shown(0), shown(1)]),
    ("a hole in a connection", "gap", [*TWO, *opened(), received(1)], RECEIVED),
    ("a hole in the store", "gap", [stored(1)], TWO),
    (
        "messages in another order",
        "reordering",
        [*TWO, *opened(), received(1), received(0)],
        RECEIVED,
    ),
    ("a message that never was", "phantom", [*opened(), received(0)], [stored(0), *opened(), received(0)]),
    (
        "a screen that goes on beyond its log",
        "phantom",
        [*HEALTHY, h.Restored(2.0, LOG, 1), h.StateReceived(2.0, 1, 1, ""), h.Settled(9.0, 7)],
        [*HEALTHY, h.Settled(9.0, 7)],
    ),
    (
        "one place in the log given out twice",
        "fork",
        [*TWO, h.Stored(1.0, LOG, 1, FORKED, cursor(2, wires=(WIRES[0], FORKED)))],
        [*TWO, h.Restored(0.5, LOG, 1), h.Stored(1.0, LOG, 1, FORKED, cursor(2, wires=(WIRES[0], FORKED)))],
    ),
    (
        "a screen that mixes two histories",
        "fork",
        [
            *[stored(0), stored(1), stored(2), h.Restored(0.5, LOG, 1)],
            h.Stored(1.0, LOG, 1, FORKED, cursor(2, wires=(WIRES[0], FORKED))),
            *[cleared(), shown(0), h.Shown(1.0, 7, 1, FORKED, cursor(2, wires=(WIRES[0], FORKED))), shown(2)],
        ],
        [stored(0), stored(1), stored(2), cleared(), shown(0), shown(1), shown(2)],
    ),
    (
        "what was seen is not what is found again",
        "fork",
        [*RECEIVED, h.Found(2.0, LOG, (WIRES[0],))],
        [*RECEIVED, h.Found(2.0, LOG, WIRES[:2])],
    ),
    (
        "one cursor, two contents",
        "differing content",
        [stored(0), *opened(), h.Received(1.0, 1, 0, b'{"idx":0,"content":"x"}', cursor(1))],
        [stored(0), *opened(), received(0)],
    ),
    (
        "a state that counts what was not sent",
        "state ahead",
        [*TWO, *opened(), received(0), h.StateReceived(1.0, 1, 2, cursor(2))],
        [*RECEIVED, h.StateReceived(1.0, 1, 2, cursor(2))],
    ),
    (
        "a state that lags when all is quiet",
        "state behind",
        [*HEALTHY[:-1], h.StateReceived(1.0, 1, 1, cursor(1)), h.Settled(9.0, 7)],
        [*HEALTHY, h.Settled(9.0, 7)],
    ),
    ("an acknowledged message that never was kept", "acknowledged message gone", [ACKNOWLEDGED], [KEYED, ACKNOWLEDGED]),
    (
        "an acknowledged message that a restart lost",
        "acknowledged message gone",
        [KEYED, ACKNOWLEDGED, h.Found(2.0, LOG, ())],
        [KEYED, ACKNOWLEDGED, h.Found(2.0, LOG, WIRES[:1])],
    ),
    (
        "an acknowledgement that names another message",
        "acknowledged message gone",
        [KEYED, stored(1), h.Acknowledged(1.0, "key-of-the-post", cursor(2))],
        [KEYED, stored(1), ACKNOWLEDGED],
    ),
    ("an early acknowledgement", "acknowledged before durable", [ACKNOWLEDGED, KEYED], [KEYED, ACKNOWLEDGED]),
    (
        "a message seen before it was durable",
        "visible before durable",
        [*opened(), received(0), stored(0, 2.0)],
        [stored(0), *opened(), received(0)],
    ),
    ("a message sent twice", "sent twice", [*RECEIVED, received(1)], RECEIVED),
    (
        "a post recorded twice",
        "posted twice",
        [KEYED, stored(1, key="key-of-the-post")],
        [KEYED, stored(1, key="another-key")],
    ),
    (
        "a good cursor answered from the beginning",
        "wrong start",
        [*TWO, h.Asked(0.0, 7, 1, ""), h.Resumed(0.0, 1, cursor(1), LOG, 0, None)],
        [*TWO, h.Asked(0.0, 7, 1, ""), h.Resumed(0.0, 1, cursor(1), LOG, 1, None)],
    ),
    (
        "a cursor beyond the end without a reset",
        "wrong start",
        [*TWO, h.Asked(0.0, 7, 1, ""), h.Resumed(0.0, 1, cursor(3), LOG, 2, None)],
        [*TWO, h.Asked(0.0, 7, 1, ""), h.Resumed(0.0, 1, cursor(3), LOG, 0, "ahead")],
    ),
    (
        "a cursor before the first message that is kept, taken for caught up",
        "wrong start",
        [*TWO, h.Trimmed(0.0, LOG, 2), h.Asked(0.0, 7, 1, ""), h.Resumed(0.0, 1, cursor(1), LOG, 2, None)],
        [*TWO, h.Trimmed(0.0, LOG, 2), h.Asked(0.0, 7, 1, ""), h.Resumed(0.0, 1, cursor(1), LOG, 2, "compacted")],
    ),
    (
        "a trimmed log said to begin where it no longer does",
        "wrong start",
        [*TWO, h.Trimmed(0.0, LOG, 1), h.Asked(0.0, 7, 1, ""), h.Resumed(0.0, 1, cursor(3), LOG, 0, "ahead")],
        [*TWO, h.Trimmed(0.0, LOG, 1), h.Asked(0.0, 7, 1, ""), h.Resumed(0.0, 1, cursor(3), LOG, 1, "ahead")],
    ),
    (
        "another log's cursor taken for ours",
        "wrong start",
        [*TWO, h.Asked(0.0, 7, 1, ""), h.Resumed(0.0, 1, cursor(1, OTHER), LOG, 1, None)],
        [*TWO, h.Asked(0.0, 7, 1, ""), h.Resumed(0.0, 1, cursor(1, OTHER), LOG, 0, "new_log")],
    ),
    (
        "a tag that nobody looked at",
        "wrong start",
        [*TWO, h.Asked(0.0, 7, 1, ""), h.Resumed(0.0, 1, f"{LOG}.1.ffffffffffff", LOG, 1, None)],
        [*TWO, h.Asked(0.0, 7, 1, ""), h.Resumed(0.0, 1, f"{LOG}.1.ffffffffffff", LOG, 0, "diverged")],
    ),
    (
        "a client that asks for what it has",
        "resumed from elsewhere",
        [*SCREEN, shown(0), shown(1), h.Asked(2.0, 7, 1, cursor(1))],
        [*SCREEN, shown(0), shown(1), h.Asked(2.0, 7, 1, cursor(2))],
    ),
    (
        "text that was never written",
        "wrong text",
        [WRITTEN, cleared(), h.TextShown(1.0, 7, 0, "content", "wörld")],
        [WRITTEN, *ON_SCREEN],
    ),
    (
        "text under another message's number",
        "wrong text",
        [stored(0, from_agent=True), WRITTEN, *ON_SCREEN],
        [WRITTEN, *ON_SCREEN],
    ),
    (
        "text that does not go on where it ended",
        "wrong text",
        [*opened(), h.TextReceived(1.0, 1, 0, "content", 0, "𝔘"), h.TextReceived(1.0, 1, 0, "content", 2, "!")],
        [*opened(), h.TextReceived(1.0, 1, 0, "content", 0, "𝔘"), h.TextReceived(1.0, 1, 0, "content", 1, "!")],
    ),
    (
        "output at the wrong place",
        "wrong text",
        [*opened(), h.Emitted(0.0, LOG, "call", "output"), h.OutputReceived(1.0, 1, "call", 2, "put")],
        [*opened(), h.Emitted(0.0, LOG, "call", "output"), h.OutputReceived(1.0, 1, "call", 3, "put")],
    ),
    (
        "text that nobody writes any more",
        "wrong text",
        [WRITTEN, *ON_SCREEN, *opened(), h.StateReceived(1.0, 1, 0, ""), h.Settled(9.0, 7)],
        [WRITTEN, *ON_SCREEN, h.TextGone(2.0, 7), *opened(), h.StateReceived(1.0, 1, 0, ""), h.Settled(9.0, 7)],
    ),
    (
        "a server that stops without a word",
        "no goodbye",
        [*opened(), h.Stopping(1.0), h.Closed(2.0, 1, 1.0)],
        [*opened(), h.Stopping(1.0), h.Bye(1.0, 1, "shutdown"), h.Closed(2.0, 1, 1.0)],
    ),
    ("a client that leaves what works", "given up", [*opened(), h.Closed(1.0, 1, 1.0)], [*opened(), *closed(1.0)]),
    (
        "a message on its way for too long",
        "late",
        [*opened(), stored(0, 1.0), received(0, 1.3), *closed(2.0)],
        [*opened(), stored(0, 1.0), received(0, 1.2), *closed(2.0)],
    ),
    (
        "a message that never comes",
        "late",
        [*opened(), stored(0, 1.0), *closed(2.0)],
        [*opened(), stored(0, 1.0), h.Hindered(1.1, 1), *closed(2.0)],
    ),
    (
        "a message that a stall is no longer an excuse for",
        "late",
        [*opened(), stored(0, 1.0), h.Hindered(1.1, 1), h.Flowing(3.0, 1), *closed(4.0)],
        [*opened(), stored(0, 1.0), h.Hindered(1.1, 1), h.Flowing(3.0, 1), received(0, 3.2), *closed(4.0)],
    ),
    (
        "text on its way for too long",
        "late",
        [*opened(), WRITTEN, h.TextReceived(0.4, 1, 0, "content", 0, "Hello wörld"), *closed(2.0)],
        [*opened(), WRITTEN, h.TextReceived(0.2, 1, 0, "content", 0, "Hello wörld"), *closed(2.0)],
    ),
    (
        "text that nobody was sent",
        "late",
        [*opened(), WRITTEN, *closed(2.0)],
        [*opened(), WRITTEN, GIVEN_UP, *closed(2.0)],
    ),
    (
        "text of which the end is missing",
        "late",
        [*opened(), WRITTEN, h.TextReceived(0.2, 1, 0, "content", 0, "Hello"), *closed(2.0)],
        [*opened(), WRITTEN, stored(0, 0.1, from_agent=True), received(0, 0.2), *closed(2.0)],
    ),
    (
        "a heartbeat that does not come",
        "heartbeat",
        [*opened(), BEATS[0], *closed(11.0)],
        [*opened(), *BEATS, *closed(11.0)],
    ),
    (
        "a heartbeat too many",
        "heartbeat",
        [*opened(), h.Beat(3.0, 1), *BEATS, *closed(11.0)],
        [*opened(), *BEATS, *closed(11.0)],
    ),
    (
        "a dead connection that is taken for alive",
        "silence unnoticed",
        [*opened(), h.Hindered(1.0, 1), h.Closed(12.5, 1, 1.0)],
        [*opened(), h.Hindered(1.0, 1), h.Closed(11.5, 1, 1.0)],
    ),
    (
        "a request that nobody answers",
        "silence unnoticed",
        [h.Asked(0.0, 7, 1, ""), h.Closed(12.0, 1, 0.0)],
        [h.Asked(0.0, 7, 1, ""), h.Closed(10.0, 1, 0.0)],
    ),
    ("a client that hammers", "storm", asked_again("", 17, 0.5), asked_again("", 17, 2.0)),
]
IDS = [name for name, *_ in PAIRS]


@pytest.mark.parametrize(("kind", "broken"), [(kind, broken) for _, kind, broken, _ in PAIRS], ids=IDS)
def test_a_broken_promise_is_found(kind: Kind, broken: list[h.Fact]) -> None:
    assert kind in {violation.kind for violation in violations(broken)}


@pytest.mark.parametrize("clean", [clean for *_, clean in PAIRS], ids=IDS)
def test_its_clean_twin_is_clean(clean: list[h.Fact]) -> None:
    assert violations(clean) == []


def test_every_kind_of_violation_has_its_pair() -> None:
    # A loop on the spot and a crash are no history at all: the world that runs it sees them.
    assert {kind for _, kind, *_ in PAIRS} == set(get_args(Kind)) - {"hot loop", "broken down"}


def test_violations_are_told_in_the_order_of_their_times() -> None:
    found = violations([*SCREEN, h.Shown(5.0, 7, 1, WIRES[1], cursor(2)), stored(1, 3.0)])
    assert [violation.at for violation in found] == [3.0, 5.0]


def test_a_violation_says_when_and_what() -> None:
    (found,) = violations([stored(1, 3.0)])
    assert str(found) == "    3.000  gap: message 1 was stored where 0 was due"
