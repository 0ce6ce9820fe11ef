"""The event `sessions`: what those who show a list of all sessions are told, and nobody else."""

from __future__ import annotations

import itertools
import json
from typing import Any

import trio
from trio.testing import MockClock, wait_all_tasks_blocked

from tests.runtime.house import HouseAgent, HouseStore, house_hall
from tests.web.echo_agent import EchoAgent
from tests.web.serving import NOW, EventReader, open_events, serving_app, settled, tasks
from trio_agent.core.sse import Parser
from trio_agent.web import roll as roll_module
from trio_agent.web.roll import Roll
from trio_agent.web.stream import SESSIONS_INTERVAL_S, Start, open_stream

ASKED = "stream?sessions=true"


async def next_told(events: EventReader) -> dict[str, Any]:
    told: dict[str, Any] = json.loads((await events.next_of("sessions")).data)
    return told


def told_by(news: bytes) -> dict[str, Any]:
    told: dict[str, Any] = json.loads(news)
    return told


async def test_who_does_not_ask_is_not_told() -> None:
    async with serving_app() as server, server.client() as client, open_events(client, "stream?sessions=1") as events:
        await client.post("/sessions")
        server.serving.stop()
        assert {event.event for event in await events.rest()} == {"ready", "state", "bye"}


async def test_all_sessions_are_told_after_the_greeting_as_the_list_has_them() -> None:
    async with serving_app() as server, server.client() as client:
        await client.post("/sessions", json={"title": "second"})
        async with open_events(client, ASKED) as events:
            assert (await events.next()).event == "ready"
            told = await next_told(events)
            assert told == {
                "sessions": (await client.get("/sessions")).json(),
                "gone": [],
                "whole": True,
                "total": 2,
            }
            assert [row["title"] for row in told["sessions"]] == ["second", ""]


async def test_a_change_of_another_session_is_told_without_being_asked_for() -> None:
    async with serving_app() as server, server.client() as client:
        first = (await server.session()).id
        await client.post("/sessions")
        async with open_events(client, ASKED) as events:
            await next_told(events)
            await client.patch(f"/sessions/{first}", json={"title": "renamed"})
            told = await next_told(events)
            assert [(row["session_id"], row["title"]) for row in told["sessions"]] == [(first, "renamed")]
            assert not told["whole"]


async def test_new_and_deleted_sessions_are_told() -> None:
    async with serving_app() as server, server.client() as client, open_events(client, ASKED) as events:
        await next_told(events)
        made = (await client.post("/sessions")).json()["session_id"]
        assert [row["session_id"] for row in (await next_told(events))["sessions"]] == [made]
        assert (await client.delete(f"/sessions/{made}")).status_code == 204
        while made not in (told := await next_told(events))["gone"]:
            pass
        assert told["total"] == 1


async def test_what_a_session_does_is_told_with_its_count_and_time() -> None:
    agent = EchoAgent()
    async with serving_app(agent) as server, server.client() as client, open_events(client, ASKED) as events:
        await next_told(events)
        await client.post("/chat", json={"message": "hang"})
        await agent.hanging.wait()
        while (row := (await next_told(events))["sessions"][0])["agent_state"] != "SendingToLLM":
            pass
        assert row["message_count"] == 1
        assert row["updated"] >= row["created"]
        await client.post("/cancel")


async def test_whether_a_session_waits_for_an_answer_is_told() -> None:
    async with serving_app() as server, server.client() as client, open_events(client, ASKED) as events:
        assert not (await next_told(events))["sessions"][0]["asks"]
        await client.post("/chat", json={"message": "ask"})
        while not (await next_told(events))["sessions"][0]["asks"]:
            pass
        await client.post("/chat", json={"message": "that"})
        while (row := (await next_told(events))["sessions"][0])["message_count"] < 4:
            pass
        assert not row["asks"]


