"""What survives a `kill -9`: everything that was acknowledged, once, and the clients' place in it."""

from __future__ import annotations

import json
import signal
from pathlib import Path

import trio

from tests.server.process import ServerProcess, running
from tests.web.serving import EventReader, open_events


async def read_to(events: EventReader, messages: list[str], count: int) -> str:
    """Read messages into `messages` until there are `count`; the cursor after the last."""
    cursor = ""
    while len(messages) < count:
        event = await events.next_of("message", "reset")
        assert event.event == "message", event
        assert json.loads(event.data)["idx"] == len(messages)
        messages.append(event.data)
        cursor = event.id
    return cursor


async def test_a_client_that_resumes_after_kill_9_misses_nothing_and_sees_nothing_twice(tmp_path: Path) -> None:
    messages: list[str] = []
    async with running(tmp_path / "data") as server, server.client() as client:
        async with open_events(client) as events:
            await client.post("/chat", json={"message": "burst 50 1000"})
            cursor = await read_to(events, messages, 40)
            server.process.kill()
        await server.process.wait()
        port, token = server.port, server.token
    async with running(tmp_path / "data", port=port) as server, server.client() as client:
        assert (server.port, server.token) == (port, token)
        count = (await client.get("/state")).json()["message_count"]
        async with open_events(client, "stream", **{"Last-Event-ID": cursor}) as events:
            ready = json.loads((await events.next()).data)
            assert (ready["from"], ready["log"]) == (40, cursor.partition(".")[0])
            await read_to(events, messages, count)
        assert [json.loads(each) for each in messages] == (await client.get(f"/messages?end={count}")).json()
        assert await server.ended(signal.SIGTERM) == 0


async def test_every_message_that_was_acknowledged_before_kill_9_is_there_once(tmp_path: Path) -> None:
    acknowledged: list[str] = []
    async with running(tmp_path / "data", "--no-auth") as server:
        async with trio.open_nursery() as nursery:

            async def post(number: int) -> None:
                async with server.client() as client:
                    text = f"echo number {number}"
                    key = {"Idempotency-Key": f"number-{number:04}"}
                    answer = await client.post("/chat", json={"message": text}, headers=key)
                    assert answer.status_code == 202
                    acknowledged.append(text)
                    if len(acknowledged) == 10:
                        server.process.kill()
                        nursery.cancel_scope.cancel()

            for number in range(20):
                nursery.start_soon(post, number)
        await server.process.wait()
    async with running(tmp_path / "data", "--no-auth") as server:
        said = await said_in(server)
        assert [said.count(text) for text in acknowledged] == [1] * len(acknowledged)
        # Who was not told asks again under the same key, and what is there already is not said twice.
        async with server.client() as client:
            for number in range(20):
                key = {"Idempotency-Key": f"number-{number:04}"}
                answer = await client.post("/chat", json={"message": f"echo number {number}"}, headers=key)
                assert answer.status_code in (200, 202)
        said = await said_in(server)
        assert sorted(said) == sorted(f"echo number {number}" for number in range(20))


async def said_in(server: ServerProcess) -> list[str]:
    async with server.client() as client:
        return [each["content"] for each in (await client.get("/messages")).json() if each["type"] == "user"]


async def test_a_tool_that_ran_when_the_server_was_killed_is_shown_as_interrupted_and_not_run_again(
    tmp_path: Path,
) -> None:
    mark = tmp_path / "mark"
    async with running(tmp_path / "data") as server, server.client() as client, open_events(client) as events:
        command = f"echo x >> {mark}; echo begun; exec sleep 5"
        await client.post("/chat", json={"message": f"bash {command}"})
        while "begun" not in (await events.next_of("tool")).data:
            pass
        server.process.kill()
        await server.process.wait()
    async with running(tmp_path / "data") as server, server.client() as client:
        async with open_events(client) as events:
            while "restarted while this was running" not in (await events.next_of("message")).data:
                pass
            while '"agent_state":"WaitingForUserInput"' not in (last := (await events.next_of("state")).data):
                pass
            assert json.loads(last)["outstanding_tool_calls"] == []
        assert await server.ended(signal.SIGTERM) == 0
    assert mark.read_text() == "x\n"
