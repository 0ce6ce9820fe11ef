"""Output is read in small pieces, with rests between them, and none of it is lost or shown with a secret in it."""

from __future__ import annotations

import os
from pathlib import Path

import trio
from trio.testing import MockClock

from trio_agent.core.redaction import MARK, Redactor
from trio_agent.tools.output import Output
from trio_agent.tools.process import run_group
from trio_agent.tools.pump import MAX_REST_S, PIECE_BYTES, REST, Pump

TOOK_S = 0.01


class Listener:
    """Takes TOOK_S for a piece, and remembers when it came, and what."""

    def __init__(self, clock: MockClock, took_s: float = TOOK_S) -> None:
        self._clock = clock
        self._took_s = took_s
        self.times: list[float] = []
        self.pieces: list[bytes] = []

    def __call__(self, piece: bytes) -> None:
        self.times.append(trio.current_time())
        self.pieces.append(piece)
        self._clock.jump(self._took_s)

    @property
    def apart(self) -> list[float]:
        return [round(later - earlier, 6) for earlier, later in zip(self.times, self.times[1:], strict=False)]


def filled_pipe(data: bytes) -> trio.lowlevel.FdStream:
    """The reading end of a pipe with `data` in it, which fits, and nobody to write more."""
    read_end, write_end = os.pipe()
    assert os.write(write_end, data) == len(data)
    os.close(write_end)
    return trio.lowlevel.FdStream(read_end)


async def test_after_each_piece_of_a_flood_the_others_have_most_of_the_time(autojump_clock: MockClock) -> None:
    listener = Listener(autojump_clock)
    data = os.urandom(4 * PIECE_BYTES)
    async with filled_pipe(data) as output:
        await Pump(output, listener).run()
    assert b"".join(listener.pieces) == data
    assert [len(piece) for piece in listener.pieces] == [PIECE_BYTES] * 4
    assert listener.apart == [round(TOOK_S * (1 + REST), 6)] * 3


async def test_a_rest_ends_soon_however_long_a_piece_took(autojump_clock: MockClock) -> None:
    listener = Listener(autojump_clock, took_s=10.0)
    async with filled_pipe(bytes(2 * PIECE_BYTES)) as output:
        await Pump(output, listener).run()
    assert listener.apart == [10.0 + MAX_REST_S]


async def test_what_is_left_when_the_program_is_over_is_read_at_once(autojump_clock: MockClock) -> None:
    listener = Listener(autojump_clock)
    async with filled_pipe(bytes(4 * PIECE_BYTES)) as output:
        pump = Pump(output, listener)
        pump.hurry(1.0)
        await pump.run()
    assert listener.apart == [TOOK_S] * 3


async def test_an_end_that_somebody_else_holds_open_is_waited_for_no_longer_than_told(
    autojump_clock: MockClock,
) -> None:
    read_end, write_end = os.pipe()
    async with trio.lowlevel.FdStream(read_end) as output:
        pump = Pump(output, Listener(autojump_clock))
        pump.hurry(1.0)
        await pump.run()
    assert trio.current_time() == 1.0
    os.close(write_end)


async def test_a_secret_across_any_border_of_pieces_is_told_to_nobody(tmp_path: Path) -> None:
    known = "Known-Value-9f8e7d6c5b4a"
    keys = ["ghp_" + "a1B2" * 9, known, "-----BEGIN PRIVATE KEY-----\n" + ("A1b2" * 16 + "\n") * 20]
    text = b""
    for number in range(60):
        secret = keys[number % 3].encode()
        # Each border of pieces in another place of the secret.
        text += (
            b"." * (PIECE_BYTES * (number + 1) - len(text) - 1 - number * len(secret) // 60) + b"\n" + secret + b"\n"
        )
    (tmp_path / "text").write_bytes(text)
    shown: list[str] = []
    output = Output(Redactor([known]), shown.append)
    await run_group(["cat", "text"], cwd=tmp_path, environment=dict(os.environ), on_output=output.take)
    output.end()
    told = "".join(shown)
    assert told.count(MARK) == 60
    assert told.encode() == output.whole
    # Of each at most its first characters, which may be anybody's.
    assert [part for secret in keys for at in range(len(secret) - 4) if (part := secret[at : at + 4]) in told] == []
