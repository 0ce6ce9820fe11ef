"""What must hold of every wire, however its stream is cut: the same answer at every split, and none of a part of it."""

from __future__ import annotations

from itertools import pairwise

import pytest
import trio
from trio.testing import MockClock

from tests.models.listener import Listener, asking
from tests.models.transport import Far, ok
from trio_agent.core.errors import ProviderError
from trio_agent.core.sse import Parser
from trio_agent.core.usage import Usage
from trio_agent.models.streamed import MAX_TRIES
from trio_agent.models.wire import Wire
from trio_agent.seams import Answer, Model, Part


def assert_the_same_at_every_cut(wire: Wire, whole: bytes) -> None:
    """Cut in two at every byte, and read as the client reads."""
    expected = _read(wire, whole)
    assert expected[0] is not None
    assert all(_read(wire, whole[:cut], whole[cut:]) == expected for cut in range(1, len(whole)))


def assert_the_same_in_pieces(wire: Wire, whole: bytes, cuts: list[int]) -> None:
    """Cut at all of `cuts` at once."""

    async def main() -> None:
        places = [0, *sorted(cuts), len(whole)]
        model = Far(ok(*(whole[begin:end] for begin, end in pairwise(places))), ok(whole)).model(wire)
        assert await _heard(model) == await _heard(model)

    trio.run(main, clock=MockClock(autojump_threshold=0))


def assert_no_beginning_is_an_answer(wire: Wire, whole: bytes) -> None:
    """`whole` without its end, of every length. Without the line ends after the last byte of data nothing is missing."""
    last = len(whole.rstrip())
    for length in range(last):
        answer, failure, _, _ = _read(wire, whole[:length])
        assert (answer, failure) == (None, None), length

    async def main() -> None:
        # And asked for by the client, which tries again and then says so.
        lengths = [*range(0, last, max(1, last // 10)), last - 1]
        far = Far(*(ok(whole[:length]) for length in lengths for _ in range(MAX_TRIES)))
        model = far.model(wire)
        for _ in lengths:
            with pytest.raises(ProviderError, match="broke off"):
                await model.answer(asking("hi"), Listener())
        assert len(far.requests) == MAX_TRIES * len(lengths)

    trio.run(main, clock=MockClock(autojump_threshold=0))


def _read(wire: Wire, *chunks: bytes) -> tuple[Answer | None, str | None, dict[Part, str], Usage]:
    parser, reader = Parser(), wire.reader()
    said: dict[Part, str] = {"content": "", "thinking": ""}
    for chunk in chunks:
        for event in parser.feed(chunk):
            for part, text in reader.feed(event.data):
                said[part] += text
    return reader.answer, str(reader.failure) if reader.failure else None, said, reader.usage


async def _heard(model: Model) -> tuple[Answer, object, object]:
    listener = Listener()
    answer = await model.answer(asking("hi"), listener, listener.on_usage)
    return answer, listener.said, listener.usages
