"""The turn: ask, run tools, take along, ask again."""

from __future__ import annotations

import itertools
from pathlib import Path

import msgspec
import pytest
import trio
from trio.testing import MockClock, wait_all_tasks_blocked

from tests.agent.desk import Desk, FakeTool, calls, roles, says
from tests.runtime.house import NOW, PROJECT, HouseStore, at_rest, lines, logged
from trio_agent.core.budget import Budget
from trio_agent.core.errors import ProviderError, RepositoryError, StoreFull, ToolError
from trio_agent.core.machine import AgentState
from trio_agent.core.state import TodoItem
from trio_agent.runtime.hall import open_hall
from trio_agent.seams import Answer, ModelRequest, OnText, Toolbench, ToolResult


@pytest.fixture
def store() -> HouseStore:
    return HouseStore()


async def test_an_answer_without_calls_ends_the_turn(store: HouseStore, tmp_path: Path) -> None:
    desk = Desk(tmp_path, says("Hello."))
    async with desk.session(store) as session:
        await session.post("hi")
        await at_rest(session)
        _, answer = await logged(session)
    assert (answer.content, answer.end_of_turn, answer.model) == ("Hello.", True, "fake-1")
    assert answer.usage == says("Hello.").usage
    assert answer.turnDuration > 0
    assert roles(desk.model.requests[0]) == ["hi"]


async def test_what_is_known_before_the_workspace_is_made_is_told_at_once(store: HouseStore, tmp_path: Path) -> None:
    desk = Desk(tmp_path, budget=Budget(dollars=2.5))
    desk.workspaces.open_hangs = True
    async with desk.session(store) as session:
        early = session.snapshot()
    assert (early.model, early.budget.dollars, early.context_window) == ("fake", 2.5, 1000)
    assert early.outside_working_dir == PROJECT


async def test_an_answer_that_was_cut_off_is_said_to_be(store: HouseStore, tmp_path: Path) -> None:
    desk = Desk(tmp_path, msgspec.structs.replace(says("Half a sent"), stop_reason="max_tokens"))
    async with desk.session(store) as session:
        await session.post("hi")
        await at_rest(session)
        _, answer, notice = await logged(session)
    assert answer.content == "Half a sent"
    assert (notice.type, "continue" in notice.content) == ("error", True)


async def test_tools_run_at_the_same_time_and_all_results_go_back(store: HouseStore, tmp_path: Path) -> None:
    both = trio.Event()
    running = itertools.count(1)

    async def meet(input: bytes, bench: Toolbench) -> ToolResult:
        if next(running) == 2:
            both.set()
        await both.wait()
        return ToolResult(text="met", display={"kind": "meeting"})

    desk = Desk(tmp_path, calls("a", "b"), says("Done."), tools=[FakeTool("a", meet), FakeTool("b", meet)])
    async with desk.session(store) as session:
        await session.post("hi")
        await at_rest(session)
        messages = await logged(session)
    assert [message.type for message in messages] == ["user", "agent", "tool", "tool", "agent"]
    assert not messages[1].end_of_turn
    assert {message.tool_call_id for message in messages[2:4]} == {"id-a", "id-b"}
    assert all(message.tool_result == "met" and not message.tool_error for message in messages[2:4])
    assert messages[2].display == {"kind": "meeting"}
    assert set(roles(desk.model.requests[1])) == {"hi", "call a", "call b", "a: met", "b: met"}


async def test_what_a_tool_says_runs_live_and_its_call_is_outstanding(store: HouseStore, tmp_path: Path) -> None:
    goes_on = trio.Event()

    async def work(input: bytes, bench: Toolbench) -> ToolResult:
        bench.emit("half way")
        await bench.note("a note")
        await goes_on.wait()
        return ToolResult(text="done")

    desk = Desk(tmp_path, calls("a"), says("Done."), tools=[FakeTool("a", work)])
    async with desk.session(store) as session:
        await session.post("hi")
        await wait_all_tasks_blocked()
        state = session.snapshot()
        assert (state.agent_state, state.outstanding_tool_calls) == ("RunningTool", ("a",))
        assert session.live.tools["id-a"].since(0) == "half way"
        assert (await lines(session))[-1] == "auto: a note"
        goes_on.set()
        await at_rest(session)
        assert not session.live.tools


