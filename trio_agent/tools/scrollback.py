"""Scrollback: the last of what a terminal has shown, for viewers who come late or are slow.

It begins at a safe place, always: never within an escape sequence or a character, and where there is a line's end near, behind
it. Since the beginning is safe, whatever is cut off can be read from there, sequence by sequence.

What is cut off may have switched the terminal into a mode that what is left relies on (the alternate screen of an editor, an
invisible cursor). Those modes are kept, and said again before the rest. Source: ECMA-48 § 5.4, xterm's ctlseqs ("DEC Private
Mode Set").
"""

from __future__ import annotations

import re

HELD_BYTES = 256 * 1024
"""At most. A cut takes an eighth, so that a flood is not cut at every read."""

PIECE_BYTES = 64 * 1024
"""At most to a viewer at a time: as much as a connection must take within its deadline."""

CLEAR = b"\x1bc"
"""RIS: for a viewer to whom something in between is lost. What is on its screen means nothing any more."""

_SAFE = re.compile(
    rb"\x1b(?:\[[0-?]*[ -/]*[@-~]?"  # CSI
    rb"|[P\]X^_][^\x1b\x07]*(?:\x1b\\|\x07)?"  # DCS, OSC, SOS, PM, APC: a string, up to its end or to what breaks it off
    rb"|[ -/]*[0-~]?)"
    rb"|[\xc0-\xff][\x80-\xbf]{0,3}|[\x80-\xbf]"  # a character in UTF-8; a stray byte
    rb"|(?P<plain>[^\x1b\x80-\xff]+)"
)
_MODES = re.compile(rb"\x1b(?:\[\?(?P<numbers>[0-9;]{1,64})(?P<set>[hl])|(?P<clear>c))")
_KNOWN_MODES = frozenset({1, 7, 25, 47, 1000, 1002, 1003, 1004, 1006, 1015, 1016, 1047, 1049, 2004})


class Scrollback:
    """Bytes by their position: how many the terminal had shown before them."""

    def __init__(self, held_bytes: int = HELD_BYTES) -> None:
        self._held_bytes = held_bytes
        self._start = 0
        self._held = bytearray()
        self._modes: dict[int, bool] = {}

    @property
    def start(self) -> int:
        return self._start

    @property
    def end(self) -> int:
        return self._start + len(self._held)

    def add(self, data: bytes) -> None:
        """`data` was shown."""
        self._held += data
        excess = len(self._held) - self._held_bytes
        if excess > 0:
            self._cut(excess + self._held_bytes // 8)

    def read(self, position: int) -> tuple[bytes, int, bool]:
        """What stands at `position`, PIECE_BYTES at most; the position behind it; whether it does not follow `position`.

        -1 is the beginning of what is held.
        """
        lost = position != -1 and position < self._start
        if lost or position == -1:
            position = self._start
        begin = position - self._start
        data = bytes(memoryview(self._held)[begin : begin + PIECE_BYTES])
        behind = position + len(data)
        if position == self._start:
            data = (CLEAR if lost else b"") + self._preamble() + data
        return data, behind, lost

    def _preamble(self) -> bytes:
        return b"".join(b"\x1b[?%d%c" % (mode, b"lh"[is_set]) for mode, is_set in self._modes.items())

    def _cut(self, wanted: int) -> None:
        at = _safe_place(self._held, wanted)
        for match in _MODES.finditer(self._held, 0, at):
            if match["clear"]:
                self._modes.clear()
                continue
            for number in match["numbers"].split(b";"):
                if number and int(number) in _KNOWN_MODES:
                    # Anew at the end: 1049 saves the cursor, and so the order is meaning.
                    self._modes.pop(int(number), None)
                    self._modes[int(number)] = match["set"] == b"h"
        del self._held[:at]
        self._start += at


def _safe_place(data: bytearray, wanted: int) -> int:
    """The first place at or after `wanted` where `data` can be cut; its end where there is none."""
    for match in _SAFE.finditer(data):
        if match.end() >= wanted:
            if match["plain"] is None:
                return match.end()
            line_end = data.find(b"\n", max(match.start(), wanted - 1), match.end())
            return line_end + 1 if line_end >= 0 else max(match.start(), wanted)
    return len(data)
