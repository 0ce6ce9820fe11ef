"""Reading a session: messages, their HTML, the State and its poll, the diff, the download."""

from __future__ import annotations

import json
import re

import msgspec
import pytest
import trio
from trio.testing import MockClock, wait_all_tasks_blocked

from tests.web.serving import open_events, serving_app, settled
from trio_agent.web.polling import POLL_S


async def test_messages_are_given_from_start_to_end() -> None:
    async with serving_app() as server, server.client() as client:
        await server.record("a", "b", "ü")
        for query, expected in {
            "": ["a", "b", "ü"],
            "?start=1": ["b", "ü"],
            "?end=2": ["a", "b"],
            "?start=1&end=2": ["b"],
            "?start=3&end=3": [],
            "?start=0&end=0": [],
        }.items():
            answer = await client.get(f"/messages{query}")
            assert answer.status_code == 200
            assert answer.headers["Content-Type"] == "application/json"
            assert answer.headers["Cache-Control"] == "no-store"
            assert answer.content.isascii()
            assert [each["content"] for each in answer.json()] == expected


@pytest.mark.parametrize(
    "query",
    ["start=-1", "start=2&end=1", "end=4", "start=4", "start=x", "end=1.0", "start=", "start=1&start=1", "end=%D9%A3"],
)
async def test_bounds_that_are_none_are_refused(query: str) -> None:
    async with serving_app() as server, server.client() as client:
        await server.record("a", "b", "c")
        answer = await client.get(f"/messages?{query}")
        assert answer.status_code == 400
        assert answer.headers["Content-Type"] == "application/problem+json"


async def test_a_session_has_its_routes_under_its_id_and_at_the_root() -> None:
    async with serving_app() as server, server.client() as client:
        await server.record("a")
        session = await server.session()
        for route in ("messages", "state", "diff"):
            assert (await client.get(f"/{route}")).content == (
                await client.get(f"/sessions/{session.id}/{route}")
            ).content


@pytest.mark.parametrize("route", ["stream", "state", "messages", "messages/0/html", "diff", "download"])
async def test_an_unknown_session_is_not_found(route: str) -> None:
    async with serving_app() as server, server.client() as client:
        for session_id in ("0" * 16, "nonsense", "%00", "%C3%A9"):
            answer = await client.get(f"/sessions/{session_id}/{route}")
            assert answer.status_code == 404, session_id
            assert answer.headers["Content-Type"] == "application/problem+json"


async def test_a_message_is_shown_as_html_that_may_be_kept_for_ever_where_its_session_is_named() -> None:
    async with serving_app() as server, server.client() as client:
        await server.record("**bold**\n```python\nx = 1\n```")
        session = await server.session()
        answer = await client.get(f"/sessions/{session.id}/messages/0/html")
        assert answer.status_code == 200
        assert answer.headers["Content-Type"] == "text/html; charset=utf-8"
        assert answer.headers["Cache-Control"] == "private, max-age=31536000, immutable"
        assert "<strong>bold</strong>" in answer.text
        assert '<span class="n">x</span>' in answer.text


async def test_html_of_the_newest_session_is_not_kept_for_the_next_one() -> None:
    async with serving_app() as server, server.client() as client:
        await server.record("old")
        answer = await client.get("/messages/0/html")
        assert "old" in answer.text
        assert answer.headers["Cache-Control"] == "no-store"
        await server.serving.hall.create()
        await server.record("new")
        assert "new" in (await client.get("/messages/0/html")).text


@pytest.mark.parametrize("index", ["1", "-1", "x", "1.0", "%D9%A3", "9999999999999999", "0%00"])
async def test_html_of_a_message_that_is_not_there_is_not_found(index: str) -> None:
    async with serving_app() as server, server.client() as client:
        await server.record("a")
        assert (await client.get(f"/messages/{index}/html")).status_code == 404


async def test_a_poll_answers_at_once_where_there_is_more() -> None:
    async with serving_app() as server, server.client() as client:
        await server.record("a", "b")
        for query in ("poll=true&seen=1", "poll=true&seen=-5", "seen=7", "poll=false"):
            assert (await client.get(f"/state?{query}")).json()["message_count"] == 2


async def test_a_poll_answers_when_a_message_comes(mock_clock: MockClock) -> None:
    async with serving_app() as server, server.client() as client, trio.open_nursery() as nursery:
        await server.record("a")
        counts: list[int] = []

        async def poll(query: str) -> None:
            counts.append((await client.get(f"/state?poll=true{query}")).json()["message_count"])

        nursery.start_soon(poll, "&seen=1")
        nursery.start_soon(poll, "")
        await wait_all_tasks_blocked(0.05)
        assert counts == []
        await server.record("b")
        with trio.fail_after(10):
            while len(counts) < 2:
                await wait_all_tasks_blocked()
        assert counts == [2, 2]