async def raise_tool_error(input: bytes, bench: Toolbench) -> ToolResult:
    raise ToolError("no such file: a.txt")


async def raise_os_error(input: bytes, bench: Toolbench) -> ToolResult:
    raise FileNotFoundError(2, "No such file or directory", "a.txt")


async def raise_bug(input: bytes, bench: Toolbench) -> ToolResult:
    raise AttributeError("a bug of the tool's")


async def raise_in_a_task(input: bytes, bench: Toolbench) -> ToolResult:
    async with trio.open_nursery() as nursery:
        nursery.start_soon(raise_tool_error, input, bench)
    raise AssertionError


@pytest.mark.parametrize(
    ("work", "told"),
    [
        (raise_tool_error, "no such file: a.txt"),
        (raise_os_error, "The system refused: [Errno 2] No such file or directory: 'a.txt'"),
        (raise_bug, 'The tool itself failed: AttributeError("a bug of the tool\'s")'),
        (raise_in_a_task, "no such file: a.txt"),
    ],
)
async def test_a_tool_that_fails_goes_back_to_the_model_and_the_others_go_on(
    store: HouseStore, tmp_path: Path, work: object, told: str
) -> None:
    other = FakeTool("b", "fine")
    desk = Desk(tmp_path, calls("a", "b"), says("I see."), tools=[FakeTool("a", work), other])  # type: ignore[arg-type]
    async with desk.session(store) as session:
        await session.post("hi")
        await at_rest(session)
        results = {message.tool_name: message for message in await logged(session) if message.type == "tool"}
        assert (await lines(session))[-1] == "agent: I see."
    assert (results["a"].tool_result, results["a"].tool_error) == (told, True)
    assert (results["b"].tool_result, results["b"].tool_error) == ("fine", False)
    assert f"a: {told}" in roles(desk.model.requests[1])


async def test_a_tool_that_was_never_there_is_told_to_the_model(store: HouseStore, tmp_path: Path) -> None:
    desk = Desk(tmp_path, calls("rm_rf"), says("Sorry."), tools=[FakeTool("bash"), FakeTool("patch")])
    async with desk.session(store) as session:
        await session.post("hi")
        await at_rest(session)
    assert "rm_rf: There is no tool 'rm_rf'. There are: subagent, bash, patch." in roles(desk.model.requests[1])


async def test_input_that_is_no_json_reaches_the_tool_as_it_stands(store: HouseStore, tmp_path: Path) -> None:
    seen: list[bytes] = []

    async def work(input: bytes, bench: Toolbench) -> ToolResult:
        seen.append(input)
        raise ToolError("not valid JSON")

    desk = Desk(tmp_path, calls("a", input='{"path": "ü'), says("Again."), tools=[FakeTool("a", work)])
    async with desk.session(store) as session:
        await session.post("hi")
        await at_rest(session)
    assert seen == ['{"path": "ü'.encode()]


async def test_calls_under_one_id_are_told_apart_each_with_its_result(store: HouseStore, tmp_path: Path) -> None:
    tool = FakeTool("a")
    steps = [calls("a", "a", id="0"), calls("a", id="0"), calls("a", id=""), says("Done.")]
    desk = Desk(tmp_path, *steps, tools=[tool])
    async with desk.session(store) as session:
        await session.post("hi")
        await at_rest(session)
        messages = await logged(session)
    asked = [call.tool_call_id for message in messages for call in message.tool_calls]
    told = [message.tool_call_id for message in messages if message.type == "tool"]
    assert len(set(asked)) == 4
    assert sorted(asked) == sorted(told)
    assert tool.runs == 4
    for request in desk.model.requests:
        for turn, following in itertools.pairwise(request.turns):
            ids = {call.tool_call_id for call in getattr(turn, "tool_calls", ())}
            assert ids == {outcome.tool_call_id for outcome in getattr(following, "outcomes", ())}


