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
    """When the page could not draw: frozen, or gone from the tab, until its indicator said something again."""
    sightings = list(sightings)
    times = [(each.at - float(each.words), each.at) for each in sightings if each.kind == "stutter"]
    since: float | None = None
    for each in sightings:
        if each.kind in ("freeze", "pagehide"):
            since = each.at if since is None else since
        elif since is not None and (
            each.kind in ("resume", "indicator") or (each.kind, each.status) == ("pageshow", "persisted")
        ):
            times.append((since, each.at))
            since = None
    return times if since is None else [*times, (since, until)]
