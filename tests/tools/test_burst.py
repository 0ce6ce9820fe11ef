from __future__ import annotations

import msgspec
import pytest

from tests.tools.bench import FakeBench
from trio_agent.core.errors import ToolError
from trio_agent.tools.burst import IN_FLIGHT, Burst


@pytest.mark.parametrize("count", [1, IN_FLIGHT, 1000])
async def test_every_number_is_recorded_once(bench: FakeBench, count: int) -> None:
    result = await Burst().run(msgspec.json.encode({"count": count, "bytes": 40}), bench)
    assert sorted(int(note.partition("/")[0]) for note in bench.notes) == list(range(1, count + 1))
    assert {len(note) for note in bench.notes} == {40}
    assert str(count) in result.text


async def test_notes_are_written_many_at_a_time_but_not_without_bound(bench: FakeBench) -> None:
    await Burst().run(b'{"count": 1000}', bench)
    assert bench.most_notes_in_flight == IN_FLIGHT
    assert {len(note) for note in bench.notes} == {500}


@pytest.mark.parametrize("input", [b'{"count": 0}', b'{"count": 1, "bytes": 100000000}', b"{}"])
async def test_a_burst_out_of_bounds_is_refused(bench: FakeBench, input: bytes) -> None:
    with pytest.raises(ToolError):
        await Burst().run(input, bench)
    assert not bench.notes
