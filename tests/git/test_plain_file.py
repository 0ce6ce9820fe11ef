"""A repository can come from anywhere, with anything in the place of a file: nothing is waited for, or read without end."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest
import trio

from tests.projects import commit_files, git
from trio_agent.core.errors import RepositoryError
from trio_agent.git.clone import MAX_INDEX_BYTES, MAX_LIST_BYTES, MAX_SHARED_INDEXES
from trio_agent.git.plain_file import copy_plain, read_plain
from trio_agent.git.workspaces import RepositoryWorkspaces


def a_fifo(path: Path) -> None:
    os.mkfifo(path)


def a_device(path: Path) -> None:
    path.symlink_to("/dev/zero")


def a_link_to_a_secret(path: Path) -> None:
    secret = path.parents[3] / "secret"
    secret.write_text("secret\n")
    path.symlink_to(secret)


def a_huge_file(path: Path) -> None:
    path.touch()
    os.truncate(path, 64 * 1024**3)


def a_folder(path: Path) -> None:
    path.mkdir()


ODD = [a_fifo, a_device, a_link_to_a_secret, a_huge_file, a_folder]


@pytest.mark.parametrize("make", ODD)
@pytest.mark.parametrize("name", ["info/exclude", "shallow", "index", "sharedindex.1"])
async def test_what_is_no_plain_file_is_refused_and_named(
    project: Path, data_dir: Path, name: str, make: Callable[[Path], None]
) -> None:
    path = project / ".git" / name
    path.parent.mkdir(exist_ok=True)
    if path.exists():
        path.unlink()
    make(path)
    workspaces = RepositoryWorkspaces(project, data_dir, with_changes=True)
    # A FIFO would be waited for until the deadline of a minute and more; without one, for ever.
    with trio.fail_after(30), pytest.raises(RepositoryError) as refused:
        await workspaces.open("s1", {})
    assert path.name in str(refused.value)
    assert "secret" not in _kept(data_dir)


@pytest.mark.parametrize("name", ["info/exclude", "shallow"])
async def test_what_is_not_there_is_nothing(project: Path, data_dir: Path, name: str) -> None:
    (project / ".git" / name).unlink(missing_ok=True)
    workspace = await RepositoryWorkspaces(project, data_dir, with_changes=True).open("s1", {})
    assert git(workspace.path, "status", "--porcelain") == ""


async def test_a_repository_of_endless_shared_indexes_is_refused(project: Path, data_dir: Path) -> None:
    for number in range(MAX_SHARED_INDEXES + 1):
        (project / ".git" / f"sharedindex.{number}").touch()
    with pytest.raises(RepositoryError, match="shared indexes"):
        await RepositoryWorkspaces(project, data_dir, with_changes=True).open("s1", {})


async def test_a_pattern_file_that_would_be_waited_for_is_refused(
    project: Path, data_dir: Path, tmp_path: Path
) -> None:
    os.mkfifo(tmp_path / "patterns")
    git(project, "config", "core.excludesFile", str(tmp_path / "patterns"))
    with trio.fail_after(30), pytest.raises(RepositoryError, match="patterns is not a plain file"):
        await RepositoryWorkspaces(project, data_dir).open("s1", {})
    git(project, "config", "core.excludesFile", str(tmp_path / "nowhere"))
    commit_files(project, {}, "Empty")
    assert await RepositoryWorkspaces(project, data_dir).open("s1", {})


def test_bounds_hold_to_the_byte(tmp_path: Path) -> None:
    path, copy = tmp_path / "file", tmp_path / "copy"
    path.write_bytes(b"12345")
    assert read_plain(path, 5) == b"12345"
    assert copy_plain(path, copy, 5) == 5
    assert copy.read_bytes() == b"12345"
    with pytest.raises(RepositoryError, match="larger"):
        read_plain(path, 4)
    with pytest.raises(RepositoryError, match="larger"):
        copy_plain(path, copy, 4)
    assert MAX_LIST_BYTES < MAX_INDEX_BYTES


def _kept(data_dir: Path) -> str:
    return "".join(file.read_text() for file in data_dir.rglob("exclude"))
