"""What a model is shown of the images in its conversation."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.agent.desk import Desk, FakeTool, calls, says, tells
from tests.pictures import png
from tests.runtime.house import HouseStore, at_rest, lines
from trio_agent.agent.images import MAX_IMAGES_BYTES, images_of
from trio_agent.core.errors import ProviderError
from trio_agent.core.image_size import MAX_IMAGE_SIDE
from trio_agent.core.prompts import AttachedFile
from trio_agent.core.transcript import ImageRef, Outcome, UserTurn
from trio_agent.seams import ModelRequest, Toolbench, ToolResult
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


REFUSED = ProviderError("The server refused the request: image input is not supported", about_request=True)


def shows(name: str, data: bytes) -> FakeTool:
    async def show(input: bytes, bench: Toolbench) -> ToolResult:
        display = {"kind": "image", "blob": await bench.keep(data), "media_type": "image/png"}
        return ToolResult(text="a picture", display=display)

    return FakeTool(name, show)


def seen(request: ModelRequest) -> list[bytes]:
    return sorted(request.images.values())


def told(request: ModelRequest) -> list[str]:
    """What stands where the images of the tools' results stood or stand."""
    return [each.text for turn in request.turns if isinstance(turn, UserTurn) for each in turn.outcomes]


async def test_an_image_that_has_a_question_refused_is_left_out_of_this_one_and_of_all_that_follow(
    store: HouseStore, tmp_path: Path
) -> None:
    steps = [calls("show"), REFUSED, says("I cannot see it."), says("Forgotten."), calls("show", id="2"), says("No.")]
    desk = Desk(tmp_path, *steps, tools=[shows("show", png())])
    async with desk.session(store) as session:
        for words in ("look", "forget the image", "and again"):
            await session.post(words)
            await at_rest(session)
        log = await lines(session)
    assert desk.model.steps == []
    _, refused, without, later, _, again = desk.model.requests
    assert seen(refused) == [png()]
    assert [seen(each) for each in (without, later, again)] == [[], [], []], (
        "the very same image is known to be refused"
    )
    assert told(without) == ["(There was an image here, which was refused by the server of this model.)\n\na picture"]
    assert not [each for each in log if each.startswith("error")]
    assert [each for each in log if "asked again without an image" in each and "not supported" in each]


async def test_what_the_model_took_before_stays_when_a_new_image_is_refused(store: HouseStore, tmp_path: Path) -> None:
    steps = [calls("good"), calls("bad"), REFUSED, says("Hm."), says("Yes.")]
    desk = Desk(tmp_path, *steps, tools=[shows("good", png(2)), shows("bad", png(3))])
    async with desk.session(store) as session:
        for words in ("look", "and?"):
            await session.post(words)
            await at_rest(session)
    assert [seen(each) for each in desk.model.requests[1:]] == [[png(2)], [png(2), png(3)], [png(2)], [png(2)]]


async def test_where_that_does_not_help_all_are_left_out_and_then_the_refusal_is_told(
    store: HouseStore, tmp_path: Path
) -> None:
    steps = [calls("good"), calls("bad"), REFUSED, REFUSED, REFUSED, says("Now.")]
    desk = Desk(tmp_path, *steps, tools=[shows("good", png(2)), shows("bad", png(3))])
    async with desk.session(store) as session:
        await session.post("look")
        await at_rest(session)
        (error,) = [each for each in await lines(session) if each.startswith("error")]
        assert "/compact" in error
        assert "/model" in error
        assert "continue" not in error
        await session.post("again")
        await at_rest(session)
    asked = [seen(each) for each in desk.model.requests]
    assert asked[2:5] == [[png(2), png(3)], [png(2)], []]
    assert asked[5] == [png(2), png(3)], "it was not for the images: they are shown"


async def test_an_image_that_the_user_sent_is_left_out_just_so(store: HouseStore, tmp_path: Path) -> None:
    desk = Desk(tmp_path, REFUSED, says("I cannot see it."), says("Yes."))
    blob = await desk.blobs.put(png())
    file = AttachedFile(blob=blob, name="shot.png", media_type="image/png", size=len(png()))
    async with desk.session(store) as session:
        await session.post("look", files=[file])
        await at_rest(session)
        await session.post("forget it")
        await at_rest(session)
    assert [seen(each) for each in desk.model.requests] == [[png()], [], []]
    (turn,) = desk.model.requests[1].turns
    assert turn.text.startswith("(There was an image here, which was refused by the server of this model.)\n\nlook")
    assert "shot.png" in turn.text


async def test_another_model_is_shown_what_one_refused(store: HouseStore, tmp_path: Path) -> None:
    desk = Desk(tmp_path, calls("show"), REFUSED, says("No."), says("I see."), tools=[shows("show", png())])
    async with desk.session(store) as session:
        await session.post("look")
        await at_rest(session)
        desk.model.name = "other"
        await session.post("and you?")
        await at_rest(session)
    assert [seen(each) for each in desk.model.requests[1:]] == [[png()], [], [png()]]


@pytest.mark.parametrize(
    "step", [ProviderError("Wrong key."), tells("Half", then=REFUSED)], ids=["another reason", "half an answer"]
)
async def test_a_failure_for_another_reason_or_after_half_an_answer_is_told(
    store: HouseStore, tmp_path: Path, step: ProviderError
) -> None:
    desk = Desk(tmp_path, calls("show"), step, says("I see."), tools=[shows("show", png())])
    async with desk.session(store) as session:
        for words in ("look", "and?"):
            await session.post(words)
            await at_rest(session)
        assert [each for each in await lines(session) if each.startswith("error")]
    assert [seen(each) for each in desk.model.requests[1:]] == [[png()], [png()]]


async def test_an_image_that_no_model_takes_is_never_sent_whoever_brought_it(store: HouseStore, tmp_path: Path) -> None:
    large = png(MAX_IMAGE_SIDE + 1)
    desk = Desk(tmp_path, calls("show"), says("No."), tools=[shows("show", large)])
    async with desk.session(store) as session:
        await session.post("look")
        await at_rest(session)
    assert seen(desk.model.requests[1]) == []
    assert told(desk.model.requests[1])[0].startswith("(There was an image here, which is 8001 x 1 pixels large")
