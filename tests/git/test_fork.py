"""The workspace of a session that was forked from another: its own clone, where the other one was then."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.projects import commit_files, git
from trio_agent.git.workspaces import RepositoryWorkspaces
from trio_agent.seams import Workspace


@pytest.fixture
def workspaces(project: Path, data_dir: Path) -> RepositoryWorkspaces:
    return RepositoryWorkspaces(project, data_dir)


async def delivered(workspace: Workspace, name: str) -> str:
    """The commit of a new file, which has arrived in the user's repository."""
    commit_files(workspace.path, {name: f"{name}\n"}, name)
    (commit,) = (await workspace.deliver("work")).commits
    return commit.hash


async def test_a_fork_begins_with_the_files_of_the_commit(workspaces: RepositoryWorkspaces, project: Path) -> None:
    source = await workspaces.open("s1", {})
    first = await delivered(source, "first")
    await delivered(source, "second")
    commit_files(project, {"meanwhile": "by the user\n"}, "meanwhile")
    fork = await workspaces.open("s2", workspaces.fork(source.notes, first))
    assert fork.path != source.path
    assert git(fork.path, "rev-parse", "HEAD") == first
    assert (fork.path / "first").exists()
    assert not (fork.path / "second").exists()
    assert not (fork.path / "meanwhile").exists()
    survey = await fork.survey()
    assert (survey.fork, survey.fork_commit) == ("found", first)


async def test_what_changed_in_a_fork_is_told_since_the_first_session_began(workspaces: RepositoryWorkspaces) -> None:
    source = await workspaces.open("s1", {})
    first = await delivered(source, "first")
    fork = await workspaces.open("s2", workspaces.fork(source.notes, first))
    assert (await fork.survey()).initial_commit == (await source.survey()).initial_commit
    assert "+first" in await fork.diff("")


async def test_a_fork_brings_its_own_commits_only_and_on_a_branch_of_its_own(
    workspaces: RepositoryWorkspaces, project: Path
) -> None:
    source = await workspaces.open("s1", {})
    first = await delivered(source, "first")
    fork = await workspaces.open("s2", workspaces.fork(source.notes, first))
    assert (await fork.deliver("work")).branch == "", "nothing is new yet"
    commit_files(fork.path, {"third": "third\n"}, "third")
    delivery = await fork.deliver("work")
    assert [commit.subject for commit in delivery.commits] == ["third"]
    assert delivery.branch == "trio-agent/work-2"
    assert git(project, "rev-parse", "trio-agent/work") == first


async def test_a_fork_before_the_first_commit_begins_where_the_session_began(
    workspaces: RepositoryWorkspaces, project: Path
) -> None:
    source = await workspaces.open("s1", {})
    commit_files(project, {"meanwhile": "by the user\n"}, "meanwhile")
    fork = await workspaces.open("s2", workspaces.fork(source.notes, ""))
    assert git(fork.path, "rev-parse", "HEAD") == (await source.survey()).initial_commit


@pytest.mark.parametrize("commit", ["1" * 40, "--upload-pack=evil", "HEAD"])
async def test_a_commit_that_is_not_there_gives_the_files_of_head_and_is_told(
    workspaces: RepositoryWorkspaces, project: Path, commit: str
) -> None:
    source = await workspaces.open("s1", {})
    git(source.path, "commit", "--quiet", "--allow-empty", "-m", "moved")
    notes = {**workspaces.fork(source.notes, commit), "fork": commit}
    fork = await workspaces.open("s2", notes)
    assert git(fork.path, "rev-parse", "HEAD") == git(project, "rev-parse", "HEAD")
    assert (await fork.survey()).fork == "lost"
    assert await fork.diff("") == ""


async def test_a_fork_is_found_again_where_it_was(workspaces: RepositoryWorkspaces) -> None:
    source = await workspaces.open("s1", {})
    first = await delivered(source, "first")
    fork = await workspaces.open("s2", workspaces.fork(source.notes, first))
    commit_files(fork.path, {"third": "third\n"}, "third")
    again = await workspaces.open("s2", fork.notes)
    assert git(again.path, "log", "-1", "--format=%s") == "third"
    assert (await again.survey()).fork == "found"


async def test_a_fork_of_a_session_in_place_shares_its_folder_and_says_so(project: Path, data_dir: Path) -> None:
    workspaces = RepositoryWorkspaces(project, data_dir, in_place=True)
    source = await workspaces.open("s1", {})
    fork = await workspaces.open("s2", workspaces.fork(source.notes, ""))
    assert fork.path == source.path
    assert (await fork.survey()).fork == "shared"


async def test_a_fork_in_a_folder_without_git_shares_it_and_says_so(tmp_path: Path, data_dir: Path) -> None:
    folder = tmp_path / "plain"
    folder.mkdir()
    workspaces = RepositoryWorkspaces(folder, data_dir)
    source = await workspaces.open("s1", {})
    fork = await workspaces.open("s2", workspaces.fork(source.notes, ""))
    assert (fork.path, (await fork.survey()).fork) == (folder, "shared")
