"""A disk without room, or that fails, under a real server: refused is told, acknowledged is kept, and it goes on after."""

from __future__ import annotations

import errno
from pathlib import Path

from tests.crash.faults import strace_works, survive_faults, survive_no_room


async def test_without_room_posts_are_refused_and_with_room_they_are_taken(tmp_path: Path) -> None:
    house = await survive_no_room(tmp_path, times=4)
    assert house.broken == []
    assert house.counts["answered 503"] + house.counts["answered 507"] >= 4


async def test_a_call_that_fails_loses_nothing_and_is_got_over(tmp_path: Path) -> None:
    # Where strace may not be used, a limit on the size of files is the disk that fails.
    if not strace_works():
        assert (await survive_no_room(tmp_path, times=8)).broken == []
        return
    faults = [(error, call) for call in (1, 2, 6, 15) for error in (errno.ENOSPC, errno.EIO)]
    house = await survive_faults(tmp_path, faults, seed=1)
    assert house.broken == []
    assert house.counts["answered 507"]
    assert house.counts["answered 503"]
