"""What runs of the coding agent, as its users are told of it: sub-agents, deadlines, what runs beside a turn."""

from __future__ import annotations

from pathlib import Path

import pytest
import trio
from trio.testing import MockClock, wait_all_tasks_blocked

from tests.agent.desk import Desk, FakeModel, FakeTool, calls, hangs, says
from tests.agent.test_subagent import FIND, Crew
from tests.runtime.house import HouseStore
from trio_agent.core.budget import Budget
from trio_agent.runtime.session import Session
from trio_agent.seams import Answer, ModelRequest, OnText, Toolbench, ToolResult


@pytest.fixture
def store() -> HouseStore:
    return HouseStore()


def paths(session: Session) -> list[str]:
    """Each task by the kinds from the root to it, a tool by its name."""
    tasks = {task.id: task for task in session.tasks.told()}

    def path(task_id: int) -> str:
        task = tasks[task_id]
        return (path(task.parent) + "/" if task.parent else "") + (task.name if task.kind == "tool" else task.kind)

    return sorted(path(task_id) for task_id in tasks)


async def test_what_a_sub_agent_runs_stands_under_the_call_that_made_it(store: HouseStore, tmp_path: Path) -> None:
    crew = Crew(
        tmp_path,
        root=[calls("subagent", "look", input=FIND)],
        subs={"find it": [calls("look", "wait", id="sub")]},
        tools=[FakeTool("look", hangs), FakeTool("wait", hangs)],
    )
    async with crew.session(store) as session:
        await session.post("hi")
        await wait_all_tasks_blocked()
        assert paths(session) == [
            "turn",
            "turn/look",
            "turn/subagent",
            "turn/subagent/subagent",
            "turn/subagent/subagent/look",
            "turn/subagent/subagent/wait",
        ]
        sub = next(task for task in session.tasks.told() if task.kind == "subagent")
        assert sub.name.startswith(f"{session.id}-"), "the conversation that its messages are of"
        await session.cancel()
        assert paths(session) == []


async def test_all_of_a_turn_ends_by_the_budget_s_deadline_which_stands_still_while_the_user_is_asked(
    store: HouseStore, tmp_path: Path, autojump_clock: MockClock
) -> None:
    async def ask(input: bytes, bench: Toolbench) -> ToolResult:
        return ToolResult(text=await bench.ask("Sure?"))

    desk = Desk(
        tmp_path,
        calls("a"),
        calls("ask"),
        tools=[FakeTool("a", hangs), FakeTool("ask", ask)],
        budget=Budget(seconds=60),
    )
    async with desk.session(store) as session:
        await session.post("hi")
        await wait_all_tasks_blocked()
        begun = trio.current_time()
        turn, tool = session.tasks.told()
        assert turn.deadline_s == tool.deadline_s == pytest.approx(begun + 60)
        await session.cancel_task(tool.id)
        await wait_all_tasks_blocked()
        assert paths(session) == ["turn", "turn/ask"]
        assert [task.deadline_s for task in session.tasks.told()] == [None, None]
        await session.cancel()


class NamesThings(FakeModel):
    takes_asides = True


async def test_finding_a_name_stands_beside_the_turn_with_a_deadline_of_its_own(
    store: HouseStore, tmp_path: Path, autojump_clock: MockClock
) -> None:
    async def never(request: ModelRequest, on_text: OnText) -> Answer:
        await trio.sleep_forever()
        raise AssertionError

    desk = Desk(tmp_path, tools=[FakeTool("a", hangs)], budget=Budget(seconds=3))
    desk.model = NamesThings(calls("a"), never, says("Done."))
    async with desk.session(store) as session:
        await session.post("hi")
        await wait_all_tasks_blocked()
        assert paths(session) in (
            ["naming", "naming/model", "turn", "turn/a"],
            ["naming", "naming/model", "turn", "turn/model"],
        )
        naming = next(task for task in session.tasks.told() if task.kind == "naming")
        turn = next(task for task in session.tasks.told() if task.kind == "turn")
        assert naming.deadline_s == pytest.approx(trio.current_time() + 30)
        assert turn.deadline_s == pytest.approx(trio.current_time() + 3)
        await session.cancel()
        assert paths(session) == []
