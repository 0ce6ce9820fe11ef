"""What must hold of every wire, however its stream is cut: the same answer at every split, and none of a part of it."""

from __future__ import annotations

from itertools import pairwise

import pytest
import trio
from trio.testing import MockClock

from tests.models.listener import Listener, asking
from tests.models.transport import Far, ok
from trio_agent.core.errors import ProviderError
from trio_agent.models.streamed import MAX_TRIES
from trio_agent.models.wire import Wire
from trio_agent.seams import Answer, Model


def assert_the_same_at_every_cut(wire: Wire, whole: bytes) -> None:
    """Cut in two at every byte."""

    async def main() -> None:
        model = Far(*(ok(whole[:cut], whole[cut:]) for cut in range(len(whole)))).model(wire)
        outcomes = [await _heard(model) for _ in range(len(whole))]
        assert all(each == outcomes[0] for each in outcomes)

    trio.run(main)


def assert_the_same_in_pieces(wire: Wire, whole: bytes, cuts: list[int]) -> None:
    """Cut at all of `cuts` at once."""

    async def main() -> None:
        places = [0, *sorted(cuts), len(whole)]
        model = Far(ok(*(whole[begin:end] for begin, end in pairwise(places))), ok(whole)).model(wire)
        assert await _heard(model) == await _heard(model)

    trio.run(main, clock=MockClock(autojump_threshold=0))


def assert_no_beginning_is_an_answer(wire: Wire, whole: bytes) -> None:
    """`whole` without its end, of every length. Without the line ends after the last byte of data nothing is missing."""

    async def main() -> None:
        lengths = range(len(whole.rstrip()))
        far = Far(*(ok(whole[:length]) for length in lengths for _ in range(MAX_TRIES)))
        model = far.model(wire)
        for _ in lengths:
            with pytest.raises(ProviderError, match="broke off"):
                await model.answer(asking("hi"), Listener())
        assert len(far.requests) == MAX_TRIES * len(lengths)

    trio.run(main, clock=MockClock(autojump_threshold=0))


async def _heard(model: Model) -> tuple[Answer, object, object]:
    listener = Listener()
    answer = await model.answer(asking("hi"), listener, listener.on_usage)
    return answer, listener.said, listener.usages
