"""A command's output as it comes: text without secrets, its beginning and end for the model, the whole for the user."""

from __future__ import annotations

import codecs
from collections.abc import Callable

from trio_agent.core.redaction import Redactor
from trio_agent.tools.excerpt import Excerpt

KEPT_BYTES = 16 * 1024 * 1024
"""Of the whole, which is held in memory until the command is over."""


class Output:
    """Takes bytes; tells `show` the text. Secrets go before anything is cut: half of one is a secret too."""

    def __init__(self, redactor: Redactor, show: Callable[[str], None] = lambda text: None) -> None:
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._redacted = redactor.stream()
        self._show = show
        self._excerpt = Excerpt()
        self._whole = bytearray()
        self._bytes = 0

    def take(self, chunk: bytes) -> None:
        self._add(self._redacted.add(self._decoder.decode(chunk)))

    def end(self) -> None:
        """Nothing follows: what was held back is out."""
        self._add(self._redacted.add(self._decoder.decode(b"", True)) + self._redacted.end())

    @property
    def text(self) -> str:
        """What the model is told of it."""
        return self._excerpt.text()

    @property
    def is_cut(self) -> bool:
        """Whether `text` is less than the whole."""
        return self._excerpt.left_out > 0

    @property
    def whole(self) -> bytes:
        """All of it, as far as KEPT_BYTES go; where more is missing, the last line says how much."""
        missing = self._bytes - len(self._whole)
        return bytes(self._whole) + (f"\n… {missing} more bytes were not kept …\n".encode() if missing else b"")

    def _add(self, text: str) -> None:
        data = text.encode()
        self._bytes += len(data)
        self._excerpt.add(data)
        self._whole += data[: KEPT_BYTES - len(self._whole)]
        self._show(text)
