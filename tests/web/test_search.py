"""Search over HTTP, in a store without an index of its own and in one on disk."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import httpx2
import pytest

from tests.runtime.house import HouseAgent, HouseStore, house_hall
from tests.web.serving import serving_app
from trio_agent.core.message import Message
from trio_agent.runtime.hall import open_hall
from trio_agent.stores.sqlite import open_sqlite
from trio_agent.web.finding import find


async def found(client: httpx2.AsyncClient, **query: Any) -> dict[str, Any]:
    answer = await client.get("/search", params=query)
    assert answer.status_code == 200, answer.text
    told: dict[str, Any] = answer.json()
    return told


async def test_messages_are_found_with_their_place_and_what_stands_around() -> None:
    async with serving_app() as server, server.client() as client:
        session_id = (await server.session()).id
        await server.record("hay", "the <b>needle</b> in it")
        told = await found(client, text="needle")
        (message,) = told["messages"]
        assert (message["session_id"], message["idx"]) == (session_id, 1)
        assert message["url"] == f"sessions/{session_id}/#message-1"
        assert message["snippet"] == [
            {"text": "the <b>", "hit": False},
            {"text": "needle", "hit": True},
            {"text": "</b> in it", "hit": False},
        ]
        assert (told["more"], told["complete"]) == (False, True)


async def test_the_newest_session_comes_first_and_more_is_told_of() -> None:
    async with serving_app() as server, server.client() as client:
        await server.record("needle 0", "needle 1")
        await client.post("/sessions")
        await server.record("needle 2")
        told = await found(client, text="needle", limit=2)
        assert [each["snippet"][1]["text"] for each in told["messages"]] == [" 2", " 1"]
        assert told["more"]


async def test_sessions_are_found_by_their_titles() -> None:
    async with serving_app() as server, server.client() as client:
        made = (await client.post("/sessions", json={"title": "Fix the Needle"})).json()["session_id"]
        assert [row["session_id"] for row in (await found(client, text="needle"))["sessions"]] == [made]


@pytest.mark.parametrize(
    "query", ["", "?text=", "?text=***", "?text=a&text=b", "?text=a&limit=x", f"?text={'a' * 201}"]
)
async def test_a_search_for_nothing_is_a_400(query: str) -> None:
    async with serving_app() as server, server.client() as client:
        assert (await client.get(f"/search{query}")).status_code == 400


async def test_sessions_of_other_projects_are_not_searched() -> None:
    store = HouseStore()
    async with house_hall(store, HouseAgent(), "/srv/other") as hall:
        await (await hall.newest()).record(Message(content="their needle"))
    async with house_hall(store, HouseAgent()) as hall:
        await (await hall.newest()).record(Message(content="our needle"))
        (message,) = (await find(hall, "needle", 10)).messages
        assert message.snippet[0].text == "our "


async def test_a_store_on_disk_is_searched_by_its_index_also_in_sessions_that_nobody_has_opened(tmp_path: Path) -> None:
    def opening(store: Any, project: str = "/srv/project") -> Any:
        return open_hall(store, HouseAgent(), project=project, clock=lambda: 1_795_000_000.0)

    async with open_sqlite(tmp_path / "agent.db") as store:
        async with opening(store, "/srv/other") as hall:
            await (await hall.newest()).record(Message(content="their needle"))
        async with opening(store) as hall:
            old = await hall.newest()
            await old.record(Message(content="an old needle"))
            await hall.create()
    async with open_sqlite(tmp_path / "agent.db") as store, opening(store) as hall:
        while not (told := await find(hall, "needle", 10)).complete:
            pass
        assert [(each.session_id, each.idx) for each in told.messages] == [(old.id, 0)]
        assert old.id not in {session.id for session in hall.open_sessions()}
