"""No git of ours waits for a FIFO that stands where it reads, wherever what runs in a workspace puts one."""

from __future__ import annotations

import os
import re
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
import trio

from tests.git.traps import clog
from tests.projects import commit_files, git
from trio_agent.core.errors import RepositoryStalled
from trio_agent.git.stall import LOOK_S, Places, waited_for
from trio_agent.git.workspaces import RepositoryWorkspaces
from trio_agent.seams import Workspace

FEW_S = 20 * LOOK_S
"""Far from the 60 s that a survey may take, also on a busy machine."""


def survey(workspace: Workspace) -> Awaitable[object]:
    return workspace.survey()


def diff(workspace: Workspace) -> Awaitable[object]:
    return workspace.diff("")


def names(workspace: Workspace) -> Awaitable[object]:
    return workspace.names()


@pytest.mark.parametrize(
    ("place", "ask"),
    [
        (".gitignore", survey),
        ("wordcount/.gitignore", names),
        ("wordcount/.gitattributes", survey),
        (".gitattributes", diff),
        (".git/objects/info/alternates", survey),
        (".git/objects/info/commit-graph", diff),
        (".git/objects/info/commit-graphs/commit-graph-chain", survey),
        (".git/objects/pack/multi-pack-index", survey),
        ("nested/.git/HEAD", survey),
    ],
)
async def test_a_fifo_where_git_reads_is_told_by_its_name(
    project: Path, data_dir: Path, place: str, ask: Callable[[Workspace], Awaitable[object]]
) -> None:
    workspace = await RepositoryWorkspaces(project, data_dir).open("s1", {})
    for changed in workspace.path.glob("wordcount/*.py"):
        changed.write_text("changed = True\n")
    for folder in ("nested/.git/objects", "nested/.git/refs"):
        (workspace.path / folder).mkdir(parents=True)
    clog(workspace.path / place)
    told = re.escape(f"git waits for {str(workspace.path / place)!r}") + ".* delete it"
    with trio.fail_after(FEW_S), pytest.raises(RepositoryStalled, match=told):
        await ask(workspace)


@pytest.mark.parametrize("by", ["path", "relative path", "quoted path", "list of a list"])
async def test_a_fifo_in_a_store_that_the_clone_s_list_names_is_told_by_its_name(
    project: Path, data_dir: Path, by: str
) -> None:
    workspace = await RepositoryWorkspaces(project, data_dir).open("s1", {})
    store, between = workspace.path / "store", workspace.path / "between"
    for each in (store, between):
        (each / "info").mkdir(parents=True)
    (between / "info" / "alternates").write_text(f"{store}\n")
    line = {
        "path": str(store),
        "relative path": "../../store",
        "quoted path": f'"{workspace.path}/\\163t\\157re"',
        "list of a list": str(between),
    }[by]
    with (workspace.path / ".git" / "objects" / "info" / "alternates").open("a") as borrowed:
        borrowed.write(f"{line}\n")
    clog(store / "info" / "alternates")
    told = re.escape(f"git waits for {str(store / 'info' / 'alternates')!r}")
    with trio.fail_after(FEW_S), pytest.raises(RepositoryStalled, match=told):
        await workspace.survey()


async def test_without_the_fifo_all_is_as_before(project: Path, data_dir: Path) -> None:
    workspace = await RepositoryWorkspaces(project, data_dir).open("s1", {})
    (workspace.path / "new.txt").write_text("new\n")
    before = await workspace.survey()
    ignored = (workspace.path / ".gitignore").read_bytes()
    clog(workspace.path / ".gitignore")
    with pytest.raises(RepositoryStalled):
        await workspace.survey()
    (workspace.path / ".gitignore").unlink()
    (workspace.path / ".gitignore").write_bytes(ignored)
    assert await workspace.survey() == before


async def test_a_link_to_a_fifo_in_a_git_directory_is_told_by_its_name(
    project: Path, data_dir: Path, tmp_path: Path
) -> None:
    workspace = await RepositoryWorkspaces(project, data_dir).open("s1", {})
    clog(tmp_path / "fifo")
    (workspace.path / ".git" / "objects" / "info" / "commit-graph").symlink_to(tmp_path / "fifo")
    with trio.fail_after(FEW_S), pytest.raises(RepositoryStalled, match="commit-graph"):
        await workspace.survey()


