"""Formatters after a commit: in their own state, and the model told of what they changed."""

from __future__ import annotations

from pathlib import Path

import pytest
from trio.testing import MockClock, wait_all_tasks_blocked

from tests.agent.desk import Desk, FakeTool, Step, calls, roles, says
from tests.runtime.house import HouseStore, at_rest, lines, logged, watch_states
from trio_agent.agent.tidying import MAX_SAME
from trio_agent.core.budget import Budget
from trio_agent.core.machine import AgentState
from trio_agent.seams import Formatted, Toolbench, ToolResult


@pytest.fixture
def store() -> HouseStore:
    return HouseStore()


class Committer(Desk):
    """A desk whose tool makes a commit of `a.py` with every call."""

    def __init__(self, tmp_path: Path, *steps: Step, budget: Budget | None = None) -> None:
        super().__init__(tmp_path, *steps, budget=budget)
        self.workspace.files = ("a.py",)
        self._names = iter("abcdef")

        async def work(input: bytes, bench: Toolbench) -> ToolResult:
            self.workspace.commit(next(self._names))
            return ToolResult(text="committed")

        self.tools.append(FakeTool("bash", work))


async def test_the_model_is_told_what_formatters_changed_so_that_it_amends(store: HouseStore, tmp_path: Path) -> None:
    desk = Committer(tmp_path, calls("bash"), calls("bash"), says("Done."))
    desk.formats = [Formatted(changed=("a.py",), by=("ruff format",))]
    async with desk.session(store) as session:
        states = watch_states(session)
        await session.post("Fix it")
        await at_rest(session)
        (told,) = [each for each in await logged(session) if each.type == "auto"]
    assert told.display == {"kind": "notice"}
    assert told.content.startswith("ruff format changed files of the commit just made: a.py. ")
    assert f"[{told.content}]" in roles(desk.model.requests[1])[-1]
    assert desk.formatted == [["a.py"], ["a.py"]]
    at = states.index(AgentState.RUNNING_AUTOFORMATTERS)
    assert states[at - 1 : at + 2] == [
        AgentState.CHECKING_GIT_COMMITS,
        AgentState.RUNNING_AUTOFORMATTERS,
        AgentState.CHECKING_BUDGET,
    ]


async def test_without_files_of_one_commit_there_is_nothing_to_format(store: HouseStore, tmp_path: Path) -> None:
    desk = Committer(tmp_path, calls("bash"), says("Done."))
    desk.workspace.files = ()
    async with desk.session(store) as session:
        states = watch_states(session)
        await session.post("Fix it")
        await at_rest(session)
    assert desk.formatted == []
    assert AgentState.RUNNING_AUTOFORMATTERS not in states


async def test_a_formatter_that_fails_is_told_too(store: HouseStore, tmp_path: Path) -> None:
    desk = Committer(tmp_path, calls("bash"), says("Done."))
    desk.formats = [Formatted(problems=("ruff format failed: a.py:1:5: no expression",))]
    async with desk.session(store) as session:
        await session.post("Fix it")
        await at_rest(session)
        assert "auto: ruff format failed: a.py:1:5: no expression." in await lines(session)


async def test_a_formatter_that_is_never_content_keeps_nobody_busy_for_ever(store: HouseStore, tmp_path: Path) -> None:
    desk = Committer(tmp_path, *[calls("bash") for _ in range(MAX_SAME + 2)], says("Done."))
    desk.formats = [Formatted(changed=("a.py",), by=("ruff format",))] * (MAX_SAME + 2)
    async with desk.session(store) as session:
        await session.post("Fix it")
        await at_rest(session)
        assert len([line for line in await lines(session) if line.startswith("auto: ruff format")]) == MAX_SAME


async def test_names_that_are_no_text_are_told_all_the_same(store: HouseStore, tmp_path: Path) -> None:
    desk = Committer(tmp_path, calls("bash"), says("Done."))
    desk.formats = [Formatted(changed=("\udcff.py", *(f"{number}.py" for number in range(30))), by=("black", "gofmt"))]
    async with desk.session(store) as session:
        await session.post("Fix it")
        await at_rest(session)
        (told,) = [line for line in await lines(session) if line.startswith("auto: ")]
    assert told.startswith("auto: black and gofmt changed files of the commit just made: \ufffd.py, 0.py")
    assert "18.py and 11 more. Look" in told


async def test_a_turn_is_cancelled_while_formatters_run(store: HouseStore, tmp_path: Path) -> None:
    desk = Committer(tmp_path, calls("bash"), says("Never."))
    desk.formatting_hangs = True
    async with desk.session(store) as session:
        await session.post("Fix it")
        await wait_all_tasks_blocked()
        assert session.snapshot().agent_state == "RunningAutoformatters"
        await session.cancel()
        assert session.snapshot().agent_state == "WaitingForUserInput"
        assert [each.type for each in await logged(session)] == ["user", "agent", "tool", "commit", "error"]


async def test_formatters_are_within_the_budget(store: HouseStore, tmp_path: Path, autojump_clock: MockClock) -> None:
    desk = Committer(tmp_path, calls("bash"), says("Never."), budget=Budget(seconds=5))
    desk.formatting_hangs = True
    async with desk.session(store) as session:
        await session.post("Fix it")
        await at_rest(session)
        assert (await logged(session))[-1].type == "budget"
