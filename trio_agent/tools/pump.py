"""The output of a program, read so that a flood of it slows nobody but the program.

What is done with output (secrets are taken out of it) is done on the event loop, where everybody else waits meanwhile: all
sessions, all streams. So it is read in small pieces, and after each the loop is left alone for REST times as long as that
piece took. The program that writes faster is held up by its full pipe.
"""

from __future__ import annotations

from collections.abc import Callable

import trio

PIECE_BYTES = 8 * 1024
"""Handled in one go: of text full of what looks like keys, the dearest there is, 3 ms."""

REST = 2.0
"""Times what a piece took: a flood has a third of the event loop at most, 7 MB/s of ordinary text."""

MAX_REST_S = 0.1
"""Where the machine is so busy that a piece took long, the program's last words must not come late."""


class Pump:
    """Gives what comes out of `output` to `on_output`, and rests, until `hurry` is called."""

    def __init__(self, output: trio.lowlevel.FdStream, on_output: Callable[[bytes], None]) -> None:
        self._output = output
        self._on_output = on_output
        # Shielded, so that a program that cleans up after TERM is not stuck on a full pipe; gets its deadline by `hurry`.
        self._scope = trio.CancelScope(shield=True)
        self._hurrying = False

    def hurry(self, seconds: float) -> None:
        """The program is over: read what is left in the pipe without a rest, for `seconds` at most."""
        self._hurrying = True
        self._scope.deadline = trio.current_time() + seconds

    async def run(self) -> None:
        """Until the output ends."""
        with self._scope:
            while piece := await self._output.receive_some(PIECE_BYTES):
                began = trio.current_time()
                self._on_output(bytes(piece))
                if not self._hurrying:
                    await trio.sleep(min(REST * (trio.current_time() - began), MAX_REST_S))
