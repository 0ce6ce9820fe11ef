"""What a model is shown of the images in its conversation."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.agent.desk import Desk, FakeTool, calls, says
from tests.runtime.house import HouseStore, at_rest
from trio_agent.agent.images import MAX_IMAGES_BYTES, images_of
from trio_agent.core.transcript import ImageRef, Outcome, UserTurn
from trio_agent.seams import Toolbench, ToolResult
from trio_agent.stores.blobs import MemoryBlobs


@pytest.fixture
def store() -> HouseStore:
    return HouseStore()


async def test_what_a_tool_shows_is_in_the_next_question(store: HouseStore, tmp_path: Path) -> None:
    async def show(input: bytes, bench: Toolbench) -> ToolResult:
        display = {"kind": "image", "blob": await bench.keep(b"png"), "media_type": "image/png"}
        return ToolResult(text="a picture", display=display)

    desk = Desk(tmp_path, calls("show"), says("seen"), tools=[FakeTool("show", show)])
    async with desk.session(store) as session:
        await session.post("look")
        await at_rest(session)
    assert dict(desk.model.requests[0].images) == {}
    assert list(desk.model.requests[1].images.values()) == [b"png"]


async def test_of_more_images_than_a_question_can_hold_the_newest_are_shown_and_what_is_gone_is_left_out() -> None:
    blobs = MemoryBlobs()
    old, mid, new = [await blobs.put(bytes([number]) * (MAX_IMAGES_BYTES // 2)) for number in range(3)]
    refs = tuple(ImageRef(blob, "image/png") for blob in (old, "f" * 64, mid, new))
    turns = (
        UserTurn(outcomes=(Outcome(tool_call_id="1", name="a", text="b", images=refs[:3]),)),
        UserTurn(images=refs[3:]),
    )
    assert set(await images_of(turns, blobs)) == {mid, new}