async def test_polls_that_wait_leave_room_and_one_too_many_is_answered_at_once(mock_clock: MockClock) -> None:
    async with serving_app(max_streams=2) as server, server.client() as client, trio.open_nursery() as nursery:
        nursery.start_soon(client.get, "/state?poll=true&seen=0")
        await settled(lambda: server.serving._streams == 1)
        async with open_events(client) as events:
            await events.next_of("state")
            answer = await client.get("/state?poll=true&seen=0")
            assert (answer.status_code, answer.json()["message_count"]) == (200, 0)
            assert answer.headers["Retry-After"] == "5"
            assert "Retry-After" not in (await client.get("/state")).headers
        await settled(lambda: server.serving._streams == 1)
        nursery.start_soon(client.get, "/state?poll=true&seen=0")
        await settled(lambda: server.serving._streams == 2)
        async with open_events(client) as events:
            assert "overload" in (await events.next()).data
        await server.record("hello")
        await settled(lambda: server.serving._streams == 0)


async def test_a_poll_answers_after_ninety_seconds_with_what_there_is(mock_clock: MockClock) -> None:
    async with serving_app() as server, server.client() as client, trio.open_nursery() as nursery:
        answered = trio.Event()
        client.timeout = None

        async def poll() -> None:
            assert (await client.get("/state?poll=true&seen=0")).json()["message_count"] == 0
            answered.set()

        nursery.start_soon(poll)
        await wait_all_tasks_blocked(0.05)
        mock_clock.jump(POLL_S - 1)
        await wait_all_tasks_blocked(0.05)
        assert not answered.is_set()
        mock_clock.jump(1)
        await answered.wait()


@pytest.mark.parametrize("seen", ["x", "", "1_0", "1&seen=2"])
async def test_a_seen_that_is_no_number_is_refused(seen: str) -> None:
    async with serving_app() as server, server.client() as client:
        assert (await client.get(f"/state?poll=true&seen={seen}")).status_code == 400


async def test_the_state_has_the_cursor_of_the_log() -> None:
    async with serving_app() as server, server.client() as client:
        await server.record("a")
        state = (await client.get("/state")).json()
        session = await server.session()
        assert (state["cursor"], state["log"]) == (str(session.log.cursor), session.log.cursor.log)
        assert state["agent_state"] == "WaitingForUserInput"


async def test_a_diff_is_plain_text() -> None:
    async with serving_app() as server, server.client() as client:
        for query, name in (("", ""), ("?commit=0a1B", "0a1B")):
            answer = await client.get(f"/diff{query}")
            assert answer.status_code == 200
            assert answer.headers["Content-Type"] == "text/plain; charset=utf-8"
            assert answer.text == f"diff --git a/{name} b/{name}\n+é\n"


@pytest.mark.parametrize(
    ("commit", "status"),
    [
        *[(text, 400) for text in ("abc", "0" * 41, "", "xyzw", "--help", "dead&commit=dead", "%D9%A3" * 4, "0a1b%0a")],
        ("dead", 404),
        ("beef", 409),
    ],
)
async def test_a_diff_of_what_is_no_commit_is_refused(commit: str, status: int) -> None:
    async with serving_app() as server, server.client() as client:
        assert (await client.get(f"/diff?commit={commit}")).status_code == status


async def test_where_hashes_are_longer_a_diff_takes_longer_ones() -> None:
    async with serving_app() as server, server.client() as client:
        session = await server.session()
        await session.describe(msgspec.structs.replace(session.facts, initial_commit="f" * 64))
        assert (await client.get(f"/diff?commit={'a' * 64}")).status_code == 200
        refused = await client.get(f"/diff?commit={'a' * 65}")
        assert (refused.status_code, refused.json()["detail"]) == (400, "commit takes 4 to 64 hexadecimal digits")


async def test_a_download_is_the_whole_session() -> None:
    async with serving_app() as server, server.client() as client:
        await server.record("[]", "b")
        answer = await client.get("/download")
        found = re.fullmatch(
            r'attachment; filename="trio-agent-\d{8}-\d{6}\.json"', answer.headers["Content-Disposition"]
        )
        assert found
        told = json.loads(answer.content)
        assert set(told) == {"messages", "message_count", "total_usage", "hostname", "working_dir", "download_time"}
        assert [each["content"] for each in told["messages"]] == ["[]", "b"]
        assert told["message_count"] == 2
