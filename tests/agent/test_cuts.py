"""Cut anywhere, a conversation goes on as one that every provider takes, and that the log alone gives again."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from tests.agent.cuts import live

SEEDS_A_TEST = 25


@pytest.mark.parametrize("first", range(0, 200, SEEDS_A_TEST))
def test_a_turn_that_is_cut_anywhere_leaves_a_conversation_that_goes_on(tmp_path: Path, first: int) -> None:
    happened: Counter[str] = Counter()
    for seed in range(first, first + SEEDS_A_TEST):
        try:
            happened += live(tmp_path, seed)
        except BaseException as exc:
            exc.add_note(f"tests.agent.cuts.live(..., seed={seed})")
            raise
    assert {"cancel", "die", "refuse", "cancel tool"} <= set(happened), happened
    assert happened["questions"] > 100
