"""The beginning and the end of an output of any length, in bounded memory."""

from __future__ import annotations

HEAD_BYTES = 64 * 1024
TAIL_BYTES = 64 * 1024
"""Together the 128 KiB beyond which the seed cut a command's output. What led to an error stands first, the error last."""


class Excerpt:
    """Takes bytes as they come, and keeps the first `head_bytes` and the last `tail_bytes` of them, not the `left_out`."""

    def __init__(self, head_bytes: int = HEAD_BYTES, tail_bytes: int = TAIL_BYTES) -> None:
        self._head_bytes = head_bytes
        self._tail_bytes = tail_bytes
        self._head = bytearray()
        self._tail = bytearray()
        self.left_out = 0

    def add(self, chunk: bytes) -> None:
        room = self._head_bytes - len(self._head)
        self._head += chunk[:room]
        self._tail += chunk[room:]
        surplus = len(self._tail) - self._tail_bytes
        if surplus > 0:
            del self._tail[:surplus]
            self.left_out += surplus

    def text(self) -> str:
        """What was kept, as text; invalid UTF-8 is replaced. Between the parts stands how many bytes are missing."""
        if not self.left_out:
            return (self._head + self._tail).decode("utf-8", "replace")
        head = self._head.decode("utf-8", "replace").removesuffix("\ufffd")
        # A cut character leaves continuation bytes (10xxxxxx) at the start of the tail, three at most.
        start = next((i for i, byte in enumerate(self._tail[:4]) if byte & 0xC0 != 0x80), 0)
        tail = self._tail[start:].decode("utf-8", "replace")
        return f"{head}\n… {self.left_out} bytes left out …\n{tail}"
