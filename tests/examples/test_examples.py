"""The examples do what they say: each is served by Hypercorn, and talked to."""

from __future__ import annotations

import json
import signal
from pathlib import Path
from typing import Any

import httpx2

from tests.examples.hypercorn import free_port, hypercorn
from tests.standins.openai_server import serve_openai
from tests.web.serving import EventReader, open_events


async def next_message(events: EventReader, kind: str) -> dict[str, Any]:
    """The next message of this type."""
    while True:
        message: dict[str, Any] = json.loads((await events.next_of("message")).data)
        if message["type"] == kind:
            return message


async def said(client: httpx2.AsyncClient) -> list[str]:
    return [message["content"] for message in (await client.get("messages")).json()]


async def test_the_countdown_streams_is_cancelled_and_is_resumed_after_a_kill(tmp_path: Path) -> None:
    port = free_port()
    async with (
        hypercorn("examples.countdown", tmp_path, port, stop=signal.SIGKILL) as client,
        open_events(client) as events,
    ):
        assert (await client.post("chat", json={"message": "from 0 please"})).status_code == 202
        assert (await next_message(events, "agent"))["content"] == "lift-off!"
        await client.post("chat", json={"message": "from 100000"})
        delta = json.loads((await events.next_of("delta")).data)
        assert delta["text"].startswith("100000… ")
        await client.post("cancel", json={"reason": "hold it"})
        kept = await next_message(events, "agent")
        assert kept["content"].startswith("100000… ")
        assert not kept["end_of_turn"]
        assert (await next_message(events, "error"))["content"] == "Cancelled: hold it"
        await client.post("chat", json={"message": "again from 100000"})
        await events.next_of("delta")
        cursor = (await client.get("state")).json()["cursor"]
    async with hypercorn("examples.countdown", tmp_path, port) as client:
        async with open_events(client, f"stream?cursor={cursor}") as events:
            assert json.loads((await events.next_of("ready")).data)["from"] == 6
            assert "restarted" in (await next_message(events, "error"))["content"]
            await client.post("chat", json={"message": "0"})
            assert (await next_message(events, "agent"))["content"] == "lift-off!"
        assert (await said(client))[:2] == ["from 0 please", "lift-off!"]


async def test_the_parrot_remembers_after_a_restart(tmp_path: Path) -> None:
    port = free_port()
    for text, heard in (("hello", 1), ("hello again", 2)):
        async with hypercorn("examples.parrot", tmp_path, port) as client, open_events(client) as events:
            await client.post("chat", json={"message": text})
            while (await next_message(events, "agent"))["content"] != f"{text} ({heard})":
                pass


async def test_the_chat_tells_the_model_what_was_said_and_streams_its_answer(tmp_path: Path) -> None:
    async with serve_openai([{"text": "Hello Ada."}, {"text": "You are Ada."}]) as model:
        settings = {"CHAT_URL": f"{model.url}/v1", "CHAT_MODEL": "llama"}
        async with hypercorn("examples.chat", tmp_path, free_port(), settings) as client, open_events(client) as events:
            await client.post("chat", json={"message": "I am Ada."})
            assert (await next_message(events, "agent"))["content"] == "Hello Ada."
            await client.post("chat", json={"message": "Who am I?"})
            assert (await next_message(events, "agent"))["content"] == "You are Ada."
    assert model.complaints == []
    assert [turn["role"] for turn in model.requests[1]["messages"]] == ["user", "assistant", "user"]


async def test_the_chat_says_what_is_wrong_with_its_server(tmp_path: Path) -> None:
    async with serve_openai([{"status": 503, "error": {"message": "no model is loaded"}}]) as model:
        settings = {"CHAT_URL": f"{model.url}/v1", "CHAT_MODEL": "llama"}
        async with hypercorn("examples.chat", tmp_path, free_port(), settings) as client, open_events(client) as events:
            await client.post("chat", json={"message": "Anybody there?"})
            assert "no model is loaded" in (await next_message(events, "error"))["content"]
