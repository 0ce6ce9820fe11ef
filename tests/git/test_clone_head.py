"""Which commit a clone is at is read without git, whatever the model has made of its `.git`."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
import trio

from tests.git.test_plain_file import ODD
from tests.projects import commit_files, git
from trio_agent.core.errors import RepositoryError
from trio_agent.git.clone_head import MAX_STEPS, read_clone_head
from trio_agent.git.workspaces import RepositoryWorkspaces


async def head_of(project: Path) -> str:
    return await read_clone_head(project / ".git", "sha1")


def on_a_branch(project: Path) -> None:
    git(project, "checkout", "-qb", "ä/b-c")


def packed(project: Path) -> None:
    git(project, "checkout", "-qb", "a/packed")
    git(project, "tag", "-m", "x", "v1")
    git(project, "pack-refs", "--all", "--prune")


def packed_under_a_folder_of_its_name(project: Path) -> None:
    packed(project)
    (project / ".git" / "refs" / "heads" / "a" / "packed").mkdir(parents=True)


def packed_and_moved_on(project: Path) -> None:
    packed(project)
    commit_files(project, {"new": "x"}, "New")


def detached(project: Path) -> None:
    git(project, "checkout", "-q", "--detach", "HEAD~1")


def by_way_of_another(project: Path) -> None:
    branch = git(project, "symbolic-ref", "HEAD")
    git(project, "symbolic-ref", "refs/heads/other", branch)
    git(project, "symbolic-ref", "HEAD", "refs/heads/other")


def unborn(project: Path) -> None:
    git(project, "checkout", "-q", "--orphan", "new")


def unborn_below_a_branch_that_was_packed(project: Path) -> None:
    packed(project)
    git(project, "symbolic-ref", "HEAD", "refs/heads/nowhere/x")


@pytest.mark.parametrize(
    "make",
    [
        on_a_branch,
        packed,
        packed_under_a_folder_of_its_name,
        packed_and_moved_on,
        detached,
        by_way_of_another,
    ],
)
async def test_it_is_the_commit_that_git_tells(project: Path, make: Callable[[Path], None]) -> None:
    commit_files(project, {"one": "x"}, "One")
    make(project)
    assert await head_of(project) == git(project, "rev-parse", "HEAD")


@pytest.mark.parametrize("make", [unborn, unborn_below_a_branch_that_was_packed])
async def test_where_nothing_was_committed_yet_there_is_none(project: Path, make: Callable[[Path], None]) -> None:
    make(project)
    assert await head_of(project) == ""


async def test_a_repository_of_the_other_hash_is_read_too(tmp_path: Path) -> None:
    git(tmp_path, "init", "-q", "--object-format=sha256")
    git(tmp_path, "config", "user.name", "A")
    git(tmp_path, "config", "user.email", "a@example.org")
    commit_files(tmp_path, {"one": "x"}, "One")
    head = await read_clone_head(tmp_path / ".git", "sha256")
    assert head == git(tmp_path, "rev-parse", "HEAD")
    with pytest.raises(RepositoryError, match="names no commit"):
        await head_of(tmp_path)


@pytest.mark.parametrize("make", ODD)
@pytest.mark.parametrize("name", ["HEAD", "packed-refs", "refs/heads/odd"])
async def test_what_is_no_plain_file_is_refused_and_nothing_waits(
    project: Path, data_dir: Path, name: str, make: Callable[[Path], None]
) -> None:
    workspace = await RepositoryWorkspaces(project, data_dir).open("s1", {})
    git(workspace.path, "symbolic-ref", "HEAD", "refs/heads/odd")
    path = workspace.path / ".git" / name
    path.unlink(missing_ok=True)
    make(path)
    if make.__name__ == "a_folder" and name == "refs/heads/odd":
        assert await read_clone_head(workspace.path / ".git", "sha1") == ""
        return
    # git would wait for a FIFO until the deadline of two minutes.
    with trio.fail_after(30), pytest.raises(RepositoryError):
        await workspace.deliver("x")


@pytest.mark.parametrize(
    "head",
    [
        "garbage",
        "",
        "ref: /etc/passwd",
        "ref: refs/../config",
        "ref: refs/heads/.invalid",
        "ref: refs/heads//x",
        "ref: refs/heads/x\n" * 1000,
        "a" * 39,
        "A" * 40,
    ],
)
async def test_a_head_that_names_nothing_is_an_error_and_not_told(project: Path, head: str) -> None:
    (project / ".git" / "HEAD").write_text(head)
    with pytest.raises(RepositoryError) as refused:
        await head_of(project)
    assert "garbage" not in str(refused.value)


async def test_refs_that_lead_round_in_a_circle_are_followed_a_few_steps_only(project: Path) -> None:
    for number in range(MAX_STEPS + 1):
        (project / ".git" / "refs" / "heads" / f"r{number}").write_text(f"ref: refs/heads/r{number + 1}\n")
    (project / ".git" / "HEAD").write_text("ref: refs/heads/r0\n")
    with pytest.raises(RepositoryError, match="steps"):
        await head_of(project)


async def test_without_its_git_directory_a_clone_is_no_repository(project: Path, data_dir: Path) -> None:
    workspace = await RepositoryWorkspaces(project, data_dir).open("s1", {})
    shutil.rmtree(workspace.path / ".git")
    with pytest.raises(RepositoryError, match="not a git repository"):
        await workspace.deliver("x")


async def test_a_broken_configuration_of_the_clone_s_is_not_read(project: Path, data_dir: Path) -> None:
    workspace = await RepositoryWorkspaces(project, data_dir).open("s1", {})
    commit_files(workspace.path, {"one": "x"}, "One")
    (workspace.path / ".git" / "config").write_text("[core\n")
    assert (await workspace.deliver("x")).branch


async def test_nothing_waits_where_a_session_works_in_place_either(project: Path, data_dir: Path) -> None:
    workspace = await RepositoryWorkspaces(project, data_dir, in_place=True).open("s1", {})
    (project / ".git" / "HEAD").unlink()
    os.mkfifo(project / ".git" / "HEAD")
    with trio.fail_after(30), pytest.raises(RepositoryError, match="HEAD is not a plain file"):
        await workspace.deliver("x")
