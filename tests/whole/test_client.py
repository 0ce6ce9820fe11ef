"""The Python client and a real server that is killed: what was acknowledged is there, everything once, nothing missing."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import trio

from tests.projects import make_project
from tests.served import ServedRepository, served
from trio_agent.client import Client, Event, MessageArrived, Opened, TextGrew, connect

KILLS = 3
POSTS = 30


@pytest.fixture
def server(tmp_path: Path) -> Iterator[ServedRepository]:
    make_project(tmp_path / "wordcount")
    with served(tmp_path / "wordcount", tmp_path / "data", "--model", "demo") as server:
        yield server


async def restarted(server: ServedRepository) -> None:
    await trio.to_thread.run_sync(server.kill)
    await trio.to_thread.run_sync(server.start)


def logged(server: ServedRepository) -> list[str]:
    with server.client() as client:
        return [message["content"] for message in client.get("messages").json()]


async def test_a_follower_of_a_killed_server_sees_its_log_once_and_whole(server: ServedRepository) -> None:
    seen: list[Event] = []
    async with connect(server.link) as client:
        await client.send("stream 400 20")
        async for event in client:
            seen.append(event)
            if isinstance(event, TextGrew) and event.offset > 100:
                break
        await restarted(server)
        await client.send("echo after")
        async for event in client:
            seen.append(event)
            if isinstance(event, MessageArrived) and event.message.content == "after":
                break
    messages = [event.message for event in seen if isinstance(event, MessageArrived)]
    assert [message.idx for message in messages] == list(range(len(messages)))
    assert [message.content for message in messages] == logged(server)
    assert [message.type for message in messages] == ["user", "error", "user", "agent"]
    assert len([event for event in seen if isinstance(event, Opened)]) == 2


async def test_what_is_sent_to_a_server_that_is_killed_again_and_again_is_there_once(server: ServedRepository) -> None:
    arrived: list[str] = []
    acknowledged: dict[int, str] = {}
    one_at_a_time = trio.Lock()

    async def restart() -> None:
        async with one_at_a_time:
            await restarted(server)

    async def speak(client: Client) -> None:
        for number in range(POSTS):
            posted = await client.send(f"echo {number}")
            acknowledged[posted.idx] = f"echo {number}"
            if number % (POSTS // KILLS) == 5:
                killing.start_soon(restart)

    async with connect(server.link) as client, trio.open_nursery() as killing:
        killing.start_soon(speak, client)
        async for event in client:
            if isinstance(event, MessageArrived):
                assert event.message.idx == len(arrived)
                arrived.append(event.message.content)
                if event.message.content == f"echo {POSTS - 1}":
                    break
    log = logged(server)
    assert len(acknowledged) == POSTS
    assert {idx: log[idx] for idx in acknowledged} == acknowledged
    assert sorted(text for text in log if text.startswith("echo ")) == sorted(acknowledged.values())
    assert arrived == log[: len(arrived)]


async def test_a_text_being_written_goes_on_in_a_second_connection(server: ServedRepository) -> None:
    """Two clients, the second of which comes in the middle: both are shown the words of the message as they come.

    The last of them may come with the message alone: text is folded between two frames, and the message does not wait.
    """
    texts = ["", ""]

    async def follow(client: Client, number: int, until: int) -> str:
        async for event in client:
            if isinstance(event, TextGrew):
                texts[number] = texts[number][: event.offset] + event.text
                if len(texts[number]) >= until:
                    break
            if isinstance(event, MessageArrived) and event.message.type == "agent":
                return event.message.content
        return ""

    async with connect(server.link) as first:
        await first.send("stream 60 10")
        await follow(first, 0, until=50)
        async with connect(server.link) as second:
            whole = await follow(second, 1, until=10_000)
        assert await follow(first, 0, until=10_000) == whole
    assert all(len(text) > 200 and whole.startswith(text) for text in texts), texts
