"""What the page itself saw of its indicator: the notes of witness.js."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import Page

WITNESS = Path(__file__).with_name("witness.js").read_text("utf-8")
_COUNTDOWN = re.compile(r" in (\d+) s")


@dataclass(frozen=True, slots=True)
class Sighting:
    """`at` is in Unix seconds. `kind`: `indicator` (with its status and words), `log` (the words say what is wrong with the
    log on screen), `stutter` (its words are for how many seconds nothing ran), or the name of an event of the page's life.
    """

    at: float
    kind: str
    status: str = ""
    words: str = ""

    @property
    def countdown_s(self) -> int | None:
        """How long the page says it waits until it tries again; None where it does not say so."""
        match = _COUNTDOWN.search(self.words)
        return int(match[1]) if match else None


def sightings_of(page: Page) -> list[Sighting]:
    notes = json.loads(page.evaluate("sessionStorage.getItem('witness') ?? '[]'"))
    return [Sighting(at / 1000, kind, status, words) for at, kind, status, words in notes]


def unseen_times(sightings: Iterable[Sighting], until: float) -> list[tuple[float, float]]:
    """When nobody could see what it says: hidden, frozen, or gone from the tab until its indicator said something again.

    Chromium lets the timers of a hidden page run once a minute, so what it says is old; it must be right when it is looked at.
    """
    sightings = list(sightings)
    times = [(each.at - float(each.words), each.at) for each in sightings if each.kind == "stutter"]
    since: float | None = None
    gone = False
    for each in sightings:
        came = each.kind == "indicator" and gone
        gone = each.kind == "pagehide" or (gone and not came)
        if (each.kind, each.status) in (("pageshow", "persisted"), ("visibilitychange", "visible")) or came:
            if since is not None:
                times.append((since, each.at))
            since = None
        elif each.kind in ("freeze", "pagehide") or (each.kind, each.status) == ("visibilitychange", "hidden"):
            since = each.at if since is None else since
    return times if since is None else [*times, (since, until)]
