from __future__ import annotations

from typing import Any

import msgspec
import pytest

from tests.tools.bench import FakeBench
from trio_agent.core.errors import ToolError
from trio_agent.core.state import TodoItem
from trio_agent.seams import ToolResult
from trio_agent.tools.todo_write import TodoWrite


async def write(bench: FakeBench, *tasks: tuple[str, str, str]) -> ToolResult:
    input: dict[str, Any] = {"tasks": [dict(zip(("id", "task", "status"), task, strict=True)) for task in tasks]}
    return await TodoWrite().run(msgspec.json.encode(input), bench)


async def test_the_list_is_replaced_as_a_whole(bench: FakeBench) -> None:
    await write(bench, ("1", "read", "completed"), ("2", "write", "in-progress"))
    result = await write(bench, ("2", "write", "completed"), ("3", "test", "queued"))
    assert bench.todo == (
        TodoItem(id="2", task="write", status="completed"),
        TodoItem(id="3", task="test", status="queued"),
    )
    assert result.text == "2 tasks: 1 completed, 0 in-progress, 1 queued"


@pytest.mark.parametrize(
    ("tasks", "said"),
    [
        ([("1", "a", "in-progress"), ("2", "b", "in-progress")], "at most one"),
        ([("1", "a", "queued"), ("1", "b", "queued")], "several tasks: 1"),
        ([("1", "a", "done")], "Invalid enum value 'done'"),
    ],
)
async def test_a_wrong_list_changes_nothing(bench: FakeBench, tasks: list[tuple[str, str, str]], said: str) -> None:
    await write(bench, ("0", "kept", "queued"))
    with pytest.raises(ToolError, match=said):
        await write(bench, *tasks)
    assert [item.id for item in bench.todo] == ["0"]


async def test_the_list_can_be_emptied(bench: FakeBench) -> None:
    await write(bench, ("0", "done with", "completed"))
    await write(bench)
    assert bench.todo == ()
