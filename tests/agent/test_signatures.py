"""What a model signed a call with comes back to it, whatever the call was called: ids are mended before they are recorded."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.agent.desk import Desk, FakeTool
from tests.models.transport import Far, ok
from tests.runtime.house import HouseStore, at_rest, lines, logged
from tests.standins.gemini_chunks import answer_chunks, encode_chunk, signature_of
from trio_agent.models.gemini import DEFAULT_MODEL, GeminiWire


def stream(number: int, **answer: object) -> bytes:
    return b"".join(map(encode_chunk, answer_chunks(answer, DEFAULT_MODEL, number)))


@pytest.mark.parametrize("id", [None, "", "0", "functions.look:0", "x" * 100])
async def test_signatures_of_calls_without_an_id_of_their_own_come_back(tmp_path: Path, id: str | None) -> None:
    looks = [{"name": "look", "input": {"at": "a"}, "id": id}, {"name": "look", "input": {"at": "b"}, "id": id}]
    far = Far(*(ok(stream(number, tool_calls=looks)) for number in (1, 2, 3)), ok(stream(4, text="Done.")))
    desk = Desk(tmp_path, tools=[FakeTool("look")])
    desk.model = far.model(GeminiWire(DEFAULT_MODEL, "k", base_url="http://elsewhere"))  # type: ignore[assignment]
    async with desk.session(HouseStore()) as session:
        await session.post("hi")
        await at_rest(session)
        assert (await lines(session))[-1] == "agent: Done."
        ids = [call.tool_call_id for each in await logged(session) for call in each.tool_calls]
    contents = json.loads(far.requests[-1].content)["contents"]
    parts = [part for content in contents for part in content["parts"] if "functionCall" in part]
    assert [part.get("thoughtSignature") for part in parts] == [
        each for number in (1, 2, 3) for each in (signature_of(number), None)
    ]
    assert [part["functionCall"]["id"] for part in parts] == ids
    assert len(set(ids)) == 6


async def test_ids_that_are_distinct_stay_as_they_are(tmp_path: Path) -> None:
    far = Far(ok(stream(1, tool_calls=[{"name": "look", "input": {}}])), ok(stream(2, text="Done.")))
    desk = Desk(tmp_path, tools=[FakeTool("look")])
    desk.model = far.model(GeminiWire(DEFAULT_MODEL, "k", base_url="http://elsewhere"))  # type: ignore[assignment]
    async with desk.session(HouseStore()) as session:
        await session.post("hi")
        await at_rest(session)
        assert (await logged(session))[1].tool_calls[0].tool_call_id == "fc10"
