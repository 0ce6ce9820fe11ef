"""Images that a model is shown: their bytes, for the references in a conversation."""

from __future__ import annotations

from collections.abc import Iterable

from trio_agent.core.errors import NotFound
from trio_agent.core.transcript import ImageRef, Turn, UserTurn
from trio_agent.seams import Blobs

MAX_IMAGES_BYTES = 12 * 1024 * 1024
"""Of one question. Providers refuse requests of some 20 to 32 MB, and base64 makes them a third larger than this."""


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
