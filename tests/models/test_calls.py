from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trio_agent.core.message import ToolCall
from trio_agent.models.calls import input_object, safe_id, safe_name, uncut


@pytest.mark.parametrize("id", ["toolu_01A", "call-9f", "x" * 64])
def test_an_id_that_all_take_stays_as_it_is(id: str) -> None:
    assert safe_id(id) == id


@given(st.text(max_size=80), st.text(max_size=80))
def test_any_id_is_told_as_one_that_all_take_and_two_are_never_told_as_one(one: str, other: str) -> None:
    assert set(safe_id(one)) <= set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-")
    assert 0 < len(safe_id(one)) <= 64
    assert (safe_id(one) == safe_id(other)) == (one == other)


@pytest.mark.parametrize(
    ("name", "told"),
    [("bash", "bash"), ("functions.bash", "functions_bash"), ("", "_"), ("ls -l\n", "ls_-l_"), ("é" * 100, "_" * 64)],
)
def test_a_name_that_no_tool_has_is_told_as_near_as_can_be(name: str, told: str) -> None:
    assert safe_name(name) == told


@pytest.mark.parametrize(
    ("written", "told"),
    [
        ('{"a": 1}', {"a": 1}),
        ("", {}),
        ('{"a": ', {"invalid": '{"a": '}),
        ("[1]", {"invalid": "[1]"}),
        ("null", {"invalid": "null"}),
        ('{"a":1e999}', {"invalid": '{"a":1e999}'}),
        ('{"a":' * 9999, {"invalid": '{"a":' * 9999}),
    ],
)
def test_the_input_is_an_object_whatever_the_model_wrote(written: str, told: dict[str, Any]) -> None:
    assert input_object(written) == told


@pytest.mark.parametrize(
    ("written", "left"),
    [
        ([], 0),
        (["{}"], 1),
        (['{"a": '], 0),
        (["{}", ""], 1),
        (["{}", '{"a":' * 9999], 1),
        (['{"a": ', "{}"], 2),
    ],
)
def test_only_a_last_call_can_have_been_cut_off_in_its_arguments(written: list[str], left: int) -> None:
    calls = [ToolCall(name="x", input=each, tool_call_id="t") for each in written]
    assert uncut(calls) == calls[:left]
