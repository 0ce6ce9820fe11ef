from __future__ import annotations

import json
import os
from typing import Annotated, Any

import msgspec
import pytest

from trio_agent.core.errors import ToolError
from trio_agent.seams import Tool
from trio_agent.tools.bash import Bash, BashInput
from trio_agent.tools.burst import Burst
from trio_agent.tools.environment import child_environment
from trio_agent.tools.patch import Patch
from trio_agent.tools.read_file import ReadFile
from trio_agent.tools.sandbox import NoSandbox
from trio_agent.tools.search import Search
from trio_agent.tools.todo_write import TodoWrite
from trio_agent.tools.tool_input import decode_input, input_schema


def every_tool() -> list[Tool]:
    environment = child_environment(os.environ, {})
    bash = Bash(sandbox=NoSandbox(), environment=environment)
    return [bash, Patch(), ReadFile(), Search(rg=None, environment=environment), TodoWrite(), Burst()]


def objects(schema: Any) -> list[dict[str, Any]]:
    if isinstance(schema, list):
        return [found for item in schema for found in objects(item)]
    if not isinstance(schema, dict):
        return []
    return [schema, *(found for item in schema.values() for found in objects(item))]


@pytest.mark.parametrize("tool", every_tool(), ids=lambda tool: str(tool.spec.name))
def test_a_schema_is_one_object_that_stands_alone_and_explains_its_fields(tool: Tool) -> None:
    schema = tool.spec.input_schema
    assert schema["type"] == "object"
    assert "$ref" not in json.dumps(schema)
    assert "$defs" not in schema
    assert schema["required"]
    for name, field in schema["properties"].items():
        assert "description" in json.dumps(field), name
    assert tool.spec.description


class Titled(msgspec.Struct):
    title: Annotated[str, msgspec.Meta(description="A field that is called like a keyword of the schema.")]


def test_a_field_called_title_is_not_lost() -> None:
    assert input_schema(Titled)["properties"]["title"]["type"] == "string"


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "not valid JSON"),
        (b'{"command": "ls"', "not valid JSON"),
        (b'{"command": "\xff"}', "not valid JSON"),
        (b'{"cmd": "ls"}', "cmd"),
        (b"{}", "missing required field `command`"),
        (b'{"command": 1}', "Expected `str`, got `int`"),
        (b'{"command": "x", "timeout_s": 0}', "timeout_s"),
        (b"[" * 1000, "nested"),
    ],
)
def test_what_does_not_fit_says_what_is_wrong_and_what_is_expected(data: bytes, said: str) -> None:
    with pytest.raises(ToolError) as caught:
        decode_input(data, BashInput)
    assert said in str(caught.value)
    assert '"command"' in str(caught.value).partition("Expected JSON of this schema")[2]
