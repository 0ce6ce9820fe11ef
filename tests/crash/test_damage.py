"""Damaged stores are refused, or shown to be whole; nothing in between."""

from __future__ import annotations

from pathlib import Path

from tests.crash.damage import outcomes


async def test_a_damaged_store_is_refused_unless_all_of_it_is_there(tmp_path: Path) -> None:
    counts = await outcomes(tmp_path, range(500))
    assert counts.keys() == {"refused", "whole"}
    assert counts["refused"] > 400, "most places in the files matter, so most of the damage was not seen"
