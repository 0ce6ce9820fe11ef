"""Every seeded bug is found, and the bug is what was found."""

from __future__ import annotations

import pkgutil

import pytest

from tests.torture.mutants import WITHIN, Mutant, hunt
from tests.torture.run import run_seed
from tests.torture.seeded import MUTANTS

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
    places = sorted({place for mutant in MUTANTS for place, _ in mutant.swaps})
    before = [pkgutil.resolve_name(place) for place in places]
    for mutant in MUTANTS:
        with mutant.at_work():
            assert [pkgutil.resolve_name(place) for place in places] != before
    assert [pkgutil.resolve_name(place) for place in places] == before
