"""What a workspace is compared with, and what of the user's own commits comes into it later."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.projects import commit_files, git
from trio_agent.core.errors import NotFound, RepositoryError
from trio_agent.git.workspaces import RepositoryWorkspaces
from trio_agent.seams import Newer, Workspace


@pytest.fixture
def workspaces(project: Path, data_dir: Path) -> RepositoryWorkspaces:
    return RepositoryWorkspaces(project, data_dir)


@pytest.fixture
async def workspace(workspaces: RepositoryWorkspaces) -> Workspace:
    return await workspaces.open("s1", {})


async def added(workspace: Workspace) -> int:
    return (await workspace.survey()).lines_added


async def test_the_base_can_be_moved_and_diff_and_lines_follow(
    workspace: Workspace, workspaces: RepositoryWorkspaces
) -> None:
    begun = git(workspace.path, "rev-parse", "HEAD")
    one = commit_files(workspace.path, {"a": "a\n"}, "One")
    two = commit_files(workspace.path, {"b": "b\nb\n"}, "Two")
    (workspace.path / "c").write_text("c\nc\nc\nc\n")
    assert await added(workspace) == 7
    for name, found, lines in (
        ("", two, 4),
        ("HEAD~1", one, 6),
        ("HEAD^^", begun, 7),
        (one[:7].upper(), one, 6),
        (two, two, 4),
    ):
        assert await workspace.move_base(name) == found
        assert (await workspace.survey()).initial_commit == found
        assert await added(workspace) == lines
    assert "+++ b/a" not in await workspace.diff("")
    assert "+++ b/c" in await workspace.diff("")
    again = await workspaces.open("s1", workspace.notes)
    assert (await again.survey()).initial_commit == two


async def test_a_moved_base_takes_no_commit_from_the_user(workspace: Workspace, project: Path) -> None:
    commit_files(workspace.path, {"a": "a\n"}, "One")
    await workspace.move_base("HEAD")
    head = commit_files(workspace.path, {"b": "b\n"}, "Two")
    delivery = await workspace.deliver("both")
    assert [commit.subject for commit in delivery.commits] == ["Two", "One"]
    assert git(project, "rev-parse", "trio-agent/both") == head


@pytest.mark.parametrize(
    "name",
    [
        *("abc", "0" * 40, "HEAD~99", "HEAD@{1}", "HEAD:README.md", ":/First", "--help", "HEAD^{tree}", "a\nb"),
        *(
            "mains",
            "mai*",
            "main@{0}",
            "main:README.md",
            "main..v0.1.0",
            "../HEAD",
            "heads/../../HEAD",
            "v0.1.0~9",
            "refs",
        ),
    ],
)
async def test_what_is_no_commit_is_no_base(workspace: Workspace, name: str) -> None:
    before = workspace.notes
    with pytest.raises(NotFound):
        await workspace.move_base(name)
    assert workspace.notes == before


async def test_the_base_can_be_a_branch_or_a_tag(workspace: Workspace, project: Path) -> None:
    begun = git(project, "rev-parse", "HEAD")
    git(project, "branch", "feature/one", "HEAD~1")
    git(project, "tag", "--annotate", "--message", "told", "v0.2.0", "HEAD")
    git(project, "branch", "beef", "v0.1.0")
    git(project, "update-ref", "refs/remotes/origin/main", "HEAD")
    git(project, "pack-refs", "--all")
    own = commit_files(workspace.path, {"a": "a\n"}, "One")
    git(workspace.path, "branch", "mine")
    first = git(project, "rev-parse", "v0.1.0")
    for name, found in {
        "main": begun,
        "refs/heads/main": begun,
        "heads/main": begun,
        "main~1": first,
        "feature/one": first,
        "v0.2.0": begun,
        "v0.2.0^": first,
        "tags/v0.1.0": first,
        "beef": first,
        "origin/main": begun,
        "mine": own,
        "mine~2": first,
    }.items():
        assert await workspace.move_base(name) == found, name


async def test_a_fifo_in_the_place_of_a_branch_is_not_waited_for(workspace: Workspace, project: Path) -> None:
    os.mkfifo(project / ".git" / "refs" / "heads" / "pipe")
    with pytest.raises(RepositoryError, match="not a plain file"):
        await workspace.move_base("pipe")


async def test_there_is_no_base_before_the_first_commit(tmp_path: Path, data_dir: Path) -> None:
    git(tmp_path, "init", "--quiet", "fresh")
    workspace = await RepositoryWorkspaces(tmp_path / "fresh", data_dir).open("s1", {})
    with pytest.raises(NotFound):
        await workspace.move_base("")


async def test_the_users_newer_commits_are_found(workspace: Workspace, project: Path) -> None:
    assert await workspace.newer() is None
    commit_files(workspace.path, {"a": "a\n"}, "Of the session")
    assert await workspace.newer() is None
    newer = commit_files(project, {"b": "b\n"}, "Of the user")
    assert await workspace.newer() == Newer(commit=newer, branch="main")
    git(project, "checkout", "--quiet", "--detach")
    assert await workspace.newer() == Newer(commit=newer)
    git(workspace.path, "merge", "--quiet", "--no-edit", newer)
    assert await workspace.newer() is None


async def test_what_was_pulled_is_the_users_and_not_told_as_the_session_s(
    workspace: Workspace, workspaces: RepositoryWorkspaces, project: Path
) -> None:
    commit_files(workspace.path, {"a": "a\n"}, "Of the session")
    await workspace.deliver("mine")
    theirs = commit_files(project, {"b": "b\nb\n"}, "Of the user")
    newer = await workspace.newer()
    assert newer is not None
    workspace.expect(newer)
    again = await workspaces.open("s1", workspace.notes)
    git(again.path, "merge", "--quiet", "--no-edit", newer.commit)
    delivery = await again.deliver("mine")
    assert [commit.subject.split()[0] for commit in delivery.commits] == ["Merge"]
    assert delivery.files == ()
    survey = await again.survey()
    assert (survey.initial_commit, survey.lines_added) == (theirs, 1)
    assert "+++ b/b" not in await again.diff("")
    git(project, "fsck", "--strict")


async def test_what_was_pulled_into_a_session_without_commits_brings_no_branch(
    workspace: Workspace, project: Path
) -> None:
    commit_files(project, {"b": "b\n"}, "Of the user")
    newer = await workspace.newer()
    assert newer is not None
    workspace.expect(newer)
    git(workspace.path, "merge", "--quiet", "--no-edit", newer.commit)
    assert (await workspace.deliver("nothing")).branch == ""
    assert await added(workspace) == 0
    head = commit_files(workspace.path, {"a": "a\n"}, "Of the session")
    assert [commit.hash for commit in (await workspace.deliver("mine")).commits] == [head]


async def test_a_merge_that_was_given_up_moves_nothing(workspace: Workspace, project: Path) -> None:
    commit_files(workspace.path, {"a": "a\n"}, "Of the session")
    commit_files(project, {"a": "b\n"}, "Of the user")
    begun = (await workspace.survey()).initial_commit
    newer = await workspace.newer()
    assert newer is not None
    workspace.expect(newer)
    delivery = await workspace.deliver("mine")
    assert [commit.subject for commit in delivery.commits] == ["Of the session"]
    assert (await workspace.survey()).initial_commit == begun


async def test_a_base_of_the_session_s_own_stays_where_it_was_put(workspace: Workspace, project: Path) -> None:
    own = commit_files(workspace.path, {"a": "a\n"}, "Of the session")
    await workspace.move_base("")
    commit_files(project, {"b": "b\n"}, "Of the user")
    newer = await workspace.newer()
    assert newer is not None
    workspace.expect(newer)
    git(workspace.path, "merge", "--quiet", "--no-edit", newer.commit)
    await workspace.deliver("mine")
    assert (await workspace.survey()).initial_commit == own


async def test_a_head_that_is_missing_hinders_no_delivery(workspace: Workspace, project: Path) -> None:
    (project / ".git" / "refs" / "heads" / "main").write_text("1" * 40 + "\n")
    newer = await workspace.newer()
    assert newer == Newer(commit="1" * 40, branch="main")
    workspace.expect(newer)
    head = commit_files(workspace.path, {"a": "a\n"}, "Of the session")
    assert (await workspace.deliver("mine")).problem == ""
    assert git(project, "rev-parse", "trio-agent/mine") == head


async def test_the_users_gc_disturbs_no_session(workspace: Workspace, project: Path) -> None:
    head = commit_files(workspace.path, {"a": "a\n"}, "Of the session")
    git(project, "gc", "--quiet", "--prune=now")
    assert await added(workspace) == 1
    assert git(workspace.path, "status", "--porcelain") == ""
    assert [commit.hash for commit in (await workspace.deliver("mine")).commits] == [head]


async def test_what_was_delivered_keeps_what_it_stands_on_from_being_pruned(
    workspace: Workspace, project: Path
) -> None:
    commit_files(workspace.path, {"a": "a\n"}, "Of the session")
    await workspace.deliver("mine")
    rewrite(project)
    assert await added(workspace) == 1
    git(workspace.path, "fsck")


async def test_what_the_user_took_away_is_told_to_be_missing(workspace: Workspace, project: Path) -> None:
    commit_files(workspace.path, {"a": "a\n"}, "Of the session")
    rewrite(project)
    with pytest.raises(RepositoryError):
        await workspace.survey()
    delivery = workspace.deliver("mine")
    with pytest.raises(RepositoryError):
        await delivery


def rewrite(project: Path) -> None:
    """The user amends the commit that the session began on, and has nothing kept of it."""
    git(project, "commit", "--quiet", "--amend", "--message", "Better")
    git(project, "reflog", "expire", "--expire=now", "--all")
    git(project, "gc", "--quiet", "--prune=now")
