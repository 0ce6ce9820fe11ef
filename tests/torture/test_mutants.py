"""Every seeded bug is found, and the bug is what was found."""

from __future__ import annotations

import pytest

from tests.torture.mutants import WITHIN, Mutant, hunt
from tests.torture.seeded import MUTANTS
from tests.torture.world import run_seed
from trio_agent.runtime import hall, log
from trio_agent.web import stream

FEWEST = 25


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.name)
def test_a_seeded_bug_is_found(mutant: Mutant) -> None:
    caught = hunt(mutant)
    assert 0 < caught.schedules <= WITHIN
    # The same schedule without the bug is sound: it was the bug that was found.
    assert run_seed(caught.schedules - 1).violations == []


def test_there_are_enough_of_them_and_no_two_are_one() -> None:
    assert len(MUTANTS) >= FEWEST
    assert len({mutant.name for mutant in MUTANTS}) == len(MUTANTS)


def test_the_real_parts_are_back_in_their_places_after_a_hunt() -> None:
    before = (log.EventLog, hall.Writer, hall.Session, hall.Signal, stream.Follower, stream.open_stream)
    for mutant in MUTANTS:
        with mutant.at_work():
            pass
    assert (log.EventLog, hall.Writer, hall.Session, hall.Signal, stream.Follower, stream.open_stream) == before
