"""`/base` and `/pull`: what users tell the agent to do with the repository."""

from __future__ import annotations

from pathlib import Path

import pytest
from trio.testing import MockClock, wait_all_tasks_blocked

from tests.agent.desk import Desk, roles, says
from tests.runtime.house import HouseStore, at_rest, lines, logged, watch_states
from trio_agent.core.errors import RepositoryError
from trio_agent.core.machine import AgentState
from trio_agent.seams import Newer, Ran


@pytest.fixture
def store() -> HouseStore:
    return HouseStore()


NEWER = Newer(commit="e" * 40, branch="main")


async def test_the_base_is_moved_and_the_state_follows_also_after_a_restart(store: HouseStore, tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    async with desk.session(store) as session:
        states = watch_states(session)
        await session.post("/base")
        await at_rest(session)
        assert (await lines(session))[-1] == f"auto: What changed is counted from commit {'2' * 12} on."
        assert session.snapshot().initial_commit == "2" * 40
        await session.post("/base abcdef")
        await at_rest(session)
        assert session.snapshot().initial_commit == "abcdef"
        assert set(states) <= {AgentState.WAITING_FOR_USER_INPUT}
    assert desk.model.requests == []
    again = Desk(tmp_path)
    async with again.session(store):
        assert again.workspaces.opened == [{"kind": "fake", "base": "abcdef"}]


async def test_what_is_no_commit_is_no_base(store: HouseStore, tmp_path: Path) -> None:
    async with Desk(tmp_path).session(store) as session:
        await session.post("/base nonsense")
        await at_rest(session)
        assert (await lines(session))[-1] == "error: The base was not moved: no commit nonsense."


async def test_the_user_s_newer_commits_are_merged_and_the_model_hears_of_it(store: HouseStore, tmp_path: Path) -> None:
    desk = Desk(tmp_path, says("Hello."))
    desk.workspace.theirs = NEWER
    async with desk.session(store) as session:
        await session.post("/pull")
        await at_rest(session)
        told = (await logged(session))[-1]
        assert told.display == {"kind": "notice"}
        assert told.content.startswith(f"The user had main of the user's repository ({'e' * 12}) merged")
        assert session.notes["expected"] == NEWER.commit
        assert desk.workspace.slugs, "what a merge made is delivered at once"
        await session.post("hi")
        await at_rest(session)
    (argv,) = desk.ran
    assert argv[:2] == ["bash", "-c"]
    assert argv[3:] == ["pull", NEWER.commit, "main"]
    assert "merged into the workspace's branch" in roles(desk.model.requests[0])[0]
    assert "/pull" not in roles(desk.model.requests[0])[0]


async def test_a_merge_that_does_not_go_through_is_left_to_the_model(store: HouseStore, tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    desk.workspace.theirs = NEWER
    desk.runs = Ran(exit_status=1, output="CONFLICT (content): Merge conflict in a.py\n\udcff")
    async with desk.session(store) as session:
        await session.post("/pull")
        await at_rest(session)
        told = (await lines(session))[-1]
    assert "did not go through. git said:\nCONFLICT (content): Merge conflict in a.py" in told
    assert told.endswith("git merge --abort.")


async def test_with_nothing_newer_nothing_is_run(store: HouseStore, tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    async with desk.session(store) as session:
        await session.post("/pull")
        await at_rest(session)
        assert (await lines(session))[-1].startswith("auto: There is nothing to pull")
    assert desk.ran == []


async def test_what_git_refuses_is_told(store: HouseStore, tmp_path: Path) -> None:
    desk = Desk(tmp_path)

    async def refuse() -> Newer | None:
        raise RepositoryError("git says no")

    desk.workspace.newer = refuse  # type: ignore[method-assign]
    async with desk.session(store) as session:
        await session.post("/pull")
        await at_rest(session)
        assert (await lines(session))[-1] == "error: Nothing was pulled: git says no."


async def test_a_merge_without_end_is_ended(store: HouseStore, tmp_path: Path, autojump_clock: MockClock) -> None:
    desk = Desk(tmp_path)
    desk.workspace.theirs = NEWER
    desk.program_hangs = True
    async with desk.session(store) as session:
        await session.post("/pull")
        await at_rest(session)
        assert "took longer than 120 s" in (await lines(session))[-1]


async def test_a_pull_can_be_cancelled(store: HouseStore, tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    desk.workspace.theirs = NEWER
    desk.program_hangs = True
    async with desk.session(store) as session:
        await session.post("/pull")
        await wait_all_tasks_blocked()
        await session.cancel()
        assert (await lines(session))[-1].startswith("error: Cancelled")
