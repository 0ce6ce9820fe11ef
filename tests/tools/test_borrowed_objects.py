from __future__ import annotations

import os
from pathlib import Path

import pytest

from trio_agent.tools.borrowed_objects import MAX_LIST_BYTES, MAX_STORES, borrowed_objects


@pytest.fixture
def tmp(tmp_path: Path) -> Path:
    return tmp_path.resolve()


@pytest.fixture
def workspace(tmp: Path) -> Path:
    workspace = tmp / "workspace"
    (workspace / ".git/objects/info").mkdir(parents=True)
    return workspace


def make_store(path: Path, *alternates: str | Path) -> Path:
    (path / "pack").mkdir(parents=True)
    (path / "info").mkdir()
    (path / "info" / "alternates").write_text("".join(f"{each}\n" for each in alternates))
    return path


def alternates_of(workspace: Path) -> Path:
    return workspace / ".git/objects/info/alternates"


def test_stores_are_found_by_lists_of_lists_and_by_relative_names(tmp: Path, workspace: Path) -> None:
    far = make_store(tmp / "far/objects")
    near = make_store(tmp / "near/objects", "../../far/objects")
    alternates_of(workspace).write_text(f"# from a clone\n\n{near}\n")
    assert borrowed_objects(workspace, tmp, []) == [near, far]
    assert borrowed_objects(workspace, tmp / "far", []) == [far]
    assert borrowed_objects(workspace, tmp, [tmp / "near"]) == [far]


def test_what_does_not_look_like_a_store_is_not_opened(tmp: Path, workspace: Path) -> None:
    (tmp / "plain/objects").mkdir(parents=True)
    make_store(tmp / "secrets")
    make_store(tmp / "data/objects")
    (tmp / "objects").symlink_to(tmp / "data/objects")
    alternates_of(workspace).write_text(f"{tmp}/plain/objects\n{tmp}/secrets\n{tmp}/objects\n")
    assert borrowed_objects(workspace, tmp, [tmp / "data"]) == []


@pytest.mark.timeout(20)
@pytest.mark.parametrize("trap", ["fifo", "link to /dev/zero", "link to a list", "directory", "missing"])
def test_a_list_that_is_no_regular_file_is_none_and_is_not_waited_for(tmp: Path, workspace: Path, trap: str) -> None:
    store = make_store(tmp / "origin/objects")
    path = alternates_of(workspace)
    match trap:
        case "fifo":
            os.mkfifo(path)
        case "link to /dev/zero":
            path.symlink_to("/dev/zero")
        case "link to a list":
            (tmp / "list").write_text(f"{store}\n")
            path.symlink_to(tmp / "list")
        case "directory":
            path.mkdir()
    assert borrowed_objects(workspace, tmp, []) == []


def test_a_list_too_long_is_none(tmp: Path, workspace: Path) -> None:
    store = make_store(tmp / "origin/objects")
    alternates_of(workspace).write_text(f"{store}\n" + "#" * MAX_LIST_BYTES)
    assert borrowed_objects(workspace, tmp, []) == []


@pytest.mark.parametrize("line", ["a\0b", "x" * 5000, "y/" * 3000, "loop", "\udcff", "/proc/self/fd/0", ".."])
def test_a_line_that_is_no_store_is_passed_over(tmp: Path, workspace: Path, line: str) -> None:
    store = make_store(tmp / "origin/objects")
    (workspace / ".git/objects/loop").symlink_to("loop")
    alternates_of(workspace).write_bytes(os.fsencode(f"{line}\n{line}/objects\n{store}\n"))
    assert borrowed_objects(workspace, tmp, []) == [store]


@pytest.mark.timeout(20)
def test_stores_that_name_each_other_are_looked_at_once_each(tmp: Path, workspace: Path) -> None:
    stores = [tmp / f"{number}/objects" for number in range(MAX_STORES + 5)]
    for store in stores:
        make_store(store, *stores)
    alternates_of(workspace).write_text("".join(f"{store}\n" for store in stores))
    assert borrowed_objects(workspace, tmp, []) == stores[:MAX_STORES]