async def test_an_id_from_before_a_restart_is_not_given_again(store: HouseStore, tmp_path: Path) -> None:
    async with Desk(tmp_path, calls("a", id="0"), says("Done."), tools=[FakeTool("a")]).session(store) as session:
        await session.post("hi")
        await at_rest(session)
    async with Desk(tmp_path, calls("a", id="0"), says("Done."), tools=[FakeTool("a")]).session(store) as session:
        await session.post("again")
        await at_rest(session)
        told = [message.tool_call_id for message in await logged(session) if message.type == "tool"]
    assert told == ["0", "0-2"]


async def test_words_during_a_turn_ride_along_with_the_results(store: HouseStore, tmp_path: Path) -> None:
    goes_on = trio.Event()

    async def work(input: bytes, bench: Toolbench) -> ToolResult:
        await goes_on.wait()
        return ToolResult(text="found")

    desk = Desk(tmp_path, calls("a"), says("Done."), says("Never asked."), tools=[FakeTool("a", work)])
    async with desk.session(store) as session:
        await session.post("hi")
        await wait_all_tasks_blocked()
        await session.post("use tabs")
        goes_on.set()
        await at_rest(session)
    assert roles(desk.model.requests[1]) == ["hi", "call a", "a: found", "use tabs"]
    assert len(desk.model.requests) == 2


async def test_words_during_the_last_answer_start_the_next_turn(store: HouseStore, tmp_path: Path) -> None:
    goes_on = trio.Event()

    async def slowly(request: ModelRequest, on_text: OnText) -> Answer:
        await goes_on.wait()
        return says("First.")

    desk = Desk(tmp_path, slowly, says("Second."))
    async with desk.session(store) as session:
        await session.post("hi")
        await wait_all_tasks_blocked()
        await session.post("and?")
        goes_on.set()
        await at_rest(session)
        assert await lines(session) == ["user: hi", "user: and?", "agent: First.", "agent: Second."]
    assert roles(desk.model.requests[1]) == ["hi", "First.", "and?"], "in the order in which the model heard it"


async def test_text_is_shown_while_it_comes(store: HouseStore, tmp_path: Path) -> None:
    async def slowly(request: ModelRequest, on_text: OnText) -> Answer:
        on_text("thinking", "hm")
        on_text("content", "Hel")
        await trio.sleep_forever()
        raise AssertionError

    async with Desk(tmp_path, slowly).session(store) as session:
        await session.post("hi")
        await wait_all_tasks_blocked()
        assert {part: text.since(0) for part, text in session.live.parts.items()} == {
            "thinking": "hm",
            "content": "Hel",
        }
        assert session.snapshot().outstanding_llm_calls == 1


async def test_a_provider_that_fails_is_told_with_what_to_do_and_the_session_lives_on(
    store: HouseStore, tmp_path: Path
) -> None:
    overloaded = ProviderError("The provider is overloaded. Wait a minute.", retry_after_s=60)
    desk = Desk(tmp_path, calls("a"), overloaded, says("Here I am."), tools=[FakeTool("a")])
    async with desk.session(store) as session:
        await session.post("hi")
        await at_rest(session)
        told = await lines(session)
        assert told[-1] == "error: The provider is overloaded. Wait a minute. Type 'continue' to try again."
        assert session.state is AgentState.WAITING_FOR_USER_INPUT
        await session.post("continue")
        await at_rest(session)
        assert (await lines(session))[-1] == "agent: Here I am."
    assert roles(desk.model.requests[-1]) == ["hi", "call a", "a: ok", "continue"]


async def test_a_store_that_is_full_ends_the_turn_and_cancels_its_tools(store: HouseStore, tmp_path: Path) -> None:
    gone = trio.Event()

    async def note(input: bytes, bench: Toolbench) -> ToolResult:
        store.refusal = StoreFull("the disk is full")
        await bench.note("does not fit")
        raise AssertionError

    async def wait(input: bytes, bench: Toolbench) -> ToolResult:
        try:
            await trio.sleep_forever()
        finally:
            gone.set()
        raise AssertionError

    desk = Desk(tmp_path, calls("a", "b"), says("Again."), tools=[FakeTool("a", note), FakeTool("b", wait)])
    async with desk.session(store) as session:
        await session.post("hi")
        await at_rest(session)
        assert gone.is_set()
        assert not session.ended
        store.refusal = None
        await session.post("go on")
        await at_rest(session)
        assert (await lines(session))[-1] == "agent: Again."


