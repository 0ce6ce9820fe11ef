"""A disk that is full, or fails, at the Nth system call: strace makes the calls of a running server fail.

The server is the same for all faults of a run, so each one is met by what the ones before have left.
"""

from __future__ import annotations

import errno
import random
import resource
import shutil
import subprocess
from collections.abc import AsyncIterator, Iterable, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

import trio

from tests.crash.house import House, Reader, judge
from tests.projects import make_project
from tests.served import ServedRepository

WRITES = "pwrite64,fsync,fdatasync,ftruncate,fallocate"
CALLS = {errno.ENOSPC: WRITES, errno.EIO: f"{WRITES},pread64"}
"""What is made to fail where it is on the store's files. Each of the calls is counted by itself, in each thread."""

MOST_POSTS = 400
"""More than it takes to come to the last of the calls."""

KILL_EVERY = 25
LET_GO_S = 2.0


class Strace:
    """An strace that is attached to the server. `injected` is set when a call was made to fail."""

    def __init__(self, process: trio.Process) -> None:
        self._process = process
        self.injected = trio.Event()

    async def run(self, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
        """Listen to what it says, until it has let go. Started when it is attached."""
        assert self._process.stderr is not None
        said, attached = b"", False
        async with self._process.stderr as stderr:
            async for chunk in stderr:
                said = said[-200:] + chunk
                if b"attached" in said and not attached:
                    attached = True
                    task_status.started()
                if b"(INJECTED)" in said:
                    self.injected.set()


def strace_works() -> bool:
    """Is strace installed, and may it look at a process of ours?"""
    if shutil.which("strace") is None:
        return False
    return subprocess.run(["strace", "-o", "/dev/null", "true"], capture_output=True, check=False).returncode == 0


@asynccontextmanager
async def failing(house: House, error: int, call: int) -> AsyncIterator[Strace]:
    """For as long as the block lasts, the server's `call`th call from now on the disk fails with `error`, in every thread."""
    calls = CALLS[error]
    command = ["strace", "-f", "-p", str(house.server.process.pid), "-e", f"trace={calls}", "-e", "signal=none"]
    command += ["-e", f"inject={calls}:error={errno.errorcode[error]}:when={call}"]
    store = house.server.data_dir / "agent.db"
    command += ["-P", str(store), "-P", f"{store}-wal"]
    process = await trio.lowlevel.open_process(command, stderr=subprocess.PIPE)
    strace = Strace(process)
    async with trio.open_nursery() as nursery:
        await nursery.start(strace.run)
        try:
            yield strace
        finally:
            process.terminate()
            with trio.move_on_after(LET_GO_S, shield=True):
                await process.wait()
            process.kill()
            with trio.move_on_after(LET_GO_S, shield=True):
                await process.wait()


@contextmanager
def no_room(house: House) -> Iterator[None]:
    """For as long as the block lasts, no file of the server's may grow beyond what the WAL is now. Needs no strace."""
    pid, wal = house.server.process.pid, Path(f"{house.server.data_dir}/agent.db-wal")
    _, most = resource.prlimit(pid, resource.RLIMIT_FSIZE)
    resource.prlimit(pid, resource.RLIMIT_FSIZE, (wal.stat().st_size, most))
    try:
        yield
    finally:
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (most, most))


@asynccontextmanager
async def watched_house(folder: Path) -> AsyncIterator[House]:
    """A server and a reader, and in the end the judgement of what its clients know. `folder` is empty."""
    make_project(folder / "wordcount")
    house = House(ServedRepository(folder / "wordcount", folder / "data", "--model", "demo"))
    reader = Reader(house)
    await house.start()
    try:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(reader.run)
            yield house
            await judge(house, [reader])
            nursery.cancel_scope.cancel()
        if await trio.to_thread.run_sync(house.server.stop) != 0:
            house.broken.append("it did not stop in order")
    finally:
        house.server.close()


async def survive_faults(folder: Path, faults: Iterable[tuple[int, int]], seed: int) -> House:
    """Meet every (error, call) of `faults`; gives what the server's clients know, with every broken promise."""
    chance = random.Random(seed)
    async with watched_house(folder) as house:
        for number, (error, call) in enumerate(faults, 1):
            await _meet(house, error, call)
            if number % KILL_EVERY == 0 or chance.random() < 0.02:
                await house.kill()
                await house.start()
    return house


async def survive_no_room(folder: Path, times: int) -> House:
    """Run out of room so often, be killed each time, and go on; gives what the server's clients know."""
    async with watched_house(folder) as house, house.client() as client:
        for number in range(times):
            await house.post(client, f"key-of-before-{number}", f"echo before {number}")
            key, text = f"key-of-refused-{number}", f"echo refused {'.' * 20_000} {number}"
            with no_room(house):
                if (status := await house.try_to_post(client, key, text)) not in (503, 507):
                    house.broken.append(f"without room a post was answered with {status}")
            if number % 2:
                await house.kill()
                await house.start()
            if (status := await house.try_to_post(client, key, text)) != 202:
                house.broken.append(f"there was room again, and the post was answered with {status}")
    return house


async def _meet(house: House, error: int, call: int) -> None:
    """Post until the fault has come, then see that what was refused is taken now."""
    name = f"{errno.errorcode[error]}-{call}"
    refused: list[tuple[str, str]] = []
    async with house.client() as client:
        async with failing(house, error, call) as strace:
            for number in range(MOST_POSTS):
                key, text = f"key-of-{name}-{number}", f"echo {name} {number}"
                if await house.try_to_post(client, key, text) not in (200, 202):
                    refused.append((key, text))
                if strace.injected.is_set():
                    break
            else:
                house.broken.append(f"{name} did not come in {MOST_POSTS} posts")
        house.counts["faults"] += 1
        for key, text in refused:
            if (status := await house.try_to_post(client, key, text)) not in (200, 202):
                house.broken.append(f"after {name} there was room again, and still {status}")
