"""Servers may bring more tools than a provider takes in one question: the user and the model hear which are left out."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.agent.desk import Desk, FakeTool, calls, roles, says
from tests.agent.providers import assert_every_provider_takes
from tests.runtime.house import HouseStore, at_rest, lines
from trio_agent.agent.told_tools import MAX_NAMED, MAX_TOOLS


@pytest.fixture
def store() -> HouseStore:
    return HouseStore()


def many(count: int) -> list[FakeTool]:
    return [FakeTool("bash"), *(FakeTool(f"server__{number}") for number in range(count))]


async def test_no_more_tools_are_told_than_every_provider_takes_our_own_first(
    store: HouseStore, tmp_path: Path
) -> None:
    desk = Desk(tmp_path, calls("server__299"), says("Done."), says("Yes."), tools=many(300))
    async with desk.session(store) as session:
        for words in ("hi", "and?"):
            await session.post(words)
            await at_rest(session)
        (told,) = [each for each in await lines(session) if each.startswith("auto")]
    assert len(desk.model.requests[0].tools) == MAX_TOOLS
    assert [each.name for each in desk.model.requests[0].tools[:3]] == ["subagent", "bash", "server__0"]
    assert_every_provider_takes(desk.model.requests[0])
    left_out = 300 - (MAX_TOOLS - 2)
    assert f"server__{MAX_TOOLS - 2}, " in told
    assert f"and {left_out - MAX_NAMED} more" in told
    assert "fewer MCP servers" in told
    heard = roles(desk.model.requests[0])
    assert heard == [f"hi\n\n[{told.removeprefix('auto: ')}]"], "the model is told too"
    assert "There is no tool 'server__299'" in roles(desk.model.requests[1])[2], (
        "and it cannot call what it is not told of"
    )


async def test_of_two_tools_with_one_name_the_first_is_told_and_the_other_named(
    store: HouseStore, tmp_path: Path
) -> None:
    ours, theirs = FakeTool("a__b"), FakeTool("a__b", "theirs")
    desk = Desk(tmp_path, calls("a__b"), says("Done."), tools=[ours, theirs])
    async with desk.session(store) as session:
        await session.post("hi")
        await at_rest(session)
        assert [each for each in await lines(session) if "cannot be called: a__b." in each]
    assert (ours.runs, theirs.runs) == (1, 0)
    assert_every_provider_takes(desk.model.requests[0])


async def test_nothing_is_said_while_all_fit_and_it_is_said_anew_when_others_are_left_out(
    store: HouseStore, tmp_path: Path
) -> None:
    desk = Desk(tmp_path, *(says("Yes.") for _ in range(4)), tools=many(MAX_TOOLS - 2))
    async with desk.session(store) as session:
        counts = []
        for tools in (MAX_TOOLS - 2, MAX_TOOLS - 1, MAX_TOOLS, MAX_TOOLS):
            desk.tools[:] = many(tools)
            await session.post("hi")
            await at_rest(session)
            counts.append(sum(each.startswith("auto") for each in await lines(session)))
    assert counts == [0, 1, 2, 2]