async def test_a_store_that_refused_a_tool_s_note_ends_the_turn_and_is_no_result(
    store: HouseStore, tmp_path: Path
) -> None:
    async def note(input: bytes, bench: Toolbench) -> ToolResult:
        store.refusal = StoreFull("the disk is full")
        try:
            await bench.note("does not fit")
        finally:
            store.refusal = None
        raise AssertionError

    desk = Desk(tmp_path, calls("a"), says("Never asked."), tools=[FakeTool("a", note)])
    async with desk.session(store) as session:
        await session.post("hi")
        await at_rest(session)
        assert (await lines(session))[2:] == [
            "tool: Not finished: the turn was broken off.",
            "error: The turn was stopped: the disk is full. Type 'continue' to try again.",
        ]
    assert len(desk.model.requests) == 1


async def test_a_cancelled_turn_s_calls_are_closed_for_the_next(store: HouseStore, tmp_path: Path) -> None:
    async def wait(input: bytes, bench: Toolbench) -> ToolResult:
        await trio.sleep_forever()
        raise AssertionError

    desk = Desk(tmp_path, calls("a", "b"), says("Fine."), tools=[FakeTool("a", "done"), FakeTool("b", wait)])
    async with desk.session(store) as session:
        await session.post("hi")
        await wait_all_tasks_blocked()
        await session.cancel("stop")
        assert (await lines(session))[2:] == [
            "tool: done",
            "tool: Cancelled before it finished: stop",
            "error: Cancelled: stop",
        ]
        await session.post("go on")
        await at_rest(session)
    last = desk.model.requests[-1].turns
    assert {outcome.name: outcome.error for outcome in getattr(last[-1], "outcomes", ())} == {"a": False, "b": True}


async def test_a_tool_that_ended_as_the_turn_was_cancelled_has_its_result_recorded(
    store: HouseStore, tmp_path: Path, autojump_clock: MockClock
) -> None:
    async def finish_anyway(input: bytes, bench: Toolbench) -> ToolResult:
        with trio.CancelScope(shield=True):
            await trio.sleep(1)
        return ToolResult(text="it was deployed")

    desk = Desk(tmp_path, calls("a"), tools=[FakeTool("a", finish_anyway)])
    async with desk.session(store) as session:
        await session.post("hi")
        await wait_all_tasks_blocked()
        await session.cancel("stop")
        assert (await lines(session))[2:] == ["tool: it was deployed", "error: Cancelled: stop"]


async def test_one_tool_is_cancelled_and_the_model_hears_why(store: HouseStore, tmp_path: Path) -> None:
    async def wait(input: bytes, bench: Toolbench) -> ToolResult:
        await trio.sleep_forever()
        raise AssertionError

    desk = Desk(tmp_path, calls("a", "b"), says("Fine."), tools=[FakeTool("a", "done"), FakeTool("b", wait)])
    async with desk.session(store) as session:
        await session.post("hi")
        await wait_all_tasks_blocked()
        await session.cancel_tool("id-b", "too slow")
        await at_rest(session)
        assert (await lines(session))[-1] == "agent: Fine."
    assert "b: Cancelled before it finished: too slow" in roles(desk.model.requests[1])


async def test_the_session_is_named_after_the_first_words_and_keeps_the_name(store: HouseStore, tmp_path: Path) -> None:
    async with Desk(tmp_path, says("Hello."), says("Yes.")).session(store) as session:
        await session.post("Fix the *Parser*, please\nIt breaks on ü.")
        await at_rest(session)
        state = session.snapshot()
        assert (state.title, state.slug) == ("Fix the *Parser*, please", "fix-the-parser-please-it-breaks-on-u")
        await session.post("Something else")
        await at_rest(session)
    async with Desk(tmp_path, says("Hm.")).session(store) as session:
        await session.post("And more")
        await at_rest(session)
        assert (session.snapshot().title, session.snapshot().slug) == (state.title, state.slug)


