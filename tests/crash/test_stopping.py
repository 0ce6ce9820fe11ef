"""One stop of each kind; `python -m tests.crash` makes three hundred."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.crash.stopping import SIGNALS, SITUATIONS, Signals, stop

TERM, INT, TWO_TERMS, TWO_INTS = SIGNALS
ONE_EACH = [
    *(("idle", TWO_TERMS, False), ("stream", INT, True), ("post commit", TERM, True), ("model call", TWO_INTS, True)),
    *(("running tool", TERM, True), ("running tool", TWO_TERMS, False), ("stuck reader", TERM, True)),
]


@pytest.mark.parametrize(("situation", "signals", "wait_for_bye"), ONE_EACH)
async def test_it_ends_in_time_and_in_order_and_leaves_nothing_behind(
    tmp_path: Path, situation: str, signals: Signals, wait_for_bye: bool
) -> None:
    scene = await stop(tmp_path, situation, signals, wait_for_bye=wait_for_bye)
    assert scene.house.broken == []


def test_no_situation_is_left_out() -> None:
    # A tool that ignores SIGTERM takes its five seconds each time: at length only.
    assert {situation for situation, _, _ in ONE_EACH} == SITUATIONS.keys() - {"stubborn tool"}
