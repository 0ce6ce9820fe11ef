"""Workspaces that do not go willingly: in namespaces of their own, for to the superuser everything is allowed."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from trio_agent.git.workspaces import RepositoryWorkspaces

# Removes s1; says what was refused.
REMOVE = """
import sys, trio
from pathlib import Path
from trio_agent.git.workspaces import RepositoryWorkspaces

workspaces = RepositoryWorkspaces(Path(sys.argv[1]), Path(sys.argv[2]))
try:
    trio.run(workspaces.remove, "s1")
except OSError as exc:
    print(exc.strerror)
"""

# The same where something is mounted in the workspace; then what is left, and what a new start says of it.
REMOVE_BUSY = (
    """
import os, subprocess, sys
within = os.path.join(sys.argv[2], "workspaces", "s1", "mounted")
os.mkdir(within)
subprocess.run(["mount", "-t", "tmpfs", "none", within], check=True)
"""
    + REMOVE
    + """
print(sorted(os.listdir(os.path.join(sys.argv[2], "workspaces"))))

from structlog.testing import capture_logs

with capture_logs() as logs:
    trio.run(RepositoryWorkspaces(Path(sys.argv[1]), Path(sys.argv[2])).open, "s2", {})
print([each["event"] for each in logs])
"""
)


def run(unshare: str, script: str, project: Path, data_dir: Path) -> list[str]:
    """What `script` says, line by line, in new namespaces: `-U` takes root's powers, `-Urm` gives them over mounts."""
    command = ["unshare", unshare, sys.executable, "-c", script, str(project), str(data_dir)]
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout.splitlines()


@pytest.fixture
async def folder(project: Path, data_dir: Path) -> Path:
    """Where the workspaces are; that of s1 has been made."""
    await RepositoryWorkspaces(project, data_dir).open("s1", {})
    return data_dir / "workspaces"


@pytest.mark.parametrize("mode", [0o000, 0o555])
async def test_a_workspace_that_may_not_be_written_to_is_removed(
    project: Path, data_dir: Path, folder: Path, mode: int
) -> None:
    (folder / "s1").chmod(mode)
    assert run("-U", REMOVE, project, data_dir) == []
    assert os.listdir(folder) == []


async def test_what_cannot_be_removed_is_told_now_and_at_the_next_start_and_goes_once_it_can(
    project: Path, data_dir: Path, folder: Path
) -> None:
    assert run("-Urm", REMOVE_BUSY, project, data_dir) == [
        "Device or resource busy",
        "['s1.deleted']",  # the name is free, and all else is gone
        "['workspace_not_deleted']",
    ]
    assert sorted(os.listdir(folder)) == ["s1.deleted", "s2", "s2.git"]
    await RepositoryWorkspaces(project, data_dir).open("s2", {})
    assert sorted(os.listdir(folder)) == ["s2", "s2.git"]


async def test_what_a_crash_left_half_deleted_goes_at_the_next_start_and_nothing_else(
    project: Path, data_dir: Path, folder: Path, tmp_path: Path
) -> None:
    (folder / "s9.deleted" / "locked").mkdir(parents=True)
    users = tmp_path / "users"
    users.mkdir()
    (folder / "s8.deleted").symlink_to(users)
    await RepositoryWorkspaces(project, data_dir).open("s1", {})
    assert sorted(os.listdir(folder)) == ["s1", "s1.git", "s8.deleted"]
    assert users.is_dir()
