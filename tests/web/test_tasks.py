"""The task tree over HTTP: asked for, followed, and a task stopped by its id."""

from __future__ import annotations

import json
from typing import Any

from tests.web.echo_agent import EchoAgent
from tests.web.serving import open_events, serving_app


async def hanging(agent: EchoAgent, client: Any, word: str = "tool") -> None:
    await client.post("/chat", json={"message": word})
    await agent.hanging.wait()


async def test_what_runs_is_told_with_the_clock_its_times_are_by() -> None:
    agent = EchoAgent()
    async with serving_app(agent) as server, server.client() as client:
        assert (await client.get("/tasks")).json()["tasks"] == []
        await hanging(agent, client)
        told = (await client.get("/tasks")).json()
        turn, tool = told["tasks"]
        assert turn == {"id": turn["id"], "kind": "turn", "since_s": turn["since_s"], "stoppable": True, "idx": 0}
        assert (tool["parent"], tool["kind"], tool["name"]) == (turn["id"], "tool", "bash")
        assert tool["tool_call_id"] == "call-1"
        assert turn["since_s"] <= tool["since_s"] <= told["now_s"]
        session_id = (await server.session()).id
        assert (await client.get(f"/sessions/{session_id}/tasks")).json()["tasks"] == told["tasks"]


async def test_a_task_is_stopped_by_its_id_and_no_other_is() -> None:
    agent = EchoAgent()
    async with serving_app(agent) as server, server.client() as client:
        await hanging(agent, client)
        _, tool = (await client.get("/tasks")).json()["tasks"]
        answer = await client.post("/cancel", json={"task": tool["id"], "reason": "enough"})
        assert (answer.status_code, answer.json()) == (
            200,
            {"status": "cancelled", "reason": "enough", "task": tool["id"]},
        )
        for gone in (tool["id"], 12345, 0, -1):
            assert (await client.post("/cancel", json={"task": gone})).status_code == 404
        assert (await client.post("/cancel", json={"task": "x"})).status_code == 422


async def test_a_turn_that_has_ended_cannot_stop_the_next() -> None:
    agent = EchoAgent()
    async with serving_app(agent) as server, server.client() as client:
        await hanging(agent, client, "hang")
        (turn,) = (await client.get("/tasks")).json()["tasks"]
        assert (await client.post("/cancel", json={"task": turn["id"]})).status_code == 200
        assert (await client.get("/tasks")).json()["tasks"] == []
        assert (await client.post("/cancel", json={"task": turn["id"]})).status_code == 404


async def test_a_stream_tells_of_tasks_only_where_it_is_asked_to() -> None:
    agent = EchoAgent()
    async with (
        serving_app(agent) as server,
        server.client() as client,
        open_events(client, "stream?tasks=true") as asked,
        open_events(client, "stream?tasks=1") as silent,
    ):
        assert json.loads((await asked.next_of("tasks")).data)["tasks"] == []
        await hanging(agent, client)
        kinds: list[str] = []
        while kinds != ["turn", "tool"]:
            kinds = [task["kind"] for task in json.loads((await asked.next_of("tasks")).data)["tasks"]]
        await client.post("/cancel")
        while json.loads((await asked.next_of("tasks")).data)["tasks"]:
            pass
        (await server.session()).end()
        assert "tasks" not in {event.event for event in await silent.rest()}
