"""Images that a model is shown: their bytes, for the references in a conversation, and those it is better not shown.

An image stays in its conversation, so one that a model does not take would have every later question refused too. What was
refused is left out from then on, for this model, and words stand in its place.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import TypeVar

import msgspec

from trio_agent.core.errors import NotFound
from trio_agent.core.image_size import image_size, size_problem
from trio_agent.core.transcript import ImageRef, Outcome, Turn, UserTurn
from trio_agent.seams import Blobs

MAX_IMAGES_BYTES = 12 * 1024 * 1024
"""Of one question. Providers refuse requests of some 20 to 32 MB, and base64 makes them a third larger than this."""

Place = TypeVar("Place", UserTurn, Outcome)

REFUSED = "was refused by the server of this model"


@dataclass(frozen=True, slots=True)
class Shown:
    """A conversation as a model is shown it: `images` are the bytes of those that are left in `turns`, by blob."""

    turns: tuple[Turn, ...]
    images: dict[str, bytes]


class Images:
    """Those of one session. What a model takes and refuses is known by its name, and found out anew after a restart."""

    def __init__(self, blobs: Blobs) -> None:
        self._blobs = blobs
        self._refused: defaultdict[str, set[str]] = defaultdict(set)
        self._taken: defaultdict[str, set[str]] = defaultdict(set)

    async def shown(self, model: str, turns: tuple[Turn, ...], without: Collection[str] = ()) -> Shown:
        """`turns` as `model` is to be shown them: without the images that it refused, and without those. Raises StoreError."""
        why = dict.fromkeys((*self._refused[model], *without), REFUSED)
        images = await images_of(_told(turns, why), self._blobs)
        why |= {blob: problem for blob, data in images.items() if (problem := size_problem(image_size(data)))}
        return Shown(_told(turns, why), {blob: data for blob, data in images.items() if blob not in why})

    def suspects(self, model: str, shown: Shown) -> frozenset[str]:
        """Which images to leave out of a question that was refused: those that `model` never took, or else all."""
        return frozenset(shown.images.keys() - self._taken[model] or shown.images)

    def answered(self, model: str, shown: Shown, without: Collection[str]) -> None:
        """`model` has answered what it was shown, which was `without` those that it had refused."""
        self._taken[model] |= shown.images.keys()
        self._refused[model] |= set(without)


async def images_of(turns: Iterable[Turn], blobs: Blobs) -> dict[str, bytes]:
    """The bytes of the images in `turns`, by blob: the newest ones, as many as a question may hold.

    One that is not kept any more is left out, and the model is told that it is missing. Raises StoreError.
    """
    found: dict[str, bytes] = {}
    left = MAX_IMAGES_BYTES
    for image in reversed([image for turn in turns for image in _images(turn)]):
        if image.blob in found:
            continue
        try:
            data = await blobs.get(image.blob)
        except NotFound:
            continue
        left -= len(data)
        if left < 0:
            break
        found[image.blob] = data
    return found


def _images(turn: Turn) -> Iterable[ImageRef]:
    if isinstance(turn, UserTurn):
        for outcome in turn.outcomes:
            yield from outcome.images
        yield from turn.images


def _told(turns: tuple[Turn, ...], why: Mapping[str, str]) -> tuple[Turn, ...]:
    """`turns` with words in the place of the images that `why` names, each with what is wrong with it."""
    return tuple(_told_turn(turn, why) for turn in turns) if why else turns


def _told_turn(turn: Turn, why: Mapping[str, str]) -> Turn:
    if not isinstance(turn, UserTurn):
        return turn
    return msgspec.structs.replace(_told_of(turn, why), outcomes=tuple(_told_of(each, why) for each in turn.outcomes))


def _told_of(place: Place, why: Mapping[str, str]) -> Place:
    words: list[str] = [
        f"(There was an image here, which {why[each.blob]}.)" for each in place.images if each.blob in why
    ]
    if not words:
        return place
    images = tuple(each for each in place.images if each.blob not in why)
    return msgspec.structs.replace(place, text="\n\n".join((*words, place.text)).strip(), images=images)
