"""Where what is too large for a message is kept. Part of the seams."""

from __future__ import annotations

from collections.abc import Collection
from typing import Protocol


class Blobs(Protocol):
    """Where large or binary results are kept, each under the SHA-256 of its bytes in hex. Raises StoreError and its kin."""

    async def put(self, data: bytes) -> str:
        """Keep `data`; its id, once the bytes survive power loss. The same bytes have the same id, and are kept once."""
        ...

    async def get(self, blob: str) -> bytes:
        """The bytes of this id. Raises NotFound, also for what can be no id."""
        ...

    async def remove(self, blobs: Collection[str], before: float) -> None:
        """Delete those of `blobs` that are there, but for what was put since `before`, seconds of Trio's clock."""
        ...
