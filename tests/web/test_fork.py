"""Forking over HTTP."""

from __future__ import annotations

import pytest

from tests.web.serving import serving_app


async def test_a_session_is_forked_from_a_message_and_says_where_it_came_from() -> None:
    async with serving_app() as server, server.client() as client:
        source = (await client.post("/sessions", json={"title": "The first"})).json()["session_id"]
        await server.record("one", "two", "three")
        begun = await client.post("/sessions", json={"fork": {"session": source, "index": 2}})
        assert begun.status_code == 201
        row = (await client.get("/sessions")).json()[0]
        assert row["session_id"] == begun.json()["session_id"]
        assert row["title"] == "The first (fork)"
        assert row["forked_from"] == {"session_id": source, "index": 2, "title": "The first"}
        messages = (await client.get(f"{begun.json()['url']}messages")).json()
        assert [message["content"] for message in messages] == ["one", "two"]
        logs = {row["log"] for row in (await client.get("/sessions")).json()}
        assert len(logs) == 3


@pytest.mark.parametrize(
    ("fork", "status"),
    [
        ({"session": "HERE", "index": 0}, 422),
        ({"session": "HERE", "index": 2}, 422),
        ({"session": "HERE", "index": "1"}, 422),
        ({"session": "HERE"}, 422),
        ({"session": "0" * 16, "index": 1}, 404),
        ({"session": "../..", "index": 1}, 404),
    ],
)
async def test_a_fork_of_what_is_not_there_is_refused(fork: dict[str, object], status: int) -> None:
    async with serving_app() as server, server.client() as client:
        here = (await server.session()).id
        await server.record("one")
        body = {"fork": {**fork, "session": here if fork["session"] == "HERE" else fork["session"]}}
        assert (await client.post("/sessions", json=body)).status_code == status
        assert len((await client.get("/sessions")).json()) == 1
