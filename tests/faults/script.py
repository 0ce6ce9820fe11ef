"""The script: 200 faults, each a kind, what goes on meanwhile, and what it draws for itself from its number.

A number means the same fault in every run. Kinds come in an order in which any stretch of the script has most of them.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

from tests.faults import acts_machine, acts_network
from tests.faults.stage import Stage

Meanwhile = Literal["nothing", "a burst", "text being written", "a post from here"]
MEANWHILE: tuple[Meanwhile, ...] = ("nothing", "a burst", "text being written", "a post from here")

KINDS: dict[Callable[[Stage], None], int] = {
    acts_network.reset: 6,
    acts_network.finish: 8,
    acts_network.half_close: 4,
    acts_network.reset_everything: 4,
    acts_network.swallow: 6,
    acts_network.swallow_everything: 4,
    acts_network.swallow_at_full_heartbeat: 4,
    acts_network.swallow_and_dark: 4,
    acts_network.stall: 6,
    acts_network.cut_at_byte: 10,
    acts_network.cut_within_character: 6,
    acts_network.cut_before_ready: 8,
    acts_network.crumbs: 4,
    acts_network.delay: 4,
    acts_network.buffering: 8,
    acts_network.flapping: 6,
    acts_network.refused: 6,
    acts_network.never_answers: 6,
    acts_network.busy: 8,
    acts_network.refused_in_its_place: 4,
    acts_network.portal: 4,
    acts_network.portal_beside: 4,
    acts_network.garbage: 6,
    acts_network.junk_within: 4,
    acts_network.post_answers_lost: 8,
    acts_machine.server_killed: 6,
    acts_machine.server_stopped: 4,
    acts_machine.restored: 4,
    acts_machine.offline: 6,
    acts_machine.offline_and_cut: 4,
    acts_machine.hidden: 6,
    acts_machine.frozen: 6,
    acts_machine.sleep: 6,
    acts_machine.reload: 4,
    acts_machine.back_forward: 4,
    acts_machine.tabs_cut: 4,
    acts_machine.leading_tab_closed: 4,
}
"""How often each comes."""


@dataclass(frozen=True, slots=True)
class Fault:
    number: int
    act: Callable[[Stage], None]
    meanwhile: Meanwhile

    @property
    def kind(self) -> str:
        return kind_of(self.act)

    def __str__(self) -> str:
        return f"{self.number}: {self.kind}, meanwhile {self.meanwhile}"


def kind_of(act: Callable[[Stage], None]) -> str:
    return act.__name__.replace("_", " ")


def table() -> str:
    """The kinds, as Markdown."""
    rows = [f"| {kind_of(act)} | {(act.__doc__ or '').splitlines()[0]} | {times} |" for act, times in KINDS.items()]
    return "\n".join(["| fault | what happens | in the script |", "|---|---|---|", *rows])


def _write() -> Sequence[Fault]:
    # Spread evenly: the i-th of n stands about at i/n of the script. The small lot breaks ties the same way each time.
    lot = random.Random(200)
    places = [((i + 0.5) / n + lot.random() / 50, act) for act, n in KINDS.items() for i in range(n)]
    acts = [act for _, act in sorted(places, key=lambda each: each[0])]
    seen = dict.fromkeys(KINDS, 0)
    script = []
    for number, act in enumerate(acts, 1):
        # Each kind meets each of what may go on, beginning somewhere else each time.
        script.append(Fault(number, act, MEANWHILE[(seen[act] + list(KINDS).index(act)) % len(MEANWHILE)]))
        seen[act] += 1
    return script


SCRIPT = _write()
SHORT_SCRIPT = [
    next(fault for fault in SCRIPT if fault.act is act)
    for act in (
        *(acts_network.swallow, acts_network.reset, acts_network.finish, acts_network.cut_at_byte, acts_network.stall),
        *(acts_network.buffering, acts_network.busy, acts_network.portal_beside, acts_network.post_answers_lost),
        *(acts_machine.offline_and_cut, acts_machine.back_forward, acts_machine.hidden, acts_machine.restored),
        acts_machine.server_killed,
    )
]
"""What a minute has room for: a fault of each way to lose a connection, and of each that a page must see through."""
