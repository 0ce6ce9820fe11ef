"""Each kind of wrong, in its smallest history, and beside it one that is right."""

from __future__ import annotations

import pytest

from tests.faults.judge import Facts, judge
from tests.faults.sighting import Sighting
from tests.faults.visit import Visit

UNTIL = 100.0
SILENCE_S = 10.0


def stream(asked: float, ready: float | None = None, ended: float | None = None, quiet_from: float = UNTIL) -> Visit:
    """A request for the stream that brings a byte every second until `quiet_from` or its end."""
    visit = Visit(asked, SILENCE_S, ready_at=ready, ended_at=ended)
    if ready is not None:
        at = ready
        while at < min(quiet_from, UNTIL if ended is None else ended):
            visit.passed_at.append(at)
            at += 1
    return visit


def seen(*notes: tuple[float, str] | tuple[float, str, str]) -> list[Sighting]:
    """What the indicator said: times, statuses, and the words where they matter."""
    return [Sighting(at, "indicator", status, *(words or (status,))) for at, status, *words in notes]


def wrong(sightings: list[Sighting], *visits: Visit, **facts: object) -> list[str]:
    return judge(sightings, Facts(until=UNTIL, visits=visits, **facts)).wrong  # type: ignore[arg-type]


def test_right_and_in_time_is_not_wrong() -> None:
    page = seen((0, "connecting"), (1.5, "connected"), (21.9, "reconnecting", "again in 1 s"), (24, "connected"))
    assert wrong(page, stream(0, 1, 20), stream(22.4, 23)) == []


@pytest.mark.parametrize(("said_at", "is_wrong"), [(21.9, False), (22.1, True)])
def test_connected_is_wrong_when_the_end_has_been_known_for_two_seconds(said_at: float, is_wrong: bool) -> None:
    page = seen((0, "connected"), (said_at, "reconnecting"), (24, "connected"))
    found = wrong(page, stream(0, 0.1, 20), stream(said_at, 24))
    assert any("said connected" in each for each in found) is is_wrong


@pytest.mark.parametrize(("said_at", "is_wrong"), [(31.8, False), (32.2, True)])
def test_silence_is_known_after_two_heartbeats(said_at: float, is_wrong: bool) -> None:
    dead = stream(0, 0, said_at, quiet_from=20.5)
    page = seen((0, "connected"), (said_at, "reconnecting"), (33, "connected"))
    assert bool(wrong(page, dead, stream(said_at, 33))) is is_wrong


@pytest.mark.parametrize(("said_at", "is_wrong"), [(23.8, False), (24.2, True)])
def test_a_pulse_that_stays_away_is_known_after_a_second_and_its_return_at_once(said_at: float, is_wrong: bool) -> None:
    visit = stream(0, 0, quiet_from=20.5)
    visit.quiet_s = 1.2
    visit.passed_at += [27.0 + second for second in range(73)]
    page = seen((0, "connected"), (said_at - 0.8, "reconnecting"), (28, "connected"))
    assert bool(wrong(page, visit)) is is_wrong
    deaf = seen((0, "connected"), (21, "reconnecting"), (30, "connected"))
    assert "did not say so" in wrong(deaf, visit)[0]


def test_a_connection_that_is_not_told_of_is_wrong() -> None:
    assert "did not say so" in wrong(seen((0, "connecting"), (5, "connected")), stream(0, 1))[0]


def test_to_do_nothing_and_say_nothing_is_wrong() -> None:
    page = seen((0, "connected"), (20, "reconnecting"), (25, "connected"))
    assert "neither connected nor trying" in wrong(page, stream(0, 0, 20), stream(24.9, 25))[0]


def test_a_countdown_that_is_not_kept_is_wrong() -> None:
    page = seen((0, "connected"), (20, "reconnecting", "again in 1 s"), (25, "connected"))
    assert "try again in 1 s" in wrong(page, stream(0, 0, 20), stream(24.9, 25))[0]
    far = seen((0, "connected"), (20, "reconnecting", "again in 40 s"), (21, "connected"))
    assert wrong(far, stream(0, 0, 20), stream(20.9, 21)) == ["wanted to wait for 40 s"]
    assert wrong(far, stream(0, 0, 20), stream(20.9, 21), asked_to_wait_s=40) == []