async def test_one_that_is_cancelled_while_it_asks_asks_no_more() -> None:
    async with serving_app() as server, server.client() as client, open_events(client, ASKED) as events:
        await client.post("/chat", json={"message": "ask"})
        while not (await next_told(events))["sessions"][0]["asks"]:
            pass
        await client.post("/cancel")
        assert not (await client.get("/sessions")).json()[0]["asks"]


async def test_a_client_that_leaves_leaves_no_task() -> None:
    async with serving_app() as server, server.client() as client:
        async with open_events(client, ASKED) as events:
            await next_told(events)
        async with server.client() as other:
            await other.get("/healthz")
        before = tasks()
        async with server.client() as other, open_events(other, ASKED) as events:
            await next_told(events)
            assert tasks() > before
        await settled(lambda: tasks() <= before)


async def test_a_stream_that_tells_of_sessions_ends_with_its_session(autojump_clock: MockClock) -> None:
    async with house_hall(HouseStore(), HouseAgent()) as hall:
        session = await hall.newest()
        await wait_all_tasks_blocked()
        start = Start(session.log.cursor)
        opening = open_stream(
            session, start, heartbeat_s=45, stopping=lambda: False, clock=lambda: NOW, roll=Roll(hall)
        )
        async with opening as chunks:
            said = b""
            while b"event: sessions" not in said:
                said += await anext(chunks)
            session.end()
            said += b"".join([chunk async for chunk in chunks])
        assert said.rpartition(b"event: ")[2].startswith(b"bye")


async def test_much_that_happens_at_once_is_told_as_one_piece_of_news() -> None:
    async with house_hall(HouseStore(), HouseAgent()) as hall:
        session = await hall.newest()
        await wait_all_tasks_blocked()
        roll = Roll(hall)
        _, version = roll.news(0)
        for _ in range(100):
            session.write("content", "text")
            session.changed()
        assert roll.news(version) == (b"", version), "nothing that a list shows is another"
        await session.post("words")
        await wait_all_tasks_blocked()
        news, later = roll.news(version)
        assert [row["message_count"] for row in told_by(news)["sessions"]] == [2]
        assert roll.news(later) == (b"", later)


async def test_of_many_sessions_the_newest_are_told_and_how_many_there_are() -> None:
    async with house_hall(HouseStore(), HouseAgent()) as hall:
        for _ in range(roll_module.MOST_TOLD + 5):
            await hall.create()
        told = told_by(Roll(hall).news(0)[0])
        assert (len(told["sessions"]), told["total"]) == (roll_module.MOST_TOLD, roll_module.MOST_TOLD + 6)
        assert told["sessions"][0]["session_id"] == (await hall.newest()).id


async def test_a_reader_that_lags_behind_more_deletions_than_are_remembered_is_told_all() -> None:
    async with house_hall(HouseStore(), HouseAgent()) as hall:
        roll = Roll(hall)
        _, version = roll.news(0)
        for _ in range(roll_module.MOST_GONE + 1):
            made = await hall.create()
            roll.news(version)
            await hall.delete(made.id)
            roll.news(version)
        assert told_by(roll.news(version)[0])["whole"]


async def test_news_of_sessions_come_at_a_bounded_rate(autojump_clock: MockClock) -> None:
    async with house_hall(HouseStore(), HouseAgent()) as hall:
        session = await hall.newest()
        await wait_all_tasks_blocked()
        start = Start(session.log.cursor)
        times: list[float] = []
        parser = Parser()
        opening = open_stream(
            session, start, heartbeat_s=45, stopping=lambda: False, clock=lambda: NOW, roll=Roll(hall)
        )
        async with opening as chunks, trio.open_nursery() as nursery:

            async def rename() -> None:
                for number in range(100):
                    await session.keep(title=str(number))
                    await trio.sleep(0.05)
                nursery.cancel_scope.cancel()

            nursery.start_soon(rename)
            async for chunk in chunks:
                times += [trio.current_time() for event in parser.feed(chunk) if event.event == "sessions"]
        assert len(times) >= 9
        assert min(later - earlier for earlier, later in itertools.pairwise(times)) >= SESSIONS_INTERVAL_S
