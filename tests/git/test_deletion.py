from __future__ import annotations

import os
import stat
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from trio_agent.git.deletion import delete_tree

DEPTH = 3000  # recursion ends at 1,000, and names of 20 make a path of 60 KiB, where the system allows 4


@pytest.fixture
def ground(tmp_path: Path) -> Path:
    """Where there is nothing else."""
    path = tmp_path / "ground"
    path.mkdir()
    return path


@contextmanager
def deep(folder: Path) -> Iterator[None]:
    """A file below DEPTH folders in `folder`. Whatever the test makes of it, it is gone afterwards."""
    folder.mkdir()
    within = os.open(folder, os.O_RDONLY)
    for number in range(DEPTH):
        name = f"{number:020}"
        os.mkdir(name, dir_fd=within)
        below = os.open(name, os.O_RDONLY, dir_fd=within)
        os.close(within)
        within = below
    os.close(os.open("file", os.O_CREAT | os.O_WRONLY, dir_fd=within))
    os.close(within)
    try:
        yield
    finally:
        # Not pytest's own clean-up, nor ours: both would fail if what is tested does.
        subprocess.run(["rm", "-rf", str(folder)], check=True)


def test_a_tree_deeper_than_recursion_and_paths_can_be_is_deleted(ground: Path) -> None:
    with deep(ground / "deep"):
        delete_tree(ground / "deep")
        assert os.listdir(ground) == []


def test_what_links_lead_to_is_left_alone(ground: Path) -> None:
    (ground / "users" / "within").mkdir(parents=True)
    (ground / "users" / "file").touch()
    (ground / "users").chmod(0o750)
    (ground / "ours" / "within").mkdir(parents=True)
    for name in ("ours/link", "ours/within/link"):
        (ground / name).symlink_to(ground / "users")
    (ground / "ours" / "file").symlink_to(ground / "users" / "file")
    delete_tree(ground / "ours")
    assert os.listdir(ground) == ["users"]
    assert sorted(os.listdir(ground / "users")) == ["file", "within"]
    assert stat.S_IMODE((ground / "users").stat().st_mode) == 0o750
    (ground / "link").symlink_to(ground / "users")
    with pytest.raises(NotADirectoryError):
        delete_tree(ground / "link")
    assert (ground / "users" / "file").exists()


# Deletes a tree as somebody to whom not everything is allowed, unlike the superuser.
DELETE = """
import sys
from pathlib import Path
from trio_agent.git.deletion import delete_tree

delete_tree(Path(sys.argv[1]))
"""


@pytest.mark.parametrize("mode", [0o000, 0o100, 0o555])
def test_folders_that_may_not_be_written_to_are_deleted_with_what_they_hold(ground: Path, mode: int) -> None:
    innermost = ground / "tree" / "a" / "b" / "c"
    innermost.mkdir(parents=True)
    for folder in (innermost, *list(innermost.parents)[:3]):
        (folder / "file").touch()
        (folder / "0").mkdir()
        (folder / "0").chmod(mode)
        folder.chmod(mode)
    subprocess.run(["unshare", "-U", sys.executable, "-c", DELETE, str(ground / "tree")], check=True)
    assert os.listdir(ground) == []


# The same where folders of the user's are mounted in the tree.
DELETE_AROUND = """
import os, subprocess, sys
from pathlib import Path
from trio_agent.git.deletion import delete_tree

tree = Path(sys.argv[1])
subprocess.run(["mount", "-t", "tmpfs", "none", tree / "a" / "mounted"], check=True)
(tree / "a" / "mounted" / "users").touch()
os.chmod(tree / "a" / "mounted", 0o755)
try:
    delete_tree(tree)
except OSError as exc:
    print(exc.strerror)
mounted = next(tree.rglob("mounted"))
print(sorted(os.listdir(mounted)), oct(mounted.stat().st_mode)[-3:])
print(len(list(tree.rglob("*"))))
"""


def test_what_is_mounted_in_it_is_left_alone_and_all_else_goes(ground: Path) -> None:
    tree = ground / "tree"
    (tree / "a" / "mounted").mkdir(parents=True)
    (tree / "a" / "b" / "c").mkdir(parents=True)
    (tree / "a" / "b" / "file").touch()
    command = ["unshare", "-Urm", sys.executable, "-c", DELETE_AROUND, str(tree)]
    told = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout.splitlines()
    assert told == [
        "Device or resource busy",
        "['users'] 755",
        "3",
    ]  # what is mounted, the file in it, the folder it is in
    delete_tree(tree)
    assert not tree.exists()


def test_a_wide_tree_goes_too(ground: Path) -> None:
    for number in range(50):
        for name in range(20):
            (ground / "tree" / str(number) / str(name)).mkdir(parents=True)
    delete_tree(ground / "tree")
    assert os.listdir(ground) == []
