"""What answers cost, one and all."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trio_agent.core.usage import CumulativeUsage, Usage
from trio_agent.core.wire import encode_json

ONE = Usage(
    input_tokens=1, cache_creation_input_tokens=10, cache_read_input_tokens=100, output_tokens=1000, cost_usd=0.25
)


def test_a_response_fills_the_context_with_all_its_tokens() -> None:
    assert ONE.context_tokens == 1111


def test_a_response_is_added_to_every_sum() -> None:
    total = CumulativeUsage(start_time="then").plus(ONE).plus(ONE, tools=("bash",))
    assert total == CumulativeUsage(
        start_time="then",
        messages=2,
        input_tokens=2,
        output_tokens=2000,
        cache_read_input_tokens=200,
        cache_creation_input_tokens=20,
        total_cost_usd=0.5,
        tool_uses={"bash": 1},
    )


@given(responses=st.lists(st.lists(st.sampled_from(["bash", "patch", "search"])).map(tuple)))
def test_every_call_of_a_tool_is_counted_by_its_name(responses: list[tuple[str, ...]]) -> None:
    total = CumulativeUsage()
    for tools in responses:
        total = total.plus(Usage(), tools)
    calls = [name for tools in responses for name in tools]
    assert total.messages == len(responses)
    assert total.tool_uses == {name: calls.count(name) for name in set(calls)}


def test_a_sum_that_was_handed_out_does_not_change() -> None:
    before = CumulativeUsage(tool_uses={"bash": 1})
    before.plus(ONE, tools=("bash", "patch"))
    assert before == CumulativeUsage(tool_uses={"bash": 1})
    assert CumulativeUsage().tool_uses == {}


def test_the_sum_stands_on_the_wire_with_all_its_fields() -> None:
    assert encode_json(CumulativeUsage()) == (
        b'{"start_time":"","messages":0,"input_tokens":0,"output_tokens":0,"cache_read_input_tokens":0,'
        b'"cache_creation_input_tokens":0,"total_cost_usd":0.0,"tool_uses":{}}'
    )


def test_neither_can_be_changed_in_place() -> None:
    with pytest.raises(AttributeError):
        ONE.cost_usd = 0  # type: ignore[misc]
    with pytest.raises(AttributeError):
        CumulativeUsage().messages = 1  # type: ignore[misc]
