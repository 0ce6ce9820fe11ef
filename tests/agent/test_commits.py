"""Commits of a session: told once, at once, and in the user's repository."""

from __future__ import annotations

from pathlib import Path

import pytest
import trio
from trio.testing import MockClock, wait_all_tasks_blocked

from tests.agent.desk import Desk, FakeTool, calls, roles, says
from tests.runtime.house import HouseStore, at_rest, lines, logged
from trio_agent.core.errors import ProviderError, RepositoryError, RepositoryStalled
from trio_agent.core.message import Commit
from trio_agent.runtime.session import Session
from trio_agent.seams import Delivery, Survey, Toolbench, ToolResult


@pytest.fixture
def store() -> HouseStore:
    return HouseStore()


def committing(desk: Desk, *names: str, then_hang: bool = False) -> FakeTool:
    """A tool that makes commits, newest last; it may never end."""

    async def work(input: bytes, bench: Toolbench) -> ToolResult:
        for name in names:
            desk.workspace.commit(name)
        if then_hang:
            await trio.sleep_forever()
        return ToolResult(text="committed")

    return FakeTool("bash", work)


async def told_commits(session: Session) -> list[list[str]]:
    return [[commit.hash[0] for commit in each.commits] for each in await logged(session) if each.type == "commit"]


async def test_commits_of_a_batch_of_tools_become_one_message_with_their_branch(
    store: HouseStore, tmp_path: Path
) -> None:
    desk = Desk(tmp_path, calls("bash"), says("Done."))
    desk.tools.append(committing(desk, "a", "b"))
    desk.workspace.surveyed = Survey(initial_commit="1" * 40, lines_added=3, lines_removed=1)
    async with desk.session(store) as session:
        await session.post("Fix it")
        await at_rest(session)
        (message,) = [each for each in await logged(session) if each.type == "commit"]
        state = session.snapshot()
    assert message.commits == (
        Commit(hash="b" * 40, subject="Commit b", body="", pushed_branch="trio-agent/fix-it"),
        Commit(hash="a" * 40, subject="Commit a", body=""),
    )
    assert (state.branch_name, state.diff_lines_added, state.diff_lines_removed) == ("trio-agent/fix-it", 3, 1)
    assert session.notes == {"kind": "fake", "announced": "b"}


async def test_the_branch_is_known_after_a_restart(store: HouseStore, tmp_path: Path) -> None:
    desk = Desk(tmp_path, calls("bash"), says("Done."))
    desk.tools.append(committing(desk, "a"))
    async with desk.session(store) as session:
        await session.post("Fix it")
        await at_rest(session)
    desk = Desk(tmp_path)
    async with desk.session(store) as session:
        assert session.snapshot().branch_name == "trio-agent/fix-it"
    assert desk.workspaces.opened == [{"kind": "fake", "announced": "a"}]


async def test_commits_of_a_cancelled_turn_are_announced_at_once(store: HouseStore, tmp_path: Path) -> None:
    desk = Desk(tmp_path, calls("bash"))
    desk.tools.append(committing(desk, "a", then_hang=True))
    async with desk.session(store) as session:
        await session.post("Fix it")
        await wait_all_tasks_blocked()
        await session.cancel()
        assert await told_commits(session) == [["a"]]
        assert (await lines(session))[-1].startswith("error: Cancelled")


async def test_commits_that_were_given_out_as_the_turn_was_cancelled_are_told(
    store: HouseStore, tmp_path: Path, autojump_clock: MockClock
) -> None:
    desk = Desk(tmp_path, calls("bash"))
    desk.tools.append(committing(desk, "a"))
    deliver = desk.workspace.deliver

    async def finish_anyway(slug: str) -> Delivery:
        with trio.CancelScope(shield=True):
            await trio.sleep(1)
            return await deliver(slug)

    desk.workspace.deliver = finish_anyway  # type: ignore[method-assign]
    async with desk.session(store) as session:
        await session.post("Fix it")
        await wait_all_tasks_blocked()
        assert session.snapshot().agent_state == "CheckingGitCommits"
        await session.cancel()
        assert await told_commits(session) == [["a"]]
        assert session.snapshot().branch_name == "trio-agent/fix-it"
        assert session.notes["announced"] == "a"


async def test_a_cancel_during_the_survey_loses_no_commits(store: HouseStore, tmp_path: Path) -> None:
    desk = Desk(tmp_path, calls("bash"))
    desk.tools.append(committing(desk, "a"))
    async with desk.session(store) as session:
        desk.workspace.survey_hangs = True
        await session.post("Fix it")
        await wait_all_tasks_blocked()
        desk.workspace.survey_hangs = False
        await session.cancel()
        assert await told_commits(session) == [["a"]]


async def test_commits_of_a_turn_that_failed_are_announced_at_once(store: HouseStore, tmp_path: Path) -> None:
    async def work(input: bytes, bench: Toolbench) -> ToolResult:
        desk.workspace.commit("b")
        return ToolResult(text="committed")

    desk = Desk(tmp_path, calls("bash"), ProviderError("overloaded"))
    desk.tools.append(FakeTool("bash", work))
    async with desk.session(store) as session:
        await session.post("Fix it")
        await at_rest(session)
        assert await told_commits(session) == [["b"]]


async def test_a_survey_that_git_refuses_does_not_lose_the_commits(store: HouseStore, tmp_path: Path) -> None:
    desk = Desk(tmp_path, calls("bash"), says("Done."))
    desk.tools.append(committing(desk, "a"))

    async def refuse() -> Survey:
        raise RepositoryError("git says no")

    async with desk.session(store) as session:
        desk.workspace.survey = refuse  # type: ignore[method-assign]
        await session.post("Fix it")
        await at_rest(session)
        told = await lines(session)
        assert await told_commits(session) == [["a"]]
    assert told[-1] == "agent: Done."
    assert told.count("error: git says no") == 1, "told once, not after every batch"


