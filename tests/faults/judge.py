"""Was the indicator right? What the pages saw of it, held against what the proxy knows.

The promise: it is right within TOLERANCE_S of the moment at which the page could know better. While it is not connected, the
page is trying, or says when it will, and keeps to that.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from tests.faults.sighting import Sighting, unseen_times
from tests.faults.visit import Visit

TOLERANCE_S = 2.0
ANSWER_S = 10.0
"""How long the page waits for the first word of a stream."""
LONGEST_COUNTDOWN_S = 15
"""The page's own bound on a wait that no server asked for."""
MOST_TRIES, TRIES_WINDOW_S = 12, 10.0
"""With a backoff that starts at 0.125 s and doubles there are seven in that time; more are the user's and the browser's."""

CLOCKS_S = 0.5
"""How far the page's clock, the proxy's and the order in which they get to run may be apart."""

Span = tuple[float, float]


@dataclass(slots=True)
class Facts:
    """What happened on the way to a page's stream; all times are Unix seconds. The judgement ends at `until`."""

    until: float
    since: float = 0.0
    """What was before, the page being loaded, is not judged."""
    visits: Sequence[Visit] = ()
    refused: list[Span] = field(default_factory=list)
    """When nobody listened, so that tries left no trace."""
    offline: list[Span] = field(default_factory=list)
    """When the browser said that there is no network."""
    asleep: list[Span] = field(default_factory=list)
    """When the machine slept, or was too busy to let anybody run."""
    asked_to_wait_s: int = 0
    """The longest that an answer asked the page to wait."""
    tabs: int = 1
    """How many share the visits."""


@dataclass(slots=True)
class Verdict:
    wrong: list[str] = field(default_factory=list)
    latest_s: float = 0.0
    """The longest that the indicator was behind the facts."""


def judge(sightings: Sequence[Sighting], facts: Facts) -> Verdict:
    """Judge one page by all it saw."""
    return _Judgement(sightings, facts).verdict


