"""Servers that never end, over real sockets: a call of them does, early, and others have their turns meanwhile."""

from __future__ import annotations

from collections import Counter

import pytest
import trio

from tests.models.endless import FLUSHED, Endless, call_event, chat_event, serving, squeezed
from tests.models.listener import asking
from trio_agent.core.errors import ProviderError
from trio_agent.models.attempt import MAX_EVENT_CHARS
from trio_agent.models.event_reader import MAX_ANSWER_CHARS
from trio_agent.models.openai import ChatWire
from trio_agent.models.response import MAX_FAILURE_BYTES, TURN_BYTES
from trio_agent.models.streamed import StreamedModel
from trio_agent.seams import Part

STREAM = "Content-Type: text/event-stream"
GZIP = "Content-Encoding: gzip"
WORDS = "a b " * 256
TEXT = chat_event({"content": WORDS})
ON_ITS_WAY = 16 * 1024 * 1024
"""What the two kernels' buffers can hold at the most, and more."""


class Bystander:
    """Another task, with how much a listener heard in each of its turns."""

    def __init__(self) -> None:
        self.turns = 0
        self.heard: Counter[int] = Counter()
        self.chars = 0
        self.enough = trio.Event()
        self.enough_chars = MAX_ANSWER_CHARS * 2

    async def run(self) -> None:
        while True:
            await trio.lowlevel.checkpoint()
            self.turns += 1

    def __call__(self, part: Part, text: str, *, restart: bool = False) -> None:
        assert not restart
        self.heard[self.turns] += len(text)
        self.chars += len(text)
        if self.chars >= self.enough_chars:
            self.enough.set()

    @property
    def most_in_a_turn(self) -> int:
        return max(self.heard.values(), default=0)


def model_at(server: Endless) -> StreamedModel:
    return StreamedModel(ChatWire("m", "key", base_url=server.url), uniform=lambda low, high: 0)


async def failure_of(server: Endless, listener: Bystander) -> ProviderError:
    """What a call of `server` ends with, and that it is not tried again."""
    async with trio.open_nursery() as nursery:
        nursery.start_soon(listener.run)
        with pytest.raises(ProviderError) as caught:
            await model_at(server).answer(asking("hi"), listener)
        await server.left.wait()
        nursery.cancel_scope.cancel()
    assert len(server.requests) == 1
    assert caught.value.retry_after_s is None
    return caught.value


async def test_endless_text_ends_the_call() -> None:
    bystander = Bystander()
    async with serving(Endless(TEXT * 64, fields=(STREAM,))) as server:
        assert "sent more than 16 million characters" in str(await failure_of(server, bystander))
    assert MAX_ANSWER_CHARS - TURN_BYTES <= bystander.chars <= MAX_ANSWER_CHARS
    assert server.sent <= 2 * MAX_ANSWER_CHARS + ON_ITS_WAY
    assert b"accept-encoding: identity\r\n" in server.requests[0].lower()


async def test_text_unpacked_from_little_ends_the_call_and_others_have_their_turns() -> None:
    bystander = Bystander()
    server = Endless(squeezed(TEXT * 1024), begin=FLUSHED, fields=(STREAM, GZIP))
    async with serving(server):
        assert "sent more than 16 million characters" in str(await failure_of(server, bystander))
    assert MAX_ANSWER_CHARS - TURN_BYTES <= bystander.chars <= MAX_ANSWER_CHARS
    assert bystander.most_in_a_turn <= 2 * TURN_BYTES


@pytest.mark.parametrize("packing", ["", "gzip"])
async def test_endless_arguments_end_the_call(packing: str) -> None:
    event = call_event(WORDS) * 64
    packed = Endless(squeezed(event), begin=FLUSHED, fields=(STREAM, GZIP))
    server = packed if packing else Endless(event, fields=(STREAM,))
    async with serving(server):
        assert "sent more than 16 million characters" in str(await failure_of(server, Bystander()))
    assert server.sent <= 2 * MAX_ANSWER_CHARS + ON_ITS_WAY


@pytest.mark.parametrize("block", [b"data: " + b"x" * 65536 + b"\n", b"x" * 65536], ids=["lines", "no end of a line"])
async def test_an_event_without_an_end_ends_the_call(block: bytes) -> None:
    async with serving(Endless(block, fields=(STREAM,))) as server:
        assert "sent more than 8 million characters" in str(await failure_of(server, Bystander()))
    assert server.sent <= MAX_EVENT_CHARS + ON_ITS_WAY


@pytest.mark.parametrize("block", [b"\n", b": still here\n", b"event: ping\n\n"], ids=["lines", "comments", "no data"])
async def test_others_have_their_turns_while_nothing_is_said(block: bytes) -> None:
    bystander = Bystander()
    lines = block * (1024 * 1024 // len(block)) + b"\n\n" + TEXT * 32
    server = Endless(squeezed(lines), begin=FLUSHED, fields=(STREAM, GZIP))
    bystander.enough_chars = 5 * 32 * len(WORDS)
    async with serving(server), trio.open_nursery() as nursery:
        nursery.start_soon(bystander.run)
        nursery.start_soon(model_at(server).answer, asking("hi"), bystander)
        await bystander.enough.wait()
        nursery.cancel_scope.cancel()
    # Between one megabyte of nothing and the next.
    assert bystander.turns >= 4 * 1024 * 1024 // TURN_BYTES


@pytest.mark.parametrize("packing", ["", "gzip"])
async def test_cancelling_ends_the_call_in_the_middle_of_what_came(packing: str) -> None:
    bystander = Bystander()
    bystander.enough_chars = 1024 * 1024
    packed = Endless(squeezed(TEXT * 1024), begin=FLUSHED, fields=(STREAM, GZIP))
    server = packed if packing else Endless(TEXT * 64, fields=(STREAM,))
    async with serving(server):
        async with trio.open_nursery() as nursery:
            nursery.start_soon(model_at(server).answer, asking("hi"), bystander)
            await bystander.enough.wait()
            nursery.cancel_scope.cancel()
        await server.left.wait()
    assert bystander.chars <= bystander.enough_chars + 4 * TURN_BYTES


@pytest.mark.parametrize("encoding", ["gzip, gzip", "deflate", "br", "zstd", "gzip, gzip, gzip, gzip, gzip, gzip"])
async def test_what_is_packed_in_another_way_is_refused_and_told(encoding: str) -> None:
    bystander = Bystander()
    server = Endless(squeezed(TEXT, 2), begin=FLUSHED, fields=(STREAM, f"Content-Encoding: {encoding}"))
    async with serving(server):
        said = str(await failure_of(server, bystander))
    assert f"packs its answers as {encoding}" in said
    assert "turn that off" in said
    assert not bystander.heard


@pytest.mark.parametrize(
    "fields", [(), (GZIP,), ("Content-Encoding: gzip, gzip",)], ids=["plain", "packed", "packed twice"]
)
async def test_an_endless_error_is_told_by_its_beginning(fields: tuple[str, ...]) -> None:
    block = b"no " * 65536
    packed = Endless(squeezed(block), begin=FLUSHED, status=400, fields=fields)
    server = packed if fields else Endless(block, status=400)
    async with serving(server):
        said = str(await failure_of(server, Bystander()))
    assert "refused the request" in said
    assert len(said) < 1000
    assert server.sent <= MAX_FAILURE_BYTES + ON_ITS_WAY
