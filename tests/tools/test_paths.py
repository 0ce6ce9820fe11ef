from __future__ import annotations

import os
import tempfile
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trio_agent.core.errors import ToolError
from trio_agent.tools.paths import MAX_PATH_BYTES, directory_inside, open_inside, resolve_inside


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    workspace = tmp_path.resolve() / "workspace"
    workspace.mkdir()
    return workspace


@pytest.mark.parametrize("named", ["a/b", "./a/b", "a/../a/b", "a//b"])
def test_many_names_lead_to_one_path(workspace: Path, named: str) -> None:
    assert resolve_inside(workspace, named) == Path("a/b")


def test_an_absolute_path_inside_is_taken(workspace: Path) -> None:
    assert resolve_inside(workspace, f"{workspace}/a") == Path("a")
    assert resolve_inside(workspace, str(workspace)) == Path()


@pytest.mark.parametrize(
    "named",
    ["..", "../workspace-2", "/etc/passwd", "a/../../x", "/", "", "a\0b", "\ud800", "x" * (MAX_PATH_BYTES + 1)],
)
def test_what_leads_outside_or_nowhere_is_refused(workspace: Path, named: str) -> None:
    with pytest.raises(ToolError) as caught:
        resolve_inside(workspace, named)
    str(caught.value).encode()


def test_a_name_that_only_begins_like_the_workspace_is_outside(workspace: Path) -> None:
    with pytest.raises(ToolError):
        resolve_inside(workspace, f"{workspace}-2/file")


def test_links_are_followed_inside_and_refused_outside(workspace: Path) -> None:
    (workspace / "inside").symlink_to("real")
    (workspace / "outside").symlink_to("..")
    (workspace / "loop").symlink_to("loop")
    assert resolve_inside(workspace, "inside/file") == Path("real/file")
    with pytest.raises(ToolError):
        resolve_inside(workspace, "outside/file")
    with pytest.raises(ToolError):
        os.close(open_inside(workspace, resolve_inside(workspace, "loop"), os.O_RDONLY))


@pytest.mark.parametrize("swapped", ["directory", "directory/file"])
def test_a_link_that_appears_after_the_check_is_not_followed(workspace: Path, tmp_path: Path, swapped: str) -> None:
    (workspace / "directory").mkdir()
    (workspace / "directory" / "file").write_text("mine")
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "file").write_text("secret")
    relative = resolve_inside(workspace, "directory/file")
    (workspace / swapped).rename(workspace / "aside")
    (workspace / swapped).symlink_to(outside if swapped == "directory" else outside / "file")
    with pytest.raises(ToolError):
        os.close(open_inside(workspace, relative, os.O_RDONLY))


def test_missing_directories_are_made_on_request_only(workspace: Path) -> None:
    with pytest.raises(ToolError, match="No such file"), directory_inside(workspace, Path("a/b")):
        pass
    with directory_inside(workspace, Path("a/b"), create=True) as descriptor:
        os.close(os.open("file", os.O_WRONLY | os.O_CREAT, dir_fd=descriptor))
    assert (workspace / "a/b/file").exists()


def test_a_refusal_keeps_no_descriptor(workspace: Path) -> None:
    (workspace / "file").touch()
    before = len(os.listdir("/proc/self/fd"))
    for relative in ("file/below", "missing/file", "missing"):
        with pytest.raises(ToolError):
            open_inside(workspace, Path(relative), os.O_RDONLY)
    assert len(os.listdir("/proc/self/fd")) == before


steps = st.lists(st.sampled_from(["a", "b", "up", "out", "here", "..", ".", "file"]), min_size=1, max_size=8)


@given(steps, st.sampled_from(["", "/"]))
def test_no_path_through_any_links_opens_what_is_outside(path: list[str], prefix: str) -> None:
    with tempfile.TemporaryDirectory() as directory:
        top = Path(directory).resolve()
        workspace = top / "workspace"
        for inside in ("workspace/a/b", "workspace/b"):
            (top / inside).mkdir(parents=True)
            (top / inside / "file").write_text("inside")
            (top / inside / "up").symlink_to("..")
            (top / inside / "out").symlink_to(top)
            (top / inside / "here").symlink_to(workspace / "a")
        for outside in ("file", "a", "b"):
            (top / outside).write_text("outside")
        named = prefix + "/".join(path)
        try:
            descriptor = open_inside(workspace, resolve_inside(workspace, named), os.O_RDONLY)
        except ToolError:
            # Refused with reason: it is not there, it is no directory on the way, or it is outside.
            real = (workspace / named).resolve()
            assert not real.is_relative_to(workspace) or not real.exists()
            return
        try:
            opened = Path(os.readlink(f"/proc/self/fd/{descriptor}"))
            assert opened.is_relative_to(workspace)
            assert opened == (workspace / named).resolve()
        finally:
            os.close(descriptor)


def test_a_race_of_links_against_the_check_is_never_won(workspace: Path, tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.mkdir()
    (secret / "file").write_text("secret")
    (workspace / "real").mkdir()
    (workspace / "real" / "file").write_text("mine")
    place, link = workspace / "place", workspace / "link"
    link.symlink_to(secret)
    stop = threading.Event()
    swaps = 0

    def swap() -> None:
        nonlocal swaps
        while not stop.is_set():
            (workspace / "real").rename(place)
            place.rename(workspace / "real")
            link.rename(place)
            place.rename(link)
            swaps += 1

    racer = threading.Thread(target=swap)
    racer.start()
    refused = 0
    try:
        while swaps < 3000:
            try:
                descriptor = open_inside(workspace, resolve_inside(workspace, "place/file"), os.O_RDONLY)
            except ToolError:
                refused += 1
                continue
            with open(descriptor) as file:
                assert file.read() == "mine"
    finally:
        stop.set()
        racer.join()
    # It was a race: the place was looked at while it was not what it should be.
    assert refused


def test_a_directory_that_many_make_at_once_is_made_for_all_of_them(tmp_path: Path) -> None:
    many = 8
    together = threading.Barrier(many)

    def make(name: str) -> None:
        together.wait()
        with directory_inside(tmp_path, Path(name, "below"), create=True) as directory:
            os.fstat(directory)

    with ThreadPoolExecutor(many) as threads:
        for at in range(50):
            for made in [threads.submit(make, f"new{at}") for _ in range(many)]:
                made.result()
