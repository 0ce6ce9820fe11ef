"""What is left in the log, and told to the model, of what was stopped: by the user, by the budget, by a failing provider."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest
import trio
from trio.testing import MockClock, wait_all_tasks_blocked

from tests.agent.desk import Desk, FakeTool, calls, roles, says, tells
from tests.runtime.house import HouseStore, at_rest, lines, logged
from trio_agent.agent.shown import MAX_CHARS, Shown
from trio_agent.agent.stop import Stop
from trio_agent.agent.toolbox import MAX_AT_ONCE
from trio_agent.core.budget import Budget
from trio_agent.core.errors import ProviderError, StoreFull, ToolError
from trio_agent.core.transcript import transcript
from trio_agent.seams import Answer, Entry, ModelRequest, OnText, Toolbench, ToolResult


@pytest.fixture
def store() -> HouseStore:
    return HouseStore()


async def hangs(input: bytes, bench: Toolbench) -> ToolResult:
    bench.emit("half ")
    bench.emit("way")
    await trio.sleep_forever()
    raise AssertionError


async def test_a_cancelled_answer_is_kept_with_its_cost_and_the_model_hears_of_it(
    store: HouseStore, tmp_path: Path
) -> None:
    desk = Desk(tmp_path, tells("I will begin", thinking="hm"), says("Fine."))
    async with desk.session(store) as session:
        await session.post("hi")
        await wait_all_tasks_blocked()
        await session.cancel("not that")
        _, part, notice = await logged(session)
        assert (part.type, part.content, part.thinking, part.end_of_turn) == ("agent", "I will begin ", "hm", False)
        assert part.usage is not None
        assert part.usage.cost_usd == 0.25
        assert notice.content == "Cancelled: not that"
        assert session.usage.total_cost_usd == 0.25
        assert not session.live.parts
        await session.post("rather this")
        await at_rest(session)
    assert roles(desk.model.requests[1]) == [
        "hi",
        "I will begin ",
        "[Your answer was cut off: cancelled by the user: not that]\n\nrather this",
    ]


async def test_an_answer_that_was_cancelled_before_its_first_word_leaves_nothing(
    store: HouseStore, tmp_path: Path
) -> None:
    async def never(request: ModelRequest, on_text: OnText) -> Answer:
        await trio.sleep_forever()
        raise AssertionError

    async with Desk(tmp_path, never).session(store) as session:
        await session.post("hi")
        await wait_all_tasks_blocked()
        await session.cancel("stop")
        assert await lines(session) == ["user: hi", "error: Cancelled: stop"]


async def test_the_part_of_an_answer_that_failed_is_kept(store: HouseStore, tmp_path: Path) -> None:
    desk = Desk(tmp_path, tells("Once upon", then=ProviderError("Broken off.", retry_after_s=0)), says("Again."))
    async with desk.session(store) as session:
        await session.post("hi")
        await at_rest(session)
        assert (await lines(session))[1:] == ["agent: Once upon ", "error: Broken off. Type 'continue' to try again."]
        await session.post("continue")
        await at_rest(session)
    assert roles(desk.model.requests[1])[1:] == [
        "Once upon ",
        "[Your answer was cut off: the provider failed]\n\ncontinue",
    ]


async def test_text_that_was_begun_anew_is_kept_without_what_is_void(store: HouseStore, tmp_path: Path) -> None:
    async def twice(request: ModelRequest, on_text: OnText) -> Answer:
        on_text("content", "first try")
        on_text("content", "", restart=True)
        on_text("content", "second")
        await trio.sleep_forever()
        raise AssertionError

    async with Desk(tmp_path, twice).session(store) as session:
        await session.post("hi")
        await wait_all_tasks_blocked()
        await session.cancel()
        assert (await lines(session))[1] == "agent: second"


async def test_an_answer_that_is_whole_as_the_turn_is_cancelled_is_kept_and_its_calls_are_not_run(
    store: HouseStore, tmp_path: Path
) -> None:
    goes_on = trio.Event()

    async def whole(request: ModelRequest, on_text: OnText) -> Answer:
        with trio.CancelScope(shield=True):
            await goes_on.wait()
        return calls("a", text="I run it", cost=0.5)

    tool = FakeTool("a")
    desk = Desk(tmp_path, whole, says("Fine."), tools=[tool])
    async with desk.session(store) as session:
        await session.post("hi")
        await wait_all_tasks_blocked()
        async with trio.open_nursery() as nursery:
            nursery.start_soon(session.cancel, "wait")
            await wait_all_tasks_blocked()
            goes_on.set()
        assert await lines(session) == [
            "user: hi",
            "agent: I run it",
            "tool: Cancelled before it finished: wait",
            "error: Cancelled: wait",
        ]
        assert tool.runs == 0
        assert session.usage.total_cost_usd == 0.5
        await session.post("go on")
        await at_rest(session)
        assert desk.model.requests[1].turns == transcript((await logged(session))[:-1])


async def test_a_cancelled_tool_s_output_is_kept_and_told(store: HouseStore, tmp_path: Path) -> None:
    desk = Desk(tmp_path, calls("a"), says("I see."), tools=[FakeTool("a", hangs)])
    async with desk.session(store) as session:
        await session.post("hi")
        await wait_all_tasks_blocked()
        await session.cancel("stop")
        told = "Cancelled before it finished: stop\n\nIts output until then:\nhalf way"
        (result,) = [each for each in await logged(session) if each.type == "tool"]
        assert (result.tool_result, result.tool_error, result.elapsed > 0) == (told, True, True)
        assert result.display == {"kind": "stopped", "by": "user"}
        await session.post("go on")
        await at_rest(session)
    assert f"a: {told}" in roles(desk.model.requests[1])


async def test_a_tool_cancelled_alone_has_its_end_in_the_log_when_the_cancel_is_answered(
    store: HouseStore, tmp_path: Path
) -> None:
    desk = Desk(tmp_path, calls("a", "b"), says("Fine."), tools=[FakeTool("a", hangs), FakeTool("b", hangs)])
    async with desk.session(store) as session:
        await session.post("hi")
        await wait_all_tasks_blocked()
        await session.cancel_tool("id-b", "too slow")
        assert (await lines(session))[-1].startswith("tool: Cancelled before it finished: too slow\n\nIts output")
        assert (await logged(session))[-1].display == {"kind": "stopped", "by": "user"}
        assert session.snapshot().outstanding_tool_calls == ("a",)
        await session.cancel()


async def test_calls_that_waited_for_their_turn_are_told_as_never_begun(store: HouseStore, tmp_path: Path) -> None:
    names = [f"t{number}" for number in range(MAX_AT_ONCE + 3)]
    desk = Desk(tmp_path, calls(*names), tools=[FakeTool(name, hangs) for name in names])
    async with desk.session(store) as session:
        await session.post("hi")
        await wait_all_tasks_blocked()
        assert len(session.snapshot().outstanding_tool_calls) == MAX_AT_ONCE
        await session.cancel("stop")
        results = [each for each in await logged(session) if each.type == "tool"]
    assert len(results) == len(names)
    assert [each.tool_result for each in results].count("Cancelled before it began: stop") == 3
    assert all(each.display == {"kind": "stopped", "by": "user"} for each in results)


async def test_the_dollars_end_an_answer_while_it_comes(store: HouseStore, tmp_path: Path) -> None:
    desk = Desk(tmp_path, tells("Very dear words", cost=1.5), says("Cheap."), budget=Budget(dollars=1.0))
    async with desk.session(store) as session:
        await session.post("hi")
        await at_rest(session)
        _, part, told = await logged(session)
        assert part.content == "Very dear words "
        assert told.type == "budget"
        assert told.content.startswith("Spent $1.50 of $1.00.")
        assert session.usage.total_cost_usd == 1.5
        await session.post("go on")
        await at_rest(session)
    assert roles(desk.model.requests[1])[2] == "[Your answer was cut off: the budget of this turn was reached]\n\ngo on"


async def test_tools_that_the_budget_ended_say_so_with_their_output(
    store: HouseStore, tmp_path: Path, autojump_clock: MockClock
) -> None:
    desk = Desk(tmp_path, calls("a"), tools=[FakeTool("a", hangs)], budget=Budget(seconds=30))
    async with desk.session(store) as session:
        await session.post("hi")
        await at_rest(session)
        (result,) = [each for each in await logged(session) if each.type == "tool"]
    assert result.tool_result == (
        "Not finished: the budget of this turn was reached.\n\nIts output until then:\nhalf way"
    )
    assert result.display == {"kind": "stopped", "by": "budget"}


async def test_a_tool_that_failed_by_itself_was_not_stopped(store: HouseStore, tmp_path: Path) -> None:
    async def fails(input: bytes, bench: Toolbench) -> ToolResult:
        raise ToolError("no such file")

    desk = Desk(tmp_path, calls("a"), says("I see."), tools=[FakeTool("a", fails)])
    async with desk.session(store) as session:
        await session.post("hi")
        await at_rest(session)
        (result,) = [each for each in await logged(session) if each.type == "tool"]
    assert (result.tool_error, result.display) == (True, None)


async def test_what_others_recorded_for_want_of_room_is_what_the_model_hears(tmp_path: Path) -> None:
    class Cramped(HouseStore):
        """Refuses the next `refusals` appends."""

        refusals = 0

        async def append(self, entries: Sequence[Entry]) -> None:
            if self.refusals:
                self.refusals -= 1
                raise StoreFull("the disk is full")
            await super().append(entries)

    async def note(input: bytes, bench: Toolbench) -> ToolResult:
        # The note itself, and the result that the agent then writes down; there is room again for what the session says.
        store.refusals = 2
        await bench.note("does not fit")
        raise AssertionError

    store = Cramped()
    desk = Desk(tmp_path, calls("a"), says("Fine."), tools=[FakeTool("a", note)])
    async with desk.session(store) as session:
        await session.post("hi")
        await at_rest(session)
        assert (await lines(session))[2] == "tool: Did not finish: the turn failed."
        await session.post("go on")
        await at_rest(session)
        log = await logged(session)
    assert desk.model.requests[1].turns == transcript(log[:-1])


async def test_a_server_that_stops_leaves_the_output_of_what_ran(store: HouseStore, tmp_path: Path) -> None:
    async with Desk(tmp_path, calls("a"), tools=[FakeTool("a", hangs)]).session(store) as session:
        await session.post("hi")
        await wait_all_tasks_blocked()
    desk = Desk(tmp_path, says("I see."))
    async with desk.session(store) as session:
        assert (await lines(session))[2].endswith("Its output until then:\nhalf way")
        assert (await lines(session))[-1].startswith("error: trio-agent was restarted")
        await session.post("continue")
        await at_rest(session)
    assert "a: Not finished: the turn was broken off." in roles(desk.model.requests[0])[2]


async def test_a_turn_cancelled_before_it_began_is_heard_with_the_next_words(store: HouseStore, tmp_path: Path) -> None:
    desk = Desk(tmp_path, says("Fine."))
    async with desk.session(store) as session:
        store.gate = trio.Event()
        async with trio.open_nursery() as nursery:
            nursery.start_soon(session.post, "first")
            await wait_all_tasks_blocked()
            store.gate.set()
            store.gate = trio.Event()
            await wait_all_tasks_blocked()
            assert session.running, "it is being noted that a turn begins"
            nursery.start_soon(session.cancel, "stop")
            await wait_all_tasks_blocked()
            store.gate.set()
        await session.post("second")
        await at_rest(session)
        heard = roles(desk.model.requests[0])
        assert heard == ["first\n\nsecond"]
        assert await lines(session) == ["user: first", "error: Cancelled: stop", "user: second", "agent: Fine."]


async def test_what_the_model_hears_after_a_cancel_is_what_it_hears_after_a_restart(
    store: HouseStore, tmp_path: Path
) -> None:
    desk = Desk(tmp_path, calls("a", "b"), tells("Half an"), tools=[FakeTool("a", hangs), FakeTool("b", "done")])
    async with desk.session(store) as session:
        await session.post("hi")
        await wait_all_tasks_blocked()
        await session.cancel("stop")
        await session.post("more")
        await wait_all_tasks_blocked()
        await session.cancel("stop again")
        desk.model.steps = [says("Fine.")]
        await session.post("last")
        await at_rest(session)
        log = await logged(session)
    assert desk.model.requests[-1].turns == transcript(log[:-1])


def test_why_something_was_stopped_is_said_in_words() -> None:
    assert Stop("enough").told() == "Cancelled before it finished: enough"
    assert Stop("enough", over="turn").told(begun=False) == "Cancelled before it began: enough"
    assert Stop(over="turn").told(begun=False) == "Not run: the budget of this turn was reached."
    assert Stop(over="session").told() == "Not finished: the budget of this session was reached."
    assert Stop().told() == "Not finished: the turn was broken off."


def test_of_a_tool_s_output_the_end_is_kept() -> None:
    shown = Shown()
    for number in range(20_000):
        shown.add(f"{number} ")
    assert len(shown.text) == MAX_CHARS
    assert shown.text.endswith("19998 19999 ")
    shown.add("x" * 100_000)
    assert shown.text == "x" * MAX_CHARS
