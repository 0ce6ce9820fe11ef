"""A stream asked for again: every parameter counts again, no other session answers, and nothing is sent that was sent."""

from __future__ import annotations

import json

import msgspec
import trio
from trio.testing import MockClock, wait_all_tasks_blocked

from tests.web.echo_agent import TOOL_CALL
from tests.web.serving import open_events, serving_app
from tests.web.test_stream import Reader, a_hall, reading, say
from trio_agent.core.message import Message
from trio_agent.core.sse import Parser
from trio_agent.web.stream import Start

HISTORY = 400


async def test_a_url_that_is_asked_for_again_means_the_same_but_for_where_to_begin() -> None:
    """As a browser's EventSource does it: the same URL, and the last id in a header."""
    async with serving_app() as server, server.client() as client:
        session = await server.session()
        await server.record("a", "b", "c")
        url = f"sessions/{session.id}/stream?from=1&heartbeat=7"
        async with open_events(client, url) as events:
            first = json.loads((await events.next_of("ready")).data)
            last = (await events.next_of("message")).id
        await server.record("d")
        async with open_events(client, url, **{"Last-Event-ID": last}) as events:
            again = json.loads((await events.next_of("ready")).data)
            told = [json.loads((await events.next_of("message")).data)["content"] for _ in range(2)]
    assert (first["from"], again["from"]) == (1, 2)
    assert (first["heartbeat"], again["heartbeat"]) == (7, 7)
    assert told == ["c", "d"]


async def test_a_cursor_of_one_session_shows_nothing_of_it_on_another() -> None:
    async with serving_app() as server, server.client() as client:
        await server.record("of the first")
        first = await server.session()
        made = (await client.post("/sessions", json={})).json()["session_id"]
        await server.record("of the second")
        assert (await server.session()).id == made != first.id
        for query, headers in ((f"?cursor={first.log.cursor}", {}), ("", {"Last-Event-ID": str(first.log.cursor)})):
            async with open_events(client, f"sessions/{made}/stream{query}", **headers) as events:
                assert json.loads((await events.next_of("reset")).data)["reason"] == "new_log"
                told = json.loads((await events.next_of("message")).data)
                assert (told["idx"], told["content"]) == (0, "of the second")


async def test_only_messages_take_a_place_in_the_sequence(autojump_clock: MockClock) -> None:
    async with a_hall() as hall:
        session = await hall.newest()
        heard = bytearray()

        async def read(reader: Reader) -> None:
            async for chunk in reader.chunks:
                heard.extend(chunk)

        async with reading(session) as reader, trio.open_nursery() as nursery:
            nursery.start_soon(read, reader)
            await say(session, "one")
            await session.post("tool")
            await wait_all_tasks_blocked()
            session.live.write("content", "being written")
            session.live.emit(TOOL_CALL.tool_call_id, "being printed")
            session.show(msgspec.structs.replace(session.facts, title="A title"))
            await trio.sleep(100)
            await session.cancel()
            await say(session, "last")
            await trio.sleep(1)
            nursery.cancel_scope.cancel()
    events = Parser().feed(bytes(heard))
    assert {event.event for event in events} >= {"ready", "state", "message", "delta", "tool", "heartbeat"}
    blocks = [block for block in bytes(heard).split(b"\n\n") if block]
    with_id = {block.split(b"event: ")[1].split(b"\n")[0] for block in blocks if b"\nid: " in block}
    assert with_id == {b"ready", b"message"}
    places = [int(event.id.split(".")[1]) for event in events if event.event == "message"]
    assert places == list(range(1, len(places) + 1))


async def test_a_new_message_costs_its_own_bytes_however_long_the_log_is(autojump_clock: MockClock) -> None:
    async with a_hall() as hall:
        session = await hall.newest()
        costs = []
        for _ in range(2):
            await trio.sleep(1)
            start = Start(session.log.cursor)
            async with reading(session, start) as reader:
                await reader.chunks.receive()
                await trio.sleep(1)
                await session.record(Message(content="news"))
                heard = b""
                while b"event: state" not in heard:
                    heard += await reader.chunks.receive()
                assert heard.count(b"event: message") == 1
                costs.append(len(heard))
            await say(session, *(f"{number} " * 50 for number in range(HISTORY)))
        short, long = costs
        assert start.cursor.index > HISTORY
        assert long < short + 50, "a few more digits, and no more"