async def test_what_no_command_of_ours_reads_may_be_a_fifo(project: Path, data_dir: Path, tmp_path: Path) -> None:
    git(project, "update-index", "--add", "--cacheinfo", f"160000,{'1' * 40},inner")
    git(project, "commit", "--quiet", "-m", "Submodule")
    workspace = await RepositoryWorkspaces(project, data_dir).open("s1", {})
    for name in (".gitmodules", ".mailmap", "wordcount/pipe", ".git/config"):
        clog(workspace.path / name)
    for name in (".gitignore", "wordcount/.gitattributes"):
        (workspace.path / name).unlink(missing_ok=True)
        (workspace.path / name).symlink_to(workspace.path / "wordcount" / "pipe")
    head = git(project, "rev-parse", "HEAD")
    with trio.fail_after(FEW_S):
        await workspace.survey()
        await workspace.changes("")
        assert await workspace.diff(head)
        await workspace.deliver("none")


async def test_commits_are_not_waited_for_where_an_object_is_a_fifo(project: Path, data_dir: Path) -> None:
    workspace = await RepositoryWorkspaces(project, data_dir).open("s1", {})
    commit_files(workspace.path, {"new.txt": "new\n"}, "New")
    tree = git(workspace.path, "rev-parse", "HEAD^{tree}")
    place = workspace.path / ".git" / "objects" / tree[:2] / tree[2:]
    assert place.exists()
    clog(place)
    with trio.fail_after(FEW_S), pytest.raises(RepositoryStalled, match=tree[2:]):
        await workspace.deliver("new")


@pytest.mark.parametrize("with_changes", [False, True])
async def test_a_fifo_among_the_users_own_files_does_not_keep_a_session_waiting(
    project: Path, data_dir: Path, with_changes: bool
) -> None:
    clog(project / "wordcount" / ".gitignore")
    workspaces = RepositoryWorkspaces(project, data_dir, with_changes=with_changes)
    with trio.fail_after(FEW_S):
        if with_changes:
            with pytest.raises(RepositoryStalled, match=r"wordcount/\.gitignore"):
                await workspaces.open("s1", {})
        else:
            # They are left out either way.
            workspace = await workspaces.open("s1", {})
            assert (await workspace.survey()).left_out == 0


async def test_a_fifo_in_the_place_of_the_users_config_is_told_by_its_name(project: Path, data_dir: Path) -> None:
    clog(project / ".git" / "config")
    with trio.fail_after(FEW_S), pytest.raises(RepositoryStalled, match=r"\.git/config'"):
        await RepositoryWorkspaces(project, data_dir, in_place=True).open("s1", {})


async def test_what_waited_is_gone_once_it_is_told(project: Path, data_dir: Path) -> None:
    workspace = await RepositoryWorkspaces(project, data_dir).open("s1", {})
    clog(workspace.path / ".gitignore")
    with pytest.raises(RepositoryStalled):
        await workspace.survey()
    with pytest.raises(OSError, match="No such device"):
        # Nobody reads it any more.
        os.open(workspace.path / ".gitignore", os.O_WRONLY | os.O_NONBLOCK)


def test_a_fifo_that_nobody_waits_for_is_passed_over(project: Path) -> None:
    """Else a git that is just slow would be ended for one in a folder that it does not read."""
    for name in (".gitignore", "wordcount/.gitattributes", ".git/daemon"):
        clog(project / name)
    assert not any(waited_for(Places(project / ".git", project)))


def test_a_fifo_that_somebody_waits_for_is_found_where_git_reads(project: Path) -> None:
    places = Places(project / ".git", project)
    for name, is_read in ((".gitignore", True), ("pipe", False), (".git/HEAD", True)):
        clog(project / name)
        # For whoever would write to it, a reader is there.
        held = os.open(project / name, os.O_RDONLY | os.O_NONBLOCK)
        found = {path for path in waited_for(places) if path}
        os.close(held)
        assert found == ({project / name} if is_read else set())
