"""Which blobs a message refers to.

A `display` names a blob by its id, the SHA-256 of its bytes, as a text by itself. Whatever else is such a text counts as well:
one too many is looked for in vain, one too few would be deleted while it is wanted.
"""

from __future__ import annotations

import re

_NAME = re.compile(rb'"([0-9a-f]{64})"')


def blobs_named(wire: bytes) -> set[str]:
    """The ids in a message's wire bytes."""
    return {name.decode("ascii") for name in _NAME.findall(wire)}