class _Judgement:
    def __init__(self, sightings: Sequence[Sighting], facts: Facts) -> None:
        self._facts = facts
        self._seen = [each for each in sightings if each.kind == "indicator"]
        self._unseen = [*unseen_times(sightings, facts.until), *facts.asleep]
        self._ups = [up for visit in facts.visits for up in visit.alive(facts.until)]
        self._kept = [up for visit in facts.visits if (up := visit.up(facts.until))]
        self._attempts = [(visit.asked_at, _answered(visit, facts.until)) for visit in facts.visits]
        self.verdict = Verdict()
        if not self._seen:
            self.verdict.wrong.append("the page had no indicator")
            return
        self._judge_status()
        self._judge_trying()
        self._judge_countdowns()
        self._judge_attempts()
        self.verdict.wrong += [f"the log on screen was wrong: {each.words}" for each in sightings if each.kind == "log"]

    # What it says is what is.

    def _judge_status(self) -> None:
        self._never_long(
            "said connected when it could know better", lambda t: self._says("connected", t) and not self._up(t)
        )
        self._never_long("was connected and did not say so", lambda t: self._up(t) and not self._says("connected", t))
        self._never_long("was offline and did not say so", lambda t: self._offline(t) and not self._says("offline", t))
        self._never_long("said offline when it was not", lambda t: self._says("offline", t) and not self._offline(t))
        # The way back from a cache is no new page: what it was before, it was before.
        for status in ("ended", "unauthorized", ""):
            self._never_long(f"said {status!r} without a cause", lambda t, status=status: self._says(status, t))

    def _judge_trying(self) -> None:
        def idle(t: float) -> bool:
            sighting = self._sighting(t)
            waits = sighting is not None and sighting.countdown_s is not None
            # A connection that is silent may be sat out, for a while.
            excused = waits or self._says("offline", t) or _within(self._facts.refused, t) or _within(self._kept, t)
            return not excused and not self._says("connected", t) and not self._up(t) and not _within(self._attempts, t)

        self._never_long("was neither connected nor trying, nor said when it would", idle)

    def _judge_countdowns(self) -> None:
        longest = max(LONGEST_COUNTDOWN_S, 1.25 * self._facts.asked_to_wait_s)
        for sighting, following in pairwise([*self._seen, None]):
            assert sighting is not None
            seconds = sighting.countdown_s
            if seconds is None:
                continue
            if seconds > longest + 1:
                self.verdict.wrong.append(f"wanted to wait for {seconds} s")
            # Each second has a sighting of its own.
            end = self._facts.until if following is None else following.at
            if end - sighting.at > 1 + TOLERANCE_S and not self._blinked(sighting.at, end):
                self.verdict.wrong.append(f"said for {end - sighting.at:.1f} s that it would try again in {seconds} s")

    def _judge_attempts(self) -> None:
        asked = [visit.asked_at for visit in self._facts.visits]
        for number, first in enumerate(asked):
            tries = sum(at < first + TRIES_WINDOW_S for at in asked[number:])
            if tries > MOST_TRIES:
                self.verdict.wrong.append(f"tried {tries} times within {TRIES_WINDOW_S:.0f} s")
                break
        for visit in self._facts.visits:
            end = self._facts.until if visit.ended_at is None else visit.ended_at
            if self._blinked(visit.asked_at, end):
                continue
            if visit.ready_at is None and end - visit.asked_at > ANSWER_S + TOLERANCE_S:
                self.verdict.wrong.append(f"waited {end - visit.asked_at:.1f} s for the first word of a stream")
            up = visit.up(self._facts.until)
            if up is not None and end - up[1] > TOLERANCE_S:
                self.verdict.wrong.append(f"kept a connection {end - up[1]:.1f} s longer than its silence allows")
            if up is not None and self._left_without_cause(visit, up):
                self.verdict.wrong.append(f"gave up a connection that was well, after {end - up[0]:.1f} s")

    def _left_without_cause(self, visit: Visit, up: Span) -> bool:
        if not visit.left or visit.spoilt or self._facts.tabs > 1:  # a tab that is closed leaves, too
            return False
        assert visit.ended_at is not None
        since, end = visit.ended_at - visit.silence_s, visit.ended_at + CLOCKS_S
        # Who slept may count the silence from before it did; who is told that there is no network need not stay.
        causes = (*self._unseen, *self._facts.offline)
        silent = max(each for each in visit.passed_at if each <= visit.ended_at) < since + CLOCKS_S
        return not silent and not any(start < end and since < stop for start, stop in causes)

    # The facts at a time.

    def _sighting(self, t: float) -> Sighting | None:
        return next((each for each in reversed(self._seen) if each.at <= t), None)

    def _says(self, status: str, t: float) -> bool:
        sighting = self._sighting(t)
        return sighting is not None and sighting.status == status

    def _up(self, t: float) -> bool:
        return _within(self._ups, t)

    def _offline(self, t: float) -> bool:
        return _within(self._facts.offline, t)

    def _blinked(self, since: float, until: float) -> bool:
        return any(start < until and end > since for start, end in self._unseen)

    def _never_long(self, what: str, holds: Callable[[float], bool]) -> None:
        """It must not hold for longer than TOLERANCE_S in one stretch in which the page could draw."""
        since = max(self._seen[0].at, self._facts.since)
        times = {since, self._facts.until, *(each.at for each in self._seen)}
        spans = (*self._ups, *self._attempts, *self._facts.refused, *self._facts.offline, *self._unseen)
        times.update(at for span in spans for at in span)
        stretch_s = began = 0.0
        for start, end in pairwise(sorted(t for t in times if since <= t <= self._facts.until)):
            middle = (start + end) / 2
            if _within(self._unseen, middle) or not holds(middle):
                stretch_s = 0.0
                continue
            began = start if stretch_s == 0 else began
            if stretch_s <= TOLERANCE_S < stretch_s + end - start:
                said = self._sighting(middle)
                self.verdict.wrong.append(f"{what}, from {began:.2f} for over {TOLERANCE_S:.0f} s: {said}")
            stretch_s += end - start
            self.verdict.latest_s = max(self.verdict.latest_s, stretch_s)


def _within(spans: Iterable[Span], t: float) -> bool:
    return any(start <= t < end for start, end in spans)


def _answered(visit: Visit, until: float) -> float:
    """When the attempt was over, well or not."""
    return min(each for each in (visit.ready_at, visit.ended_at, until) if each is not None)
