"""Questions of tools to the user."""

from __future__ import annotations

from pathlib import Path

import pytest
import trio
from trio.testing import MockClock, wait_all_tasks_blocked

from tests.agent.desk import Desk, FakeTool, calls, roles, says
from tests.runtime.house import HouseStore, at_rest, lines, logged
from trio_agent.core.budget import Budget
from trio_agent.core.transcript import transcript
from trio_agent.seams import Toolbench, ToolResult


@pytest.fixture
def store() -> HouseStore:
    return HouseStore()


async def asks(input: bytes, bench: Toolbench) -> ToolResult:
    answer = await bench.ask("Which colour?", ("red", "blue"))
    return ToolResult(text=f"It is {answer}", display={"kind": "answer"})


async def test_the_turn_waits_for_the_answer_which_is_not_told_a_second_time(store: HouseStore, tmp_path: Path) -> None:
    desk = Desk(tmp_path, calls("a"), says("Fine."), tools=[FakeTool("a", asks)])
    async with desk.session(store) as session:
        await session.post("hi")
        await wait_all_tasks_blocked()
        question = (await logged(session))[-1]
        assert (question.type, question.content) == ("auto", "Which colour?\n- red\n- blue")
        assert question.display == {
            "kind": "question",
            "tool_call_id": "id-a",
            "question": "Which colour?",
            "options": ["red", "blue"],
        }
        assert session.running
        await session.post("green")
        await at_rest(session)
        log = await logged(session)
        assert [f"{each.type}: {each.content or each.tool_result}" for each in log[-3:]] == [
            "user: green",
            "tool: It is green",
            "agent: Fine.",
        ]
        assert log[-2].display == {"kind": "answer", "answered_by": [3]}
    assert roles(desk.model.requests[1]) == ["hi", "call a", "a: It is green"]
    assert desk.model.requests[1].turns == transcript(log[:-1])


async def test_what_was_said_before_the_question_is_no_answer_and_is_heard_after_it(
    store: HouseStore, tmp_path: Path
) -> None:
    goes_on = trio.Event()

    async def later(input: bytes, bench: Toolbench) -> ToolResult:
        await goes_on.wait()
        return await asks(input, bench)

    desk = Desk(tmp_path, calls("a"), says("Fine."), tools=[FakeTool("a", later)])
    async with desk.session(store) as session:
        await session.post("hi")
        await wait_all_tasks_blocked()
        await session.post("be quick")
        goes_on.set()
        await wait_all_tasks_blocked()
        assert session.snapshot().outstanding_tool_calls == ("a",)
        await session.post("red")
        await at_rest(session)
        log = await logged(session)
    assert roles(desk.model.requests[1]) == ["hi", "call a", "a: It is red", "be quick"]
    assert transcript(log[:-1]) == desk.model.requests[1].turns


async def test_one_question_at_a_time(store: HouseStore, tmp_path: Path) -> None:
    desk = Desk(tmp_path, calls("a", "b"), says("Fine."), tools=[FakeTool("a", asks), FakeTool("b", asks)])
    async with desk.session(store) as session:
        await session.post("hi")
        await wait_all_tasks_blocked()
        assert [line for line in await lines(session) if line.startswith("auto")] == [
            "auto: Which colour?\n- red\n- blue"
        ]
        await session.post("red")
        await wait_all_tasks_blocked()
        assert len([line for line in await lines(session) if line.startswith("auto")]) == 2
        await session.post("blue")
        await at_rest(session)
        results = [each.tool_result for each in await logged(session) if each.type == "tool"]
    assert results == ["It is red", "It is blue"]


async def test_the_time_a_user_takes_is_not_counted(
    store: HouseStore, tmp_path: Path, autojump_clock: MockClock
) -> None:
    async def slow(input: bytes, bench: Toolbench) -> ToolResult:
        await trio.sleep(20)
        await asks(input, bench)
        await trio.sleep(20)
        raise AssertionError

    desk = Desk(tmp_path, calls("a"), tools=[FakeTool("a", slow)], budget=Budget(seconds=30))
    async with desk.session(store) as session:
        await session.post("hi")
        await trio.sleep(1000)
        assert session.running
        begun = trio.current_time()
        await session.post("red")
        await at_rest(session)
        assert trio.current_time() == begun + 10
        assert (await lines(session))[-1].startswith("budget: Worked 30 s of 30 s.")


async def test_a_question_that_is_cancelled_leaves_the_next_words_to_the_model(
    store: HouseStore, tmp_path: Path
) -> None:
    desk = Desk(tmp_path, calls("a"), says("Fine."), tools=[FakeTool("a", asks)])
    async with desk.session(store) as session:
        await session.post("hi")
        await wait_all_tasks_blocked()
        await session.cancel("never mind")
        await session.post("red, by the way")
        await at_rest(session)
        log = await logged(session)
    assert roles(desk.model.requests[1]) == [
        "hi",
        "call a",
        "a: Cancelled before it finished: never mind",
        "red, by the way",
    ]
    assert transcript(log[:-1]) == desk.model.requests[1].turns


async def test_an_answer_that_was_given_before_the_turn_was_cancelled_is_not_told_as_words(
    store: HouseStore, tmp_path: Path
) -> None:
    async def ask_and_wait(input: bytes, bench: Toolbench) -> ToolResult:
        bench.emit(await bench.ask("Sure?"))
        await trio.sleep_forever()
        raise AssertionError

    desk = Desk(tmp_path, calls("a"), says("Fine."), tools=[FakeTool("a", ask_and_wait)])
    async with desk.session(store) as session:
        await session.post("hi")
        await wait_all_tasks_blocked()
        await session.post("yes")
        await wait_all_tasks_blocked()
        await session.cancel("stop")
        await session.post("go on")
        await at_rest(session)
        log = await logged(session)
    assert roles(desk.model.requests[1])[-2:] == [
        "a: Cancelled before it finished: stop\n\nIts output until then:\nyes",
        "go on",
    ]
    assert transcript(log[:-1]) == desk.model.requests[1].turns