async def test_what_was_found_out_is_in_the_state_and_found_again(store: HouseStore, tmp_path: Path) -> None:
    items = (TodoItem(id="1", task="Look", status="completed"),)

    async def plan(input: bytes, bench: Toolbench) -> ToolResult:
        bench.set_todo(items)
        return ToolResult(text="1 task")

    desk = Desk(tmp_path, calls("plan"), says("Done.", tokens=70), tools=[FakeTool("plan", plan)])
    async with desk.session(store) as session:
        await session.post("hi")
        await at_rest(session)
        state = session.snapshot()
        assert (state.todo, state.context_used, state.context_window) == (items, 71, 1000)
        assert (state.model, state.sandbox, state.working_dir) == ("fake", "none", str(tmp_path))
        assert state.initial_commit == "1" * 40
        assert state.total_usage.tool_uses == {"plan": 1}
    async with Desk(tmp_path).session(store) as session:
        again = session.snapshot()
    assert (again.todo, again.context_used, again.total_usage) == (items, 71, state.total_usage)


async def test_the_context_used_is_found_again_after_a_turn_that_broke_off(store: HouseStore, tmp_path: Path) -> None:
    async def crash(request: ModelRequest, on_text: OnText) -> Answer:
        await trio.sleep_forever()
        raise AssertionError

    async with Desk(tmp_path, calls("a"), crash, tools=[FakeTool("a")]).session(store) as session:
        await session.post("hi")
        await wait_all_tasks_blocked()
        assert session.snapshot().context_used == 11
    async with Desk(tmp_path).session(store) as session:
        assert session.snapshot().context_used == 11


async def test_a_session_is_attended_by_the_model_it_was_made_with(store: HouseStore, tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    async with open_hall(store, desk.agent, project=PROJECT, clock=lambda: NOW) as hall:
        await hall.create(model="scripted:x")
        await wait_all_tasks_blocked()
    assert sorted(desk.asked_models) == ["", "scripted:x"]


async def test_a_session_s_tools_are_closed_with_it(store: HouseStore, tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    async with desk.session(store):
        assert desk.tools_closed == 0
    assert desk.tools_closed == 1


async def test_a_workspace_that_cannot_be_opened_is_told_and_tried_again(store: HouseStore, tmp_path: Path) -> None:
    desk = Desk(tmp_path, says("Here."))
    opened = desk.workspaces.open

    async def refuse(session_id: str, notes: object) -> object:
        raise RepositoryError("the repository is gone")

    desk.workspaces.open = refuse  # type: ignore[method-assign, assignment]
    async with desk.session(store) as session:
        assert await lines(session) == ["error: the repository is gone. Send another message to try again."]
        desk.workspaces.open = opened  # type: ignore[method-assign]
        await session.post("hi")
        await at_rest(session)
        assert (await lines(session))[-1] == "agent: Here."


async def test_after_a_restart_the_model_is_asked_with_all_that_was_said(store: HouseStore, tmp_path: Path) -> None:
    async with Desk(tmp_path, calls("a"), says("Done."), tools=[FakeTool("a")]).session(store) as session:
        await session.post("hi")
        await at_rest(session)
    desk = Desk(tmp_path, says("Yes."))
    async with desk.session(store) as session:
        await session.post("still there?")
        await at_rest(session)
    assert roles(desk.model.requests[0]) == ["hi", "call a", "a: ok", "Done.", "still there?"]
    assert desk.workspaces.opened == [{"kind": "fake"}], "its notes of before"


async def test_an_answer_that_was_refused_says_so(store: HouseStore, tmp_path: Path) -> None:
    refused = msgspec.structs.replace(says(""), stop_reason="refusal")
    async with Desk(tmp_path, refused).session(store) as session:
        await session.post("hi")
        await at_rest(session)
        assert (await lines(session))[-1] == "agent: (The model refused to answer.)"