async def test_a_workspace_whose_git_is_broken_is_told_of_once_and_worked_in(store: HouseStore, tmp_path: Path) -> None:
    async def refuse() -> Survey:
        raise RepositoryError("git says no")

    async with Desk(tmp_path).session(store) as session:
        known = session.snapshot().initial_commit
    for _ in range(2):
        desk = Desk(tmp_path, calls("bash"), says("Done."), tools=[FakeTool("bash")])
        desk.workspace.survey = refuse  # type: ignore[method-assign]
        async with desk.session(store) as session:
            assert (await lines(session)).count("error: git says no") == 1, "told as the session is taken up"
            await session.post("Fix it")
            await at_rest(session)
            told = await lines(session)
            assert session.snapshot().initial_commit == known
        assert told[-1] == "agent: Done."
        assert told.count("error: git says no") == 1


async def test_the_model_is_told_once_of_what_it_can_mend_itself(store: HouseStore, tmp_path: Path) -> None:
    async def refuse() -> Survey:
        raise RepositoryStalled("delete the pipe")

    for _ in range(2):
        desk = Desk(tmp_path, calls("bash"), calls("bash"), says("Done."), tools=[FakeTool("bash")])
        desk.workspace.survey = refuse  # type: ignore[method-assign]
        async with desk.session(store) as session:
            await session.post("Fix it")
            await at_rest(session)
            told = await lines(session)
        assert told.count("auto: delete the pipe") == 1
        assert not any(line.startswith("error:") for line in told)
        assert "[delete the pipe]" in str(desk.model.requests[-1].turns)


async def test_commits_that_were_told_before_a_crash_are_not_told_again(store: HouseStore, tmp_path: Path) -> None:
    desk = Desk(tmp_path, calls("bash"), says("Done."))
    desk.tools.append(committing(desk, "a"))
    async with desk.session(store) as session:
        await session.post("Fix it")
        await at_rest(session)
    desk = Desk(tmp_path, calls("bash"), says("Done."))
    # As if the process had died between telling and noting that it was told.
    desk.tools.append(committing(desk, "a", "b"))
    async with desk.session(store) as session:
        await session.post("More")
        await at_rest(session)
        assert await told_commits(session) == [["a"], ["b"]]


async def test_commits_that_do_not_arrive_are_told_with_the_reason(store: HouseStore, tmp_path: Path) -> None:
    desk = Desk(tmp_path, calls("bash"), says("Done."))
    desk.workspace.problem = "The new commits did not arrive: the branch is checked out"
    desk.tools.append(committing(desk, "a"))
    async with desk.session(store) as session:
        await session.post("Fix it")
        await at_rest(session)
        told = await lines(session)
        (message,) = [each for each in await logged(session) if each.type == "commit"]
    assert message.commits[0].pushed_branch == ""
    assert "error: The new commits did not arrive: the branch is checked out" in told


async def test_that_commits_have_arrived_after_all_is_said(store: HouseStore, tmp_path: Path) -> None:
    desk = Desk(tmp_path, calls("bash"), says("Done."), says("Again."))
    desk.workspace.problem = "The new commits did not arrive: the branch is checked out"
    desk.tools.append(committing(desk, "a"))
    async with desk.session(store) as session:
        await session.post("Fix it")
        await at_rest(session)
        desk.workspace.problem, desk.workspace.late = "", True
        await session.post("And now?")
        await at_rest(session)
        assert "auto: The commits that had not arrived are on branch trio-agent/fix-it of the repository now." in (
            await lines(session)
        )
        assert session.snapshot().branch_name == "trio-agent/fix-it"
        assert await told_commits(session) == [["a"]]


async def test_what_the_user_has_not_committed_is_said_to_be_left_out_once(store: HouseStore, tmp_path: Path) -> None:
    desk = Desk(tmp_path, says("Hello."))
    desk.workspace.surveyed = Survey(is_clone=True, initial_commit="1" * 40, left_out=3)
    async with desk.session(store) as session:
        (told,) = await lines(session)
        assert told.startswith("auto: 3 files have changes in the repository that are not committed.")
        await session.post("hi")
        await at_rest(session)
    assert "3 files have changes" in roles(desk.model.requests[0])[0], "the model is told too"
    again = Desk(tmp_path, says("Hello again."))
    again.workspace.surveyed = desk.workspace.surveyed
    async with again.session(store) as session:
        await session.post("hi")
        await at_rest(session)
        assert sum("3 files" in line for line in await lines(session)) == 1


async def test_the_base_that_a_survey_tells_is_in_the_state(store: HouseStore, tmp_path: Path) -> None:
    desk = Desk(tmp_path, says("Hello."))
    async with desk.session(store) as session:
        desk.workspace.surveyed = Survey(initial_commit="3" * 40, lines_added=1)
        await session.post("hi")
        await at_rest(session)
        assert (session.snapshot().initial_commit, session.snapshot().diff_lines_added) == ("3" * 40, 1)


async def test_a_turn_without_commits_tells_of_none(store: HouseStore, tmp_path: Path) -> None:
    async with Desk(tmp_path, says("Hello.")).session(store) as session:
        await session.post("hi")
        await at_rest(session)
        assert await told_commits(session) == []


async def test_the_diff_is_the_workspace_s(store: HouseStore, tmp_path: Path) -> None:
    async with Desk(tmp_path).session(store) as session:
        assert session.attendant is not None
        assert await session.attendant.diff("abcd") == "diff of abcd"


async def test_a_deleted_session_s_workspace_is_removed(store: HouseStore, tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    await desk.agent.forget("s0")
    assert desk.workspaces.removed == ["s0"]
