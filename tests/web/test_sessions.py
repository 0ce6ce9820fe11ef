"""Sessions as clients see them: listed, begun, renamed, archived, deleted."""

from __future__ import annotations

from functools import partial

import msgspec
import pytest

from tests.web.echo_agent import EchoAgent
from tests.web.serving import open_events, serving_app
from trio_agent.stores.memory import MemoryStore


async def test_sessions_are_listed_newest_first() -> None:
    async with serving_app() as server, server.client() as client:
        first = (await server.session()).id
        begun = await client.post("/sessions", json={"title": "second"})
        assert begun.status_code == 201
        second = begun.json()["session_id"]
        assert begun.json() == {"session_id": second, "url": f"sessions/{second}/"}
        rows = (await client.get("/sessions")).json()
        assert [row["session_id"] for row in rows] == [second, first]
        assert (rows[0]["title"], rows[0]["agent_state"], rows[0]["message_count"]) == (
            "second",
            "WaitingForUserInput",
            0,
        )


async def test_the_root_serves_the_newest_session() -> None:
    async with serving_app() as server, server.client() as client:
        begun = (await client.post("/sessions")).json()["session_id"]
        assert (await client.get("/state")).json()["session_id"] == begun


async def test_the_url_of_a_session_leads_to_its_page() -> None:
    async with serving_app() as server, server.client() as client:
        url = (await client.post("/sessions")).json()["url"]
        assert (await client.get(url)).headers["Content-Type"].startswith("text/html")


async def test_a_session_is_renamed_and_archived() -> None:
    async with serving_app() as server, server.client() as client:
        session_id = (await server.session()).id
        renamed = await client.patch(f"/sessions/{session_id}", json={"title": "näme"})
        assert (renamed.status_code, renamed.json()["title"], renamed.json()["archived"]) == (200, "näme", False)
        archived = await client.patch(f"/sessions/{session_id}", json={"archived": True})
        assert (archived.json()["title"], archived.json()["archived"]) == ("näme", True)
        assert (await client.get("/state")).json()["title"] == "näme"


@pytest.mark.parametrize(
    ("body", "status"), [({"title": 1}, 422), ({"archived": "yes"}, 422), ({}, 200), ({"title": "x" * 501}, 422)]
)
async def test_a_change_is_judged(body: dict[str, object], status: int) -> None:
    async with serving_app() as server, server.client() as client:
        session_id = (await server.session()).id
        assert (await client.patch(f"/sessions/{session_id}", json=body)).status_code == status


async def test_a_session_that_is_deleted_says_goodbye_and_is_gone() -> None:
    agent = EchoAgent()
    async with serving_app(agent) as server, server.client() as client:
        session_id = (await client.post("/sessions")).json()["session_id"]
        async with open_events(client, f"sessions/{session_id}/stream") as events:
            await events.next_of("state")
            assert (await client.delete(f"/sessions/{session_id}")).status_code == 204
            assert "session_ended" in (await events.next_of("bye")).data
        assert agent.forgotten == [session_id]
        assert (await client.get(f"/sessions/{session_id}/state")).status_code == 404
        assert (await client.delete(f"/sessions/{session_id}")).status_code == 404
        assert (await client.patch(f"/sessions/{session_id}", json={})).status_code == 404


async def test_when_all_are_deleted_there_is_a_new_one() -> None:
    async with serving_app() as server, server.client() as client:
        session_id = (await server.session()).id
        assert (await client.delete(f"/sessions/{session_id}")).status_code == 204
        answer = await client.get("/state")
        assert answer.status_code == 200
        assert answer.json()["session_id"] != session_id


async def test_a_running_session_is_neither_deleted_nor_archived() -> None:
    agent = EchoAgent()
    async with serving_app(agent) as server, server.client() as client:
        session_id = (await server.session()).id
        await client.post("/chat", json={"message": "hang"})
        await agent.hanging.wait()
        assert (await client.delete(f"/sessions/{session_id}")).status_code == 409
        assert (await client.patch(f"/sessions/{session_id}", json={"archived": True})).status_code == 409
        assert (await client.patch(f"/sessions/{session_id}", json={"title": "works"})).status_code == 200
        await client.post("/cancel")
        assert (await client.delete(f"/sessions/{session_id}")).status_code == 204


async def test_the_list_tells_of_a_session_that_nobody_has_opened_since_the_start() -> None:
    store = MemoryStore()
    async with serving_app(store=store) as server, server.client() as client:
        old = await server.session()
        await client.post("/chat", json={"message": "hello"})
        await client.get("/state", params={"poll": "true", "seen": "1"})
        while old.running:
            await old.signal.wait_past(old.signal.version)
        await client.post("/sessions")
    async with serving_app(store=store) as server, server.client() as client:
        row = (await client.get("/sessions")).json()[1]
        assert row["session_id"] == old.id
        told = (row["agent_state"], row["message_count"], row["total_cost_usd"], row["damaged"])
        assert told == ("WaitingForUserInput", 2, 0.0, "")
        assert old.id not in [session.id for session in server.serving.hall.open_sessions()]
        assert (await client.get(f"/sessions/{old.id}/diff")).status_code == 200, "an agent begins where it is needed"


async def test_a_damaged_session_says_so_in_the_list_and_on_its_page_and_can_be_deleted() -> None:
    store = MemoryStore()
    async with serving_app(store=store) as server, server.client() as client:
        await client.patch(f"/sessions/{(await server.session()).id}", json={"title": "Mine"})
        await server.record("hello")
        broken = await server.session()
        log, cursor = broken.kept.log, broken.log.cursor
    store._entries[log][0] = msgspec.structs.replace(store._entries[log][0], wire=b"{}")
    async with serving_app(store=store) as server, server.client() as client:
        assert (await client.get("/state")).json()["session_id"] != broken.id
        async with open_events(client, f"sessions/{broken.id}/stream?cursor={cursor}") as events:
            assert "new_log" in (await events.next_of("reset")).data
            assert "cannot be shown" in (await events.next_of("message")).data
            assert "session_ended" in (await events.next_of("bye")).data
        row = (await client.get("/sessions")).json()[1]
        assert (row["session_id"], row["title"], row["ended"]) == (broken.id, "Mine", True)
        assert log in row["damaged"]
        for path in ("chat", "diff"):
            asked = client.get if path == "diff" else partial(client.post, json={"message": "hello"})
            assert (await asked(f"/sessions/{broken.id}/{path}")).status_code == 409
        assert (await client.delete(f"/sessions/{broken.id}")).status_code == 204
        assert (await client.get(f"/sessions/{broken.id}/state")).status_code == 404
