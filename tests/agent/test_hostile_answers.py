"""Whatever a model answers, the loop goes on: the turn ends, every call has one result, and the next question is taken."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import msgspec
import pytest
import trio
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from trio.testing import MockClock, wait_all_tasks_blocked

from tests.agent.desk import Desk, FakeTool, says
from tests.agent.providers import assert_every_provider_takes
from tests.runtime.house import HouseStore, at_rest, logged
from trio_agent.core.machine import AgentState
from trio_agent.core.message import Message, ToolCall
from trio_agent.core.usage import Usage
from trio_agent.seams import Answer, Tool
from trio_agent.tools.ask_user import AskUser
from trio_agent.tools.patch import Patch
from trio_agent.tools.read_file import ReadFile
from trio_agent.tools.todo_write import TodoWrite

ODD_TEXT = st.text(alphabet=st.characters(), max_size=20) | st.sampled_from(
    [
        "",
        " ",
        "\n",
        "\x00",
        "\x1b[2J",
        "\ud800",
        "\udfff\ud800",
        "\u2028",
        "👩‍🚀",
        "data: x\n\nevent: bye\n\n",
        "x" * 20_000,
        "[" * 2000,
    ]
)
NAMES = (
    st.sampled_from(["patch", "read_file", "todo_write", "subagent", "ask_user", "quick", "nothing", "", "a b", "\x00"])
    | ODD_TEXT
)
INPUTS = (
    ODD_TEXT
    | st.sampled_from(
        ["{}", "[]", "null", "NaN", '"x"', '{"task":', '{"tasks": 7}', '{"path": "\\ud800"}', "{" * 5000, "1e999"]
    )
    | st.builds(lambda path: f'{{"path": "{path}"}}', st.sampled_from(["/etc/passwd", "../..", "\\u0000", "a"]))
)
CALLS = st.builds(
    lambda name, input, id: ToolCall(name=name, input=input, tool_call_id=id),
    NAMES,
    INPUTS,
    st.sampled_from(["", "0", "1", "call_1", "a b", "\ud800", "x" * 300]),
)
ANSWERS = st.builds(
    lambda text, thinking, calls, stop, tokens: Answer(
        text=text,
        thinking=thinking,
        tool_calls=tuple(calls),
        stop_reason=stop,
        usage=Usage(input_tokens=tokens),
        model="m",
    ),
    ODD_TEXT,
    ODD_TEXT,
    st.lists(CALLS, max_size=4),
    st.sampled_from(["end_turn", "tool_use", "max_tokens", "refusal"]),
    st.integers(0, 2000),
)


def assert_whole(log: list[Message]) -> None:
    """Every call of the log has one result, in its own conversation."""
    made = Counter((each.conversation_id, call.tool_call_id) for each in log for call in each.tool_calls)
    told = Counter((each.conversation_id, each.tool_call_id) for each in log if each.type == "tool")
    assert made == told
    assert all(count == 1 for count in made.values())


async def ask(tmp_path: Path, answers: list[Answer], tools: list[Tool]) -> list[Message]:
    """The log of turns in which a model gave `answers`, and of one more."""
    store = HouseStore()
    desk = Desk(tmp_path, *answers, *[says("Done.")] * 20, tools=tools)
    async with desk.session(store) as session:
        for number in range(len(answers) + 1):
            await session.post(f"go on {number}")
            await wait_all_tasks_blocked()
            for _ in range(100):
                if not session.running:
                    break
                await session.post("red")  # somebody asks
                await wait_all_tasks_blocked()
            await at_rest(session)
        assert session.state is AgentState.WAITING_FOR_USER_INPUT
        assert not session.ended
        log = await logged(session)
    assert log[-1].content == "Done."
    for request in desk.model.requests:
        assert_every_provider_takes(request)
    assert_whole(log)
    for message in log:
        assert msgspec.json.decode(msgspec.json.encode(message), type=Message) == message
    return log


@settings(max_examples=120, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(answers=st.lists(ANSWERS, min_size=1, max_size=5))
def test_whatever_a_model_answers_the_loop_goes_on(tmp_path: Path, answers: list[Answer]) -> None:
    tools: list[Tool] = [Patch(), ReadFile(), TodoWrite(), AskUser(), FakeTool("quick")]
    clock = MockClock(autojump_threshold=0)
    trio.run(ask, tmp_path, answers, tools, clock=clock)


async def test_ten_thousand_calls_in_one_answer_are_all_told(tmp_path: Path) -> None:
    calls = tuple(ToolCall(name="quick", input="{}", tool_call_id="0") for _ in range(10_000))
    tool = FakeTool("quick")
    answer = Answer(text="", stop_reason="tool_use", usage=Usage(), model="m", tool_calls=calls)
    log = await ask(tmp_path, [answer], [tool])
    assert tool.runs == 10_000
    assert sum(each.type == "tool" for each in log) == 10_000


@pytest.mark.parametrize("size", [100_000, 5_000_000])
async def test_arguments_of_any_size_reach_the_tool_whole_or_not_at_all(tmp_path: Path, size: int) -> None:
    seen: list[int] = []

    async def work(input: bytes, bench: object):  # type: ignore[no-untyped-def]
        seen.append(len(input))
        msgspec.json.decode(input)
        raise AssertionError

    call = ToolCall(name="a", input='{"a": "' + "x" * size + '"}', tool_call_id="1")
    answer = Answer(text="", stop_reason="tool_use", usage=Usage(), model="m", tool_calls=(call,))
    log = await ask(tmp_path, [answer], [FakeTool("a", work)])
    (result,) = [each for each in log if each.type == "tool"]
    assert ("AssertionError" in result.tool_result) == (size == 100_000)
    assert len(msgspec.json.encode(log[1])) < 5_000_000
