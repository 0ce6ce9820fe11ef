"""The `ask_user` tool."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.tools.bench import FakeBench
from trio_agent.core.errors import ToolError
from trio_agent.tools.ask_user import MAX_OPTIONS, AskUser


async def test_the_answer_goes_back_to_the_model(tmp_path: Path) -> None:
    bench = FakeBench(tmp_path)
    bench.replies = ["blue", "yes"]
    result = await AskUser().run(b'{"question": "Which?", "options": ["red", "blue"]}', bench)
    assert (result.text, result.error) == ("The user answered: blue", False)
    assert result.display == {"kind": "answer", "answer": "blue"}
    await AskUser().run(b'{"question": "Really?"}', bench)
    assert bench.questions == [("Which?", ("red", "blue")), ("Really?", ())]


@pytest.mark.parametrize(
    "input",
    [
        {},
        {"question": ""},
        {"question": "x" * 5000},
        {"question": "Which?", "options": ["x"] * (MAX_OPTIONS + 1)},
        {"question": "Which?", "options": [""]},
        {"question": "Which?", "options": "red"},
        {"question": "Which?", "more": 1},
    ],
)
async def test_what_is_no_question_is_not_asked(tmp_path: Path, input: dict[str, object]) -> None:
    bench = FakeBench(tmp_path)
    with pytest.raises(ToolError):
        await AskUser().run(json.dumps(input).encode(), bench)
    assert bench.questions == []
