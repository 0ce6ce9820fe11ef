"""What users see of a workspace's files: plain files inside it, and nothing that leads elsewhere."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
import trio

from trio_agent.core.errors import NotFound
from trio_agent.seams import FileContent
from trio_agent.tools.file_view import MAX_BYTES, NOT_SHOWN, FileView


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    path = (tmp_path / "workspace").resolve()
    (path / "below").mkdir(parents=True)
    (path / "below" / "file").write_text("inside\n")
    (tmp_path / "secret").write_text("outside\n")
    return path


async def read(workspace: Path, path: str) -> FileContent:
    return await FileView([workspace / "hidden"]).read(workspace, path)


async def test_a_plain_file_is_read(workspace: Path) -> None:
    assert await read(workspace, "below/file") == FileContent(data=b"inside\n", size=7)


async def test_a_name_of_any_bytes_is_read(workspace: Path) -> None:
    name = os.fsdecode(b"caf\xe9\n")
    (workspace / name).write_text("x")
    assert (await read(workspace, name)).data == b"x"


async def test_a_link_inside_is_followed_inside(workspace: Path) -> None:
    (workspace / "link").symlink_to("below/file")
    assert (await read(workspace, "link")).data == b"inside\n"


@pytest.mark.parametrize(
    "path",
    ["", "nowhere", "below", ".", "..", "../secret", "below/../../secret", "/etc/passwd", "a\0b", "x" * 5000, "\ud800"],
)
async def test_what_is_no_file_inside_is_not_found(path: str, workspace: Path) -> None:
    with pytest.raises(NotFound, match=NOT_SHOWN):
        await read(workspace, path)


async def test_no_link_leads_outside_by_any_way(workspace: Path, tmp_path: Path) -> None:
    (workspace / "file").symlink_to(tmp_path / "secret")
    (workspace / "folder").symlink_to(tmp_path)
    (workspace / "round").symlink_to("round")
    for path in ("file", "folder/secret", "round", "below/../folder/secret"):
        with pytest.raises(NotFound, match=NOT_SHOWN):
            await read(workspace, path)


async def test_what_is_hidden_and_what_is_gits_own_is_as_if_not_there(workspace: Path) -> None:
    for name in ("hidden/token", ".git/config", "below/.GIT/config"):
        (workspace / name).parent.mkdir()
        (workspace / name).write_text("secret\n")
    (workspace / "way-in").symlink_to("hidden/token")
    (workspace / "other-way").symlink_to(".git")
    for path in ("hidden/token", ".git/config", "below/.GIT/config", "way-in", "other-way/config"):
        with pytest.raises(NotFound, match=NOT_SHOWN):
            await read(workspace, path)


async def test_nothing_is_waited_for(workspace: Path) -> None:
    os.mkfifo(workspace / "fifo")
    (workspace / "device").symlink_to("/dev/zero")
    with trio.fail_after(5):
        for path in ("fifo", "device"):
            with pytest.raises(NotFound, match=NOT_SHOWN):
                await read(workspace, path)


async def test_of_a_huge_file_the_beginning_is_read_and_its_size_told(workspace: Path) -> None:
    with (workspace / "huge").open("wb") as file:
        file.truncate(10 * 1024**3)
    found = await read(workspace, "huge")
    assert (len(found.data), found.size) == (MAX_BYTES, 10 * 1024**3)
