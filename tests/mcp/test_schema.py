"""Which schemas of tools are left out: those that providers would refuse the whole question for, and no others."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.mcp.servers.honest import server
from trio_agent.tools.mcp_schema import schema_problem

RECURSIVE = {
    "type": "object",
    "properties": {"tree": {"$ref": "#/$defs/tree"}},
    "$defs": {"tree": {"type": "array", "items": {"$ref": "#/$defs/tree"}}},
}


@pytest.mark.parametrize(
    "schema",
    [
        {},
        {"type": "object"},
        {"type": "object", "properties": {"type": {"type": "string"}, "items": True, "required": {"enum": ["a", 1]}}},
        {"properties": {"a": {"type": ["string", "null"], "description": "A.", "minLength": 1}}, "required": ["a"]},
        {"anyOf": [{"required": ["a"]}, {"required": ["b"]}], "additionalProperties": False},
        {"default": {"type": 7}, "examples": [{"type": 7}], "x-of-theirs": {"properties": 7}},
        {"properties": {"n": {"type": "number", "exclusiveMinimum": 0, "multipleOf": 0.5}}},
        RECURSIVE,
    ],
)
def test_good_ones_pass(schema: dict[str, Any]) -> None:
    assert schema_problem(schema) == ""


@pytest.mark.parametrize(
    ("schema", "why"),
    [
        ({"type": "array"}, "object"),
        ({"type": ["object", "null"]}, "object"),
        ({"properties": []}, "properties"),
        ({"properties": {"a": "string"}}, "something else"),
        ({"properties": {"a": {"type": "text"}}}, "type"),
        ({"properties": {"a": {"type": []}}}, "type"),
        ({"properties": {"a": {"type": None}}}, "type"),
        # JSON Schema of before 2020-12.
        ({"properties": {"a": {"items": [{"type": "string"}]}}}, "something else"),
        ({"properties": {"a": {"exclusiveMinimum": True}}}, "exclusiveMinimum"),
        ({"properties": {"a": {"required": True}}}, "required"),
        ({"anyOf": []}, "anyOf"),
        ({"allOf": [{"not": 1}]}, "something else"),
        ({"$defs": {"a": {"enum": "b"}}}, "enum"),
        ({"properties": {"a": {"pattern": 1}}}, "pattern"),
        ({"properties": {"a": {"maxItems": -1}}}, "maxItems"),
        ({"x": "y" * 2**16}, "64 KiB"),
    ],
)
def test_bad_ones_are_told(schema: dict[str, Any], why: str) -> None:
    assert why in schema_problem(schema)


def test_one_that_is_deeper_than_we_can_go_is_told() -> None:
    deep: dict[str, Any] = {}
    for _ in range(100_000):
        deep = {"not": deep}
    assert schema_problem(deep) == "its schema is too deep"


async def test_those_that_the_sdk_makes_pass() -> None:
    tools = await server.list_tools()
    assert len(tools) > 5
    assert [schema_problem(tool.input_schema) for tool in tools] == [""] * len(tools)


words = st.sampled_from(
    ["type", "properties", "items", "anyOf", "required", "enum", "not", "$defs", "minimum", "pattern"]
)
json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda children: (
        st.lists(children, max_size=3) | st.dictionaries(words | st.text(max_size=5), children, max_size=4)
    ),
    max_leaves=20,
)


@given(st.dictionaries(words, json, max_size=5))
def test_no_schema_breaks_the_look_at_it(schema: dict[str, Any]) -> None:
    schema_problem(schema)
