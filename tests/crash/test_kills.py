"""A short run of what `python -m tests.crash` does at length."""

from __future__ import annotations

from pathlib import Path

from tests.crash.kills import survive_kills


async def test_killed_again_and_again_it_loses_nothing_and_does_nothing_twice(tmp_path: Path) -> None:
    house = await survive_kills(tmp_path, kills=8, seed=1)
    assert house.broken == []
    assert house.counts["kills"] >= 8
    # That it was in the middle of things, and not at rest, when it was killed.
    assert house.counts["posts cut off"]
    assert house.counts["streams cut off"]
    assert house.counts["interrupted"]
    assert house.counts["tools begun"]


async def test_without_a_sandbox_a_killed_servers_tools_end_when_the_next_one_starts(tmp_path: Path) -> None:
    house = await survive_kills(tmp_path, kills=3, seed=5, sandbox="none")
    assert house.broken == []
    assert house.counts["tools begun"]
