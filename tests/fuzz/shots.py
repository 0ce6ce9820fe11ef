"""What is thrown: a number says which bytes, and how they are sent. First the directed list, then what the mutator makes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from random import Random
from typing import Literal

from tests.fuzz.contract import Attack, attacks
from tests.fuzz.honest import HONEST
from tests.fuzz.mutator import changed_bytes, changed_request
from tests.fuzz.routes import route_attacks

Manner = Literal["whole", "crumbs", "half-closed", "left", "reset"]
"""All at once, or in pieces; all, and word that nothing more will come; the beginning of the head, then gone, or torn off."""

IN_FORM = 0.6
PIPELINE = 8
LONGEST_SPLICE = 2_000


@dataclass(frozen=True, slots=True)
class Shot:
    """One request. `joins` where others may be sent on the same connection before it and behind it."""

    number: int
    name: str
    data: bytes
    manner: Manner
    joins: bool = False
    statuses: frozenset[int] | None = None


@cache
def directed() -> tuple[Attack, ...]:
    return (*attacks(), *route_attacks())


@cache
def _splices() -> tuple[bytes, ...]:
    short = [attack.data for attack in directed() if 0 < len(attack.data) < LONGEST_SPLICE]
    return (*short, *(request.encode() for request in HONEST))


def shot(number: int) -> Shot:
    """The same one for the same number, for ever."""
    if number < len(directed()):
        attack = directed()[number]
        return Shot(number, attack.name, attack.data, "whole", statuses=attack.statuses)
    random = Random(number)
    request = changed_request(random)
    if random.random() < IN_FORM:
        manner = _manner(random, 0.9)
        return Shot(number, "in form", request.encode(), manner, joins=manner == "whole")
    data = changed_bytes(request.encode(), _splices(), random)
    return Shot(number, "changed bytes", data, _manner(random, 0.6))


def _manner(random: Random, whole: float) -> Manner:
    if random.random() < whole:
        return "whole"
    return random.choice(("crumbs", "crumbs", "half-closed", "left", "reset"))


def pipelines(numbers: range) -> Iterator[list[Shot]]:
    """The shots of `numbers`, those together that are sent on one connection."""
    waiting: list[Shot] = []
    for number in numbers:
        each = shot(number)
        if not each.joins:
            yield [each]
            continue
        waiting.append(each)
        if len(waiting) == PIPELINE:
            yield waiting
            waiting = []
    if waiting:
        yield waiting
