"""Is it alive, can it serve, and in what figures."""

from __future__ import annotations

import trio

from tests.web.serving import open_events, serving_app
from trio_agent.core.errors import StoreDown
from trio_agent.seams import SessionRecord
from trio_agent.stores.memory import MemoryStore


class _Sleepy(MemoryStore):
    """A store that stops answering."""

    down = False

    async def sessions(self) -> list[SessionRecord]:
        await trio.lowlevel.checkpoint()
        if self.down:
            raise StoreDown("no such table")
        return await super().sessions()


async def test_a_server_is_ready_while_its_store_answers() -> None:
    store = _Sleepy()
    async with serving_app(store=store) as server, server.client(token="") as client:
        assert (await client.get("/readyz")).json() == {"status": "ready"}
        store.down = True
        answer = await client.get("/readyz")
        assert answer.status_code == 503
        assert answer.headers["Content-Type"] == "application/problem+json"
        assert "table" not in answer.text
        assert (await client.get("/healthz")).json() == {"status": "ok"}


async def test_the_figures_count_what_there_is_and_need_the_token() -> None:
    async with serving_app() as server, server.client() as client, open_events(client) as events:
        await events.next()
        await server.record("a", "b")
        answer = await client.get("/metrics")
        assert answer.headers["Content-Type"].startswith("text/plain; version=0.0.4")
        lines = set(answer.text.splitlines())
        assert {"trio_agent_streams 1.0", "trio_agent_messages 2.0", "trio_agent_sessions 1.0"} <= lines
        assert (await client.get("/metrics", headers={"Authorization": "Bearer wrong"})).status_code == 401


async def test_no_label_of_the_figures_comes_from_a_client() -> None:
    async with serving_app() as server, server.client() as client:
        before = len((await client.get("/metrics")).text.splitlines())
        for number in range(5):
            await client.post("/sessions", json={"title": f"title {number}"})
            await client.get(f"/nothing/{number}")
        text = (await client.get("/metrics")).text
        assert len(text.splitlines()) == before
        assert "title" not in text
