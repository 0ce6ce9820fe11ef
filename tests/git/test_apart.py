"""A folder that is worked in itself holds nothing of this program's own, also when a session comes back to it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.projects import git
from trio_agent.core.errors import RepositoryError
from trio_agent.git.apart import private_inside
from trio_agent.git.workspaces import RepositoryWorkspaces


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path.resolve() / "folder"
    folder.mkdir()
    return folder


@pytest.mark.parametrize("repository", [False, True])
async def test_a_folder_that_holds_our_own_is_not_opened(folder: Path, data_dir: Path, repository: bool) -> None:
    if repository:
        git(folder, "init", "--quiet")
    # It need not exist: what is private is the place.
    workspaces = RepositoryWorkspaces(folder, data_dir, in_place=True, private=[folder / "data"])
    with pytest.raises(RepositoryError, match="holds this program's own"):
        await workspaces.open("s1", {})


@pytest.mark.parametrize("kind", ["folder", "in_place"])
async def test_a_session_of_before_is_not_opened_where_our_own_stands_by_now(
    project: Path, folder: Path, data_dir: Path, kind: str
) -> None:
    place = folder if kind == "folder" else project
    kept = (await RepositoryWorkspaces(place, data_dir, in_place=True).open("s1", {})).notes
    assert kept["kind"] == kind
    # The program was started with other places, and serves another repository.
    later = RepositoryWorkspaces(folder, data_dir, private=[place / "token"])
    with pytest.raises(RepositoryError, match=str(place / "token")):
        await later.open("s1", kept)


async def test_a_clone_is_opened_wherever_our_own_stands(project: Path, data_dir: Path) -> None:
    workspaces = RepositoryWorkspaces(project, data_dir, private=[project / "data", data_dir])
    assert (await workspaces.open("s1", {})).path == data_dir / "workspaces" / "s1"


def test_a_link_to_our_own_and_a_folder_reached_by_a_link_are_seen_through(folder: Path, tmp_path: Path) -> None:
    (folder / "real").mkdir()
    (tmp_path / "data").symlink_to(folder / "real")
    (tmp_path / "link").symlink_to(folder)
    assert private_inside(folder, [tmp_path / "data"]) == tmp_path / "data"
    assert private_inside(tmp_path / "link", [folder / "missing"]) == folder / "missing"
    assert private_inside(folder, [folder]) == folder
    assert private_inside(folder, [tmp_path / "elsewhere", tmp_path]) is None
