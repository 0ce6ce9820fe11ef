"""Nothing that a repository names is ever run: not by the user's repository, not by what the model makes of the workspace."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.git.traps import MISSING, Traps, lay_ground, sign_head, spring, touch
from tests.projects import commit_files, git
from trio_agent.core.errors import RepositoryError
from trio_agent.git.command import Git
from trio_agent.git.workspaces import RepositoryWorkspaces
from trio_agent.seams import Workspace


@pytest.fixture
def traps(tmp_path: Path) -> Traps:
    return Traps(tmp_path / "traps")


@pytest.fixture
def armed(project: Path, traps: Traps) -> Path:
    """A repository full of traps, the user's."""
    lay_ground(project)
    traps.arm(project / ".git", "user")
    traps.arm(project / "inner" / ".git", "inner")
    return project


@pytest.mark.parametrize(
    ("command", "trap"),
    [
        ("status", "user.core.fsmonitor"),
        ("status", "user.filter.trap.clean"),
        ("hash-object pyproject.toml", "user.filter.process.process"),
        ("-c core.fsmonitor=false status", "inner.filter.trap.clean"),
        ("-c core.fsmonitor=false diff", "inner.filter.trap.clean"),
        ("-c core.fsmonitor=false add -N untracked README.md", "user.filter.trap.clean"),
        ("-c core.fsmonitor=false add -u", "inner.filter.trap.clean"),
        ("-c filter.process.process= diff -- pyproject.toml", "user.diff.command.command"),
        ("diff -- README.md", "user.diff.external"),
        ("show HEAD~3 -- README.md", "user.diff.trap.textconv"),
        ("checkout -- README.md", "user.filter.trap.smudge"),
        ("log", "user.gpg.program"),
        (f"cat-file -p {MISSING}", "user.remote.trap.uploadpack"),
        ("fetch /nonexistent", "user.url"),
        ("fetch ssh://example.org/x", "user.core.sshCommand"),
        ("update-ref refs/heads/x HEAD", "user.hook.reference-transaction"),
        ("-c core.fsmonitor=false commit --allow-empty -m x", "user.hook.pre-commit"),
    ],
)
def test_a_careless_git_sets_the_trap_off(armed: Path, traps: Traps, command: str, trap: str) -> None:
    assert traps.sprung == set()
    spring(armed, *command.split())
    assert trap in traps.sprung


@pytest.mark.parametrize(
    "command",
    [
        "ls-files --others",
        "write-tree",
        "log",
        "config --edit",
        "update-ref refs/heads/x HEAD",
        f"cat-file -p {MISSING}",
        "fetch /nonexistent",
        "fetch ssh://example.org/x",
    ],
)
async def test_the_switches_alone_keep_what_they_cover_from_running(armed: Path, traps: Traps, command: str) -> None:
    spring(armed, *command.split())
    assert traps.sprung
    traps.forget()
    # How git ends does not matter here.
    await Git(directory=armed, users_config=True).run(*command.split(), accept=range(256))
    assert traps.sprung == set()


async def _ask_everything(workspaces: RepositoryWorkspaces, workspace: Workspace, commits: list[str]) -> None:
    await workspace.survey()
    assert "+untracked" in await workspace.diff("")
    for commit in commits:
        assert await workspace.diff(commit)
    delivery = await workspace.deliver("harmless")
    assert delivery.problem == ""
    assert delivery.commits
    if newer := await workspace.newer():
        workspace.expect(newer)
        await workspace.deliver("harmless")
    again = await workspaces.open("s1", workspace.notes)
    assert "changed = true" in await again.diff("")
    await again.move_base("HEAD~1")
    await again.move_base(commits[0])
    assert (await again.survey()).lines_added


@pytest.mark.parametrize("with_changes", [False, True])
async def test_a_session_sets_no_trap_off(armed: Path, traps: Traps, data_dir: Path, with_changes: bool) -> None:
    workspaces = RepositoryWorkspaces(armed, data_dir, with_changes=with_changes)
    workspace = await workspaces.open("s1", {})
    assert (workspace.path / ".gitattributes").exists()
    assert traps.sprung == set()

    # The model does its worst, by itself and unharmed; then we look at what it made.
    commit_files(workspace.path, {"new.txt": "new\n"}, "New")
    sign_head(workspace.path)
    touch(workspace.path)
    (workspace.path / "pyproject.toml").write_text("changed = true\nagain = true\n")
    (workspace.path / "untracked").write_text("untracked\nuntracked again\n")
    (workspace.path / "quite-new").write_text("untracked\n")
    head = git(workspace.path, "rev-parse", "HEAD")
    traps.arm(workspace.path / ".git", "model")
    # A submodule at the commit that is recorded: git then looks for changes in it.
    shutil.copytree(armed / "inner", workspace.path / "inner", symlinks=True, dirs_exist_ok=True)

    await _ask_everything(workspaces, workspace, [head, head[:8]])
    assert traps.sprung == set()
    await workspaces.remove("s1")
    assert traps.sprung == set()


async def test_a_session_in_place_sets_no_trap_off(armed: Path, traps: Traps, data_dir: Path) -> None:
    workspaces = RepositoryWorkspaces(armed, data_dir, in_place=True)
    workspace = await workspaces.open("s1", {})
    tree = git(armed, "-c", "core.hooksPath=/dev/null", "rev-parse", "HEAD^{tree}")
    commit = git(armed, "commit-tree", tree, "-p", "HEAD", "-m", "New")
    git(armed, "-c", "core.hooksPath=/dev/null", "update-ref", "HEAD", commit)
    assert traps.sprung == set()
    await _ask_everything(workspaces, workspace, [commit])
    assert traps.sprung == set()


async def test_a_missing_object_is_not_fetched(armed: Path, traps: Traps, data_dir: Path) -> None:
    (armed / ".git" / "refs" / "heads" / "main").write_text(f"{MISSING}\n")
    with pytest.raises(RepositoryError):
        await RepositoryWorkspaces(armed, data_dir).open("s1", {})
    with pytest.raises(RepositoryError):
        await Git(directory=armed, users_config=True).run("cat-file", "-p", MISSING)
    assert traps.sprung == set()


async def test_the_users_own_filters_do_not_run_in_a_clone(
    project: Path, traps: Traps, data_dir: Path, home: Path
) -> None:
    lay_ground(project)
    traps.arm(home, "global")
    (home / ".gitconfig").symlink_to(home / "config")
    workspace = await RepositoryWorkspaces(project, data_dir, with_changes=True).open("s1", {})
    touch(workspace.path)
    await workspace.diff("")
    assert traps.sprung == set()


async def test_the_model_cannot_have_files_beside_the_workspace_shown(
    project: Path, data_dir: Path, tmp_path: Path
) -> None:
    (tmp_path / "secret").write_text("secret\n")
    workspace = await RepositoryWorkspaces(project, data_dir).open("s1", {})
    (workspace.path / "link").symlink_to(tmp_path / "secret")
    (workspace.path / ".gitignore").unlink()
    (workspace.path / ".gitignore").symlink_to(tmp_path / "secret")
    (workspace.path / "wordcount" / "__init__.py").unlink()
    (workspace.path / "wordcount" / "counting.py").unlink()
    (workspace.path / "wordcount" / "__main__.py").unlink()
    (workspace.path / "wordcount").rmdir()
    (tmp_path / "counting.py").write_text("secret\n")
    (workspace.path / "wordcount").symlink_to(tmp_path)
    assert "+secret" not in await workspace.diff("")
