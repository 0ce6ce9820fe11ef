from __future__ import annotations

import hashlib
import stat
import subprocess
import sys
from pathlib import Path

import pytest
import trio
from trio.testing import MockClock

from trio_agent.core.errors import NotFound, StoreError
from trio_agent.stores.blobs import FileBlobs, MemoryBlobs


@pytest.fixture(params=["file", "memory"])
def blobs(request: pytest.FixtureRequest, tmp_path: Path) -> FileBlobs | MemoryBlobs:
    return FileBlobs(tmp_path / "blobs") if request.param == "file" else MemoryBlobs()


@pytest.mark.parametrize("data", [b"", b"bytes\0\xff", b"x" * 3_000_000], ids=["none", "few", "many"])
async def test_what_is_put_is_got_by_its_hash(blobs: FileBlobs | MemoryBlobs, data: bytes) -> None:
    blob = await blobs.put(data)
    assert blob == hashlib.sha256(data).hexdigest()
    assert await blobs.get(blob) == data


@pytest.mark.parametrize(
    "name",
    [
        *(
            "0" * 64,
            "",
            "..",
            "../token",
            "a" * 63,
            "a" * 65,
            "A" * 64,
            "/etc/passwd",
            "a" * 62 + "/.",
            "a" * 64 + "\n",
        ),
        *("aa\0" + "a" * 61, "\u0661" * 64),
    ],
)
async def test_what_is_not_kept_or_no_id_is_not_found(blobs: FileBlobs | MemoryBlobs, name: str) -> None:
    with pytest.raises(NotFound):
        await blobs.get(name)


async def test_what_is_removed_is_gone_and_what_was_put_since_stays(
    blobs: FileBlobs | MemoryBlobs, mock_clock: MockClock
) -> None:
    old, again, stays = [await blobs.put(data) for data in (b"old", b"again", b"stays")]
    mock_clock.jump(10)
    before = trio.current_time()
    assert await blobs.put(b"again") == again
    await blobs.remove([old, again, "0" * 64, "../token"], before)
    for blob, there in ((old, False), (again, True), (stays, True)):
        if there:
            await blobs.get(blob)
        else:
            with pytest.raises(NotFound):
                await blobs.get(blob)
    assert await blobs.put(b"old") == old
    assert await blobs.get(old) == b"old"


async def test_a_blob_of_a_process_before_this_one_is_removed(tmp_path: Path) -> None:
    blob = await FileBlobs(tmp_path).put(b"data")
    await FileBlobs(tmp_path).remove([blob], 0.0)
    with pytest.raises(NotFound):
        await FileBlobs(tmp_path).get(blob)


async def test_the_same_bytes_are_kept_once_for_their_owner_alone_and_leave_no_part(tmp_path: Path) -> None:
    directory = tmp_path / "blobs"
    blobs = FileBlobs(directory)
    ids = []

    async def put() -> None:
        ids.append(await blobs.put(b"data"))

    async with trio.open_nursery() as nursery:
        for _ in range(20):
            nursery.start_soon(put)
    assert len(set(ids)) == 1
    (file,) = [path for path in directory.rglob("*") if path.is_file()]
    assert f"{file.parent.name}{file.name}" == ids[0]
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(directory.stat().st_mode) == stat.S_IMODE(file.parent.stat().st_mode) == 0o700


async def test_a_blob_is_there_after_a_restart(tmp_path: Path) -> None:
    blob = await FileBlobs(tmp_path).put(b"data")
    assert await FileBlobs(tmp_path).get(blob) == b"data"


async def test_a_directory_that_cannot_be_made_is_the_stores_error(tmp_path: Path) -> None:
    (tmp_path / "blobs").write_text("in the way")
    with pytest.raises(StoreError, match="could not be kept"):
        await FileBlobs(tmp_path / "blobs").put(b"data")


PUT_LIMITED = """
import resource, sys, trio
from pathlib import Path
from trio_agent.core.errors import StoreError
from trio_agent.stores.blobs import FileBlobs
resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))
try:
    trio.run(FileBlobs(Path(sys.argv[1])).put, b"x" * 200_000)
except StoreError as exc:
    print(exc)
"""


def test_bytes_that_do_not_fit_on_the_disk_leave_nothing(tmp_path: Path) -> None:
    done = subprocess.run([sys.executable, "-c", PUT_LIMITED, tmp_path], capture_output=True, text=True, check=True)
    assert "could not be kept" in done.stdout
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]
