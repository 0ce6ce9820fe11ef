"""Some minutes of virtual time here; a day by `nox -s torture`."""

from __future__ import annotations

from tests.torture.soak import CLIENTS, Soaked, soak

HOURS = 0.15
WITHIN = 0.01


def check(soaked: Soaked) -> None:
    """What must hold after any length of time. AssertionError says what grew."""
    assert soaked.missed == 0
    assert soaked.beats == soaked.beats_due > 0
    assert soaked.tasks[0] == soaked.tasks[-1]
    assert soaked.descriptors[0] == soaked.descriptors[-1]
    first, last = soaked.objects[0], soaked.objects[-1]
    grown = (soaked.kinds[-1] - soaked.kinds[0]).most_common(5)
    assert abs(last - first) <= WITHIN * first, f"{first} -> {last}: {grown}"


def test_many_clients_over_a_long_time_leave_nothing_behind() -> None:
    soaked = soak(HOURS)
    assert soaked.visits > CLIENTS
    check(soaked)
