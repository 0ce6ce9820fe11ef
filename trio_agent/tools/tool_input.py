"""What a model sends a tool, and what it is told to send: one Struct gives both the schema and the decoder."""

from __future__ import annotations

import json
from typing import Any, TypeVar

import msgspec

from trio_agent.core.errors import CallerError, ToolError
from trio_agent.core.wire import decode_json
from trio_agent.seams import ToolSpec

T = TypeVar("T")

_DEFINITIONS = "#/$defs/"


def describe_tool(name: str, description: str, input: type[msgspec.Struct]) -> ToolSpec:
    """The spec of a tool that takes `input`, whose field descriptions the model reads in the schema."""
    return ToolSpec(name=name, description=description, input_schema=input_schema(input))


def input_schema(input: type[msgspec.Struct]) -> dict[str, Any]:
    """The JSON Schema of `input` as one object without references: not every provider follows a `$ref`."""
    schema = msgspec.json.schema(input)
    inlined = _inline(schema, schema.get("$defs", {}))
    if not isinstance(inlined, dict):
        raise TypeError(f"{input.__name__} has no object schema")
    return inlined


def _inline(node: Any, definitions: dict[str, Any]) -> Any:
    if isinstance(node, list):
        return [_inline(item, definitions) for item in node]
    if not isinstance(node, dict):
        return node
    if "$ref" in node:
        return _inline(definitions[node["$ref"].removeprefix(_DEFINITIONS)], definitions)
    # `title` is the Struct's Python name, which tells a model nothing. A property that is called "title" is an object.
    return {
        key: _inline(value, definitions)
        for key, value in node.items()
        if key != "$defs" and not (key == "title" and isinstance(value, str))
    }


def decode_input(data: bytes, type: type[T]) -> T:
    """The tool's input from a model's JSON. Raises ToolError: what was wrong with it, and the schema it should fit."""
    try:
        return decode_json(data, type)
    except CallerError as exc:
        expected = json.dumps(_inline(msgspec.json.schema(type), msgspec.json.schema(type).get("$defs", {})))
        raise ToolError(f"The input does not fit this tool: {exc}. Expected JSON of this schema: {expected}") from exc
