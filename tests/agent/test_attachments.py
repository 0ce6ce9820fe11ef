"""What a model is told of the files that a user sends, and when of a message that is queued."""

from __future__ import annotations

from pathlib import Path

import pytest
from trio.testing import wait_all_tasks_blocked

from tests.agent.desk import Desk, FakeTool, calls, says
from tests.runtime.house import HouseStore, at_rest
from trio_agent.core.transcript import UserTurn
from trio_agent.seams import Toolbench, ToolResult

PNG = b"\x89PNG\r\n\x1a\n" + bytes(20)


@pytest.fixture
def store() -> HouseStore:
    return HouseStore()


async def test_an_attached_image_is_in_the_question_and_a_text_is_in_its_words(
    store: HouseStore, tmp_path: Path
) -> None:
    desk = Desk(tmp_path, says("seen"), says("still seen"))
    async with desk.session(store) as session:
        wanted = []
        for data, name in ((PNG, "shot.png"), (b"42\n", "answer.txt")):
            blob, _ = await session.uploads.take(data, desk.blobs)
            wanted.append((blob, name))
        await session.post("look", files=await session.uploads.attach(wanted, desk.blobs))
        await at_rest(session)
        await session.post("and now?")
        await at_rest(session)
    for request in desk.model.requests:
        (first, *_) = request.turns
        assert isinstance(first, UserTurn)
        assert [request.images[image.blob] for image in first.images] == [PNG]
        assert "look" in first.text
        assert "answer.txt (text/plain, 3 bytes). It says:]\n```\n42\n" in first.text


async def test_a_queued_message_is_not_taken_along_but_read_after_the_turn(store: HouseStore, tmp_path: Path) -> None:
    async def work(input: bytes, bench: Toolbench) -> ToolResult:
        await session.post("later", queued=True)
        await session.post("now")
        await wait_all_tasks_blocked()
        return ToolResult(text="done")

    desk = Desk(tmp_path, calls("work"), says("first"), says("second"), tools=[FakeTool("work", work)])
    async with desk.session(store) as session:
        await session.post("begin")
        await at_rest(session)
    asked = [request.turns[-1] for request in desk.model.requests]
    assert [turn.text for turn in asked if isinstance(turn, UserTurn)] == ["begin", "now", "later"]
