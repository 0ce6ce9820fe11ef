"""What must hold of every wire, however its stream is cut: the same answer at every split, and none of a part of it."""

from __future__ import annotations

from itertools import pairwise

import pytest
import trio
from hypothesis import given
from hypothesis import strategies as st
from trio.testing import MockClock

from tests.models.languages import LANGUAGES, Language
from tests.models.listener import Listener, asking
from tests.models.transport import Far, ok
from trio_agent.core.errors import ProviderError
from trio_agent.core.sse import Parser
from trio_agent.core.usage import Usage
from trio_agent.models.streamed import MAX_TRIES
from trio_agent.models.wire import Wire
from trio_agent.seams import Answer, Model, Part

CALLS = [{"name": "bash", "input": {"command": "echo 🌍"}}, {"name": "todo", "input": {}}]


def _streams(language: Language, *more: bytes) -> list[bytes]:
    return [
        language.stream(text="Grüße, 🌍!\u2028 Done", thinking="Hm 🤔\n\nwell"),
        language.stream(text="I look.", tool_calls=CALLS),
        *more,
    ]


ANTHROPIC, RESPONSES, CHAT, GEMINI = (LANGUAGES[each] for each in ("anthropic", "responses", "chat", "gemini"))

# Lines may end in either way, whatever the provider does today.
STREAMS: list[tuple[Wire, list[bytes]]] = [
    (
        ANTHROPIC.wire,
        _streams(ANTHROPIC, ANTHROPIC.stream(text="a b", stop_reason="refusal").replace(b"\n", b"\r\n")),
    ),
    (
        RESPONSES.wire,
        _streams(
            RESPONSES,
            RESPONSES.stream(text="I look.", tool_calls=CALLS).replace(b"\n", b"\r\n"),
            RESPONSES.stream(text="a b", refusal="No."),
            RESPONSES.stream(text="a b", incomplete="max_output_tokens"),
        ),
    ),
    (
        CHAT.wire,
        _streams(
            CHAT,
            CHAT.stream(text="I look.", tool_calls=CALLS).replace(b"\n", b"\r\n"),
            CHAT.stream(text="a b", finish_reason="content_filter"),
        ),
    ),
    (
        GEMINI.wire,
        _streams(
            GEMINI,
            GEMINI.stream(text="a b", finish_reason="SAFETY").replace(b"\r\n", b"\n"),
            GEMINI.stream(block_reason="SAFETY"),
        ),
    ),
]
EACH_STREAM = pytest.mark.parametrize(
    ("wire", "whole"), [(wire, whole) for wire, streams in STREAMS for whole in streams]
)


@EACH_STREAM
def test_the_answer_is_the_same_wherever_the_stream_is_cut_in_two(wire: Wire, whole: bytes) -> None:
    """Cut at every byte, and read as the client reads."""
    expected = _read(wire, whole)
    assert expected[0] is not None
    assert all(_read(wire, whole[:cut], whole[cut:]) == expected for cut in range(1, len(whole)))


@pytest.mark.parametrize(("wire", "streams"), STREAMS)
@given(data=st.data())
def test_the_answer_is_the_same_however_the_stream_is_cut(
    wire: Wire, streams: list[bytes], data: st.DataObject
) -> None:
    whole = data.draw(st.sampled_from(streams))
    cuts = data.draw(st.lists(st.integers(0, len(whole)), max_size=30))

    async def main() -> None:
        places = [0, *sorted(cuts), len(whole)]
        model = Far(ok(*(whole[begin:end] for begin, end in pairwise(places))), ok(whole)).model(wire)
        assert await _heard(model) == await _heard(model)

    trio.run(main, clock=MockClock(autojump_threshold=0))


@EACH_STREAM
def test_no_beginning_of_a_stream_is_taken_for_an_answer(wire: Wire, whole: bytes) -> None:
    # Of every length. Without the line ends after the last byte of data nothing is missing.
    last = len(whole.rstrip())
    for length in range(last):
        answer, failure, _, _ = _read(wire, whole[:length])
        assert (answer, failure) == (None, None), length


@EACH_STREAM
async def test_a_beginning_of_a_stream_is_asked_for_again_and_then_told(
    wire: Wire, whole: bytes, autojump_clock: MockClock
) -> None:
    last = len(whole.rstrip())
    lengths = [*range(0, last, max(1, last // 10)), last - 1]
    far = Far(*(ok(whole[:length]) for length in lengths for _ in range(MAX_TRIES)))
    model = far.model(wire)
    for _ in lengths:
        with pytest.raises(ProviderError, match="broke off"):
            await model.answer(asking("hi"), Listener())
    assert len(far.requests) == MAX_TRIES * len(lengths)


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