def test_offline_is_to_be_said_when_it_is_so_and_only_then() -> None:
    page = seen((0, "connected"), (20, "offline"), (25, "connected"))
    assert wrong(page, stream(0, 0, 20), stream(24.9, 25), offline=[(20, 25)]) == []
    assert "offline when it was not" in wrong(page, stream(0, 0, 20), stream(24.9, 25))[0]
    silent = seen((0, "connected"), (20, "reconnecting", "again in 9 s"), (25, "connected"))
    assert "was offline" in wrong(silent, stream(0, 0, 20), stream(24.9, 25), offline=[(20, 25)])[0]


def test_what_a_frozen_page_says_is_not_judged_but_what_it_says_after_is() -> None:
    hidden = Sighting(10, "visibilitychange", "hidden"), Sighting(30, "visibilitychange", "visible")
    life = [hidden[0], Sighting(11, "freeze"), Sighting(29, "resume"), hidden[1]]
    page = seen((0, "connected"), (31, "reconnecting"), (32, "connected"))
    visits = stream(0, 0, 12), stream(30.5, 32)
    assert wrong(sorted(page + life, key=lambda each: each.at), *visits) == []
    assert wrong(page, *visits) != []
    late = seen((0, "connected"), (33, "reconnecting"), (34, "connected"))
    assert wrong(sorted(late + life, key=lambda each: each.at), stream(0, 0, 12), stream(33, 34)) != []


def test_to_wait_for_an_answer_or_in_silence_for_too_long_is_wrong() -> None:
    page = seen((0, "connecting"), (20, "connected"))
    assert wrong(page, stream(0, None, 19), stream(19, 20)) == ["waited 19.0 s for the first word of a stream"]
    kept = seen((0, "connected"), (21, "reconnecting"), (22, "connected"))
    assert "kept a connection 10.0 s longer" in wrong(kept, stream(0, 0, 30, quiet_from=10.5), stream(21, 22))[0]


def test_to_give_up_a_connection_that_was_well_is_wrong() -> None:
    page = seen((0, "connected"), (20, "reconnecting", "again in 1 s"), (21, "connected"))
    given_up, next_one = stream(0, 0, 20), stream(20.9, 21)
    assert wrong(page, given_up, next_one) == []
    given_up.left = True
    assert wrong(page, given_up, next_one) == ["gave up a connection that was well, after 20.0 s"]
    assert wrong(page, given_up, next_one, tabs=2) == []
    assert wrong(page, given_up, next_one, asleep=[(12, 15)]) == []
    silent = stream(0, 0, 20, quiet_from=9.5)
    silent.left = True
    assert wrong(page, silent, next_one) == []
    given_up.spoilt = True
    assert wrong(page, given_up, next_one) == []


def test_to_hammer_is_wrong() -> None:
    page = seen((0, "connecting"), (5, "connected"))
    tries = [stream(n / 4, None, n / 4 + 0.1) for n in range(19)]
    assert wrong(page, *tries, stream(4.8, 5)) == ["tried 20 times within 10 s"]


def test_a_log_that_was_wrong_for_a_moment_is_wrong() -> None:
    page = [*seen((0, "connected")), Sighting(5, "log", words="3 after 3")]
    assert wrong(page, stream(0, 0)) == ["the log on screen was wrong: 3 after 3"]


def test_what_a_page_says_after_a_reload_is_judged_again() -> None:
    life = [Sighting(10, "pagehide"), Sighting(10.1, "visibilitychange", "hidden")]
    page = [*seen((0, "connected")), *life, *seen((15, "connecting"), (18, "connected"))]
    assert wrong(page, stream(0, 0, 10), stream(15.2, 16.5)) == []
    assert "did not say so" in wrong(page, stream(0, 0, 10), stream(15, 15.5))[0]
