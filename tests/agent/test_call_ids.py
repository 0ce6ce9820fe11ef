"""Whatever a model calls, the calls that are recorded are such that every provider takes them back."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trio_agent.agent.call_ids import MAX_INPUT_CHARS, CallIds
from trio_agent.core.errors import InvalidInput
from trio_agent.core.message import Message, ToolCall
from trio_agent.core.wire import decode_json

# The strictest of the providers: Anthropic's pattern for names and ids, OpenAI's 64 characters for both.
TAKEN = re.compile(r"[A-Za-z0-9_-]{1,64}")

TEXTS = st.text(max_size=100) | st.sampled_from(["", "0", "bash", "call_1", "x" * 500, "a b", "\x00", "\ud800", "名"])
CALLS = st.lists(
    st.builds(lambda name, input, id: ToolCall(name=name, input=input, tool_call_id=id), TEXTS, TEXTS, TEXTS)
)


def call(id: str, *, name: str = "bash", input: str = "{}") -> ToolCall:
    return ToolCall(name=name, input=input, tool_call_id=id)


@given(answers=st.lists(CALLS, max_size=5))
def test_names_and_ids_are_such_as_every_provider_takes_and_no_id_comes_twice(answers: list[list[ToolCall]]) -> None:
    ids = CallIds([])
    mended = [each for calls in answers for each in ids.mended(calls)]
    assert all(TAKEN.fullmatch(each.tool_call_id) and TAKEN.fullmatch(each.name) for each in mended)
    assert len({each.tool_call_id for each in mended}) == len(mended)
    assert [each.input for each in mended] == [each.input for calls in answers for each in calls]


def test_what_needs_no_mending_stays_as_it_is() -> None:
    calls = (call("toolu_01AbC-9"), call("call_2", name="read_file", input='{"path": "ü"}'))
    assert CallIds([]).mended(calls) == calls


def test_ids_of_before_are_not_given_again() -> None:
    history = [Message(type="agent", tool_calls=(call("0"), call("0-2")))]
    assert [each.tool_call_id for each in CallIds(history).mended([call("0"), call("0")])] == ["0-3", "0-4"]


def test_ten_thousand_calls_under_one_id_take_the_time_of_ten_thousand_calls() -> None:
    looks = 0

    class Counted(set[str]):
        def __contains__(self, name: object) -> bool:
            nonlocal looks
            looks += 1
            return super().__contains__(name)

    ids = CallIds([])
    ids._taken = Counted()
    calls = ids.mended([call("0")] * 10_000)
    assert calls[-1].tool_call_id == "0-10000"
    # Searching from the beginning each time would look at fifty million ids.
    assert looks <= 20_000


def test_arguments_without_end_are_cut_so_that_no_tool_runs_with_half_of_them() -> None:
    long = '{"command": "' + "x" * MAX_INPUT_CHARS
    calls = [
        call("1", input="{}"),
        call("2", input=long),
        call("3", input='{"a": 1}'),
        call("4", input=" " * len(long)),
    ]
    first, second, third, fourth = CallIds([]).mended(calls)
    assert (first.input, third.input) == ("{}", '{"a": 1}')
    for cut in (second, fourth):
        assert len(cut.input) < 2000
        with pytest.raises(InvalidInput):
            decode_json(cut.input.encode(), dict)
