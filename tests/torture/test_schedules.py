"""Four hundred random schedules, in blocks, and that they met every trouble there is."""

from __future__ import annotations

from collections import Counter

import pytest

from tests.torture.history import trace
from tests.torture.run import run_seed

BLOCK = 50
SCHEDULES = 400

MET = Counter[str]()
"""What all blocks of this run met; the last test reads it."""

TROUBLES = (
    *("cut: reset", "cut: finish", "cut: silent", "cut within an event", "stall", "delay", "bytes in crumbs"),
    *(
        "slow reader",
        "stuck reader freed",
        "proxy that holds back",
        "request swallowed",
        "dropped right after it opened",
    ),
    *("crash", "power cut", "crash before durable", "crash after durable", "stop", "crowd", "client left"),
    *("log swapped", "older log restored", "store full", "store unreadable", "stream broken off"),
    *("reset: new_log", "reset: ahead", "reset: diverged", "reset: bad_cursor"),
    *("joined by from", "joined with an overlap", "reconnect within a text", "burst", "several in one commit"),
    *("text begun anew", "turn failed within its text"),
    *("answer lost", "post replayed", "post given up half-way", "post without an answer"),
)


@pytest.mark.parametrize("first", range(0, SCHEDULES, BLOCK))
def test_no_schedule_breaks_a_promise(first: int) -> None:
    broken = []
    for seed in range(first, first + BLOCK):
        outcome = run_seed(seed)
        MET.update(outcome.counts)
        broken += [f"python -m tests.torture {seed}   # {violation}" for violation in outcome.violations]
    assert broken == []


def test_every_kind_of_trouble_was_met() -> None:
    for seed in range(0 if MET else 400):
        MET.update(run_seed(seed).counts)
    assert [trouble for trouble in TROUBLES if MET[trouble] == 0] == []


def test_a_seed_is_the_same_story_every_time() -> None:
    for seed in range(20):
        assert trace(run_seed(seed).history) == trace(run_seed(seed).history)
