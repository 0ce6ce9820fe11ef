"""Asking for a stream: from where, with what, how many; and how it ends, over real connections."""

from __future__ import annotations

import json

import httpx2
import pytest
import trio
from trio.testing import MockClock, wait_all_tasks_blocked

from tests.web.serving import Server, descriptors, open_events, read_all, read_until, serving_app, settled, tasks
from trio_agent.core.cursor import Cursor
from trio_agent.runtime.follower import STATE_INTERVAL_S
from trio_agent.runtime.log import LAST_BYTES


async def test_a_stream_says_what_it_is_and_that_nobody_may_hold_it_back() -> None:
    async with serving_app() as server, server.client() as client, client.stream("GET", "/stream") as response:
        assert response.status_code == 200
        assert response.headers["Content-Type"] == "text/event-stream; charset=utf-8"
        assert response.headers["Cache-Control"] == "no-store, no-transform"
        assert response.headers["X-Accel-Buffering"] == "no"
        assert response.headers["Connection"] == "close"
        assert "Content-Encoding" not in response.headers


async def test_the_bytes_are_ascii_with_lf_and_one_line_of_data_an_event() -> None:
    async with serving_app() as server, await server.connect() as stream:
        await server.record("ü\r\n\u2028\u0085\v\f line", "last")
        await stream.send_all(server.request("/stream").replace(b"HTTP/1.1", b"HTTP/1.0"))
        _, _, events = (await read_until(stream, b'"content":"last"')).partition(b"\r\n\r\n")
        assert events.isascii()
        assert b"\r" not in events
        assert all(event.count(b"\ndata: ") <= 1 for event in events.split(b"\n\n"))


FROMS = {
    "": 0,
    "from=0": 0,
    "from=2": 2,
    "from=-0": 0,
    "from=-7": 0,
    "from=3": 3,
    "from=4": 3,
    "from=999999999999999": 3,
    "from=-999999999999999": 0,
    "from=002": 2,
}
NO_FROMS = ["1_0", "%D9%A3", "%205", "5%20", "1e3", "", "9" * 16, "-" + "9" * 16, "1&from=1", "+1", "0x1", "1.0", "--1"]


@pytest.mark.parametrize(("query", "start"), FROMS.items(), ids=FROMS)
async def test_a_stream_starts_where_from_says(query: str, start: int) -> None:
    async with serving_app() as server, server.client() as client:
        await server.record("a", "b", "c")
        async with open_events(client, f"stream?{query}") as events:
            ready = json.loads((await events.next()).data)
            assert (ready["from"], ready["count"]) == (start, 3)
            for idx in range(start, 3):
                assert json.loads((await events.next_of("message")).data)["idx"] == idx


@pytest.mark.parametrize("value", [*NO_FROMS, "x", "null", "%00", "1%0A"])
async def test_a_from_that_is_no_number_is_refused(value: str) -> None:
    async with serving_app() as server, server.client() as client:
        answer = await client.get(f"/stream?from={value}")
        assert answer.status_code == 400
        assert answer.headers["Content-Type"] == "application/problem+json"


LASTS = {
    "last=1": 2,
    "last=3": 0,
    "last=4": 0,
    "last=0": 3,
    "last=-2": 3,
    "last=2&from=0": 0,
    "last=2&from=3": 3,
    "last=2&cursor={right}": 0,
    "last=2&cursor={wrong}": 1,
    "last=2&from=3&cursor={wrong}": 1,
}


@pytest.mark.parametrize(("query", "start"), LASTS.items(), ids=LASTS)
async def test_a_stream_that_would_begin_at_the_beginning_begins_with_the_last_where_it_is_asked_to(
    query: str, start: int
) -> None:
    async with serving_app() as server, server.client() as client:
        await server.record("a", "b", "c")
        right = await a_cursor(server, 0)
        async with open_events(
            client, f"stream?{query.format(right=right, wrong=f'{right.log}.1.{right.tag}')}"
        ) as events:
            first = await events.next()
            if "wrong" in query:
                first = await events.next_of("reset")
            assert (first.id, json.loads(first.data)["from"]) == (str(await a_cursor(server, start)), start)
            for idx in range(start, 3):
                assert json.loads((await events.next_of("message")).data)["idx"] == idx


async def test_the_last_messages_are_fewer_where_they_are_long_and_one_at_least() -> None:
    async with serving_app() as server, server.client() as client:
        await server.record("a", *("x" * (LAST_BYTES // 3) for _ in range(3)))
        async with open_events(client, "stream?last=4") as events:
            assert json.loads((await events.next()).data)["from"] == 2
        await server.record("y" * (2 * LAST_BYTES))
        async with open_events(client, "stream?last=4") as events:
            assert json.loads((await events.next()).data)["from"] == 4


async def a_cursor(server: Server, index: int) -> Cursor:
    return await (await server.session()).log.locate(index)


async def test_a_stream_goes_on_after_its_cursor() -> None:
    async with serving_app() as server, server.client() as client:
        await server.record("a", "b", "c")
        for index in range(4):
            cursor = str(await a_cursor(server, index))
            for url, headers in ((f"stream?cursor={cursor}", {}), ("stream", {"Last-Event-ID": cursor})):
                async with open_events(client, url, **headers) as events:
                    ready = await events.next()
                    assert (ready.id, json.loads(ready.data)["from"]) == (cursor, index)
                    assert (await events.next()).event == "state"


async def test_the_last_event_id_counts_before_cursor_and_cursor_before_from() -> None:
    async with serving_app() as server, server.client() as client:
        await server.record("a", "b", "c")
        one, two = [str(await a_cursor(server, index)) for index in (1, 2)]
        for url, headers, start in (
            (f"stream?cursor={one}&from=3", {"Last-Event-ID": two}, 2),
            (f"stream?cursor={one}&from=3", {}, 1),
            (f"stream?cursor={one}", {"Last-Event-ID": ""}, 1),
        ):
            async with open_events(client, url, **headers) as events:
                assert json.loads((await events.next()).data)["from"] == start


BAD_CURSORS = {
    "another log": ("{other}.1.{tag}", "new_log"),
    "beyond the end": ("{log}.9.{tag}", "ahead"),
    "wrong tag": ("{log}.1.abcdefabcdef", "diverged"),
    "tag of another place": ("{log}.2.{tag}", "diverged"),
    "wrong tag at the start": ("{log}.0.{tag}", "diverged"),
    "empty": ("", "bad_cursor"),
    "upper case": ("{LOG}.1.{tag}", "bad_cursor"),
    "no tag": ("{log}.1", "bad_cursor"),
    "negative": ("{log}.-1.{tag}", "bad_cursor"),
    "leading zero": ("{log}.01.{tag}", "bad_cursor"),
    "a number": ("1", "bad_cursor"),
    "65 characters": ("{log}.1.{tag}" + "0" * 65, "bad_cursor"),
    "white space": ("{log}.1.{tag}%20", "bad_cursor"),
    "line break": ("{log}.1.{tag}%0A", "bad_cursor"),
    "not ASCII": ("%D9%A3", "bad_cursor"),
    "not UTF-8": ("%FF", "bad_cursor"),
    "NUL": ("%00", "bad_cursor"),
    "twice": ("{log}.1.{tag}&cursor={log}.1.{tag}", "bad_cursor"),
}


@pytest.mark.parametrize(("text", "reason"), BAD_CURSORS.values(), ids=BAD_CURSORS)
async def test_a_cursor_that_cannot_be_resumed_starts_anew_and_says_why(text: str, reason: str) -> None:
    async with serving_app() as server, server.client() as client:
        await server.record("a", "b")
        cursor = await a_cursor(server, 1)
        text = text.format(log=cursor.log, LOG=cursor.log.upper(), tag=cursor.tag, other="a" * 16)
        async with open_events(client, f"stream?cursor={text}&from=2") as events:
            ready, reset = await events.next(), await events.next()
            assert json.loads(ready.data)["from"] == 0
            assert (reset.event, json.loads(reset.data)["reason"]) == ("reset", reason)
            for content in "ab":
                assert json.loads((await events.next_of("message")).data)["content"] == content


@pytest.mark.parametrize("raw", [b"\xff\xfe", b"x" * 8000, b"\xe2\x80\xa8", b"a\tb"], ids=ascii)
async def test_a_last_event_id_of_any_bytes_is_a_reset_and_no_error(raw: bytes) -> None:
    async with serving_app() as server, await server.connect() as stream:
        request = server.request("/stream").replace(b"\r\n\r\n", b"\r\nLast-Event-ID: " + raw + b"\r\n\r\n")
        await stream.send_all(request)
        answer = await read_until(stream, b"event: state")
        assert answer.startswith(b"HTTP/1.1 200")
        assert b'"reason":"bad_cursor"' in answer


async def test_two_last_event_ids_are_a_reset() -> None:
    async with serving_app() as server, await server.connect() as stream:
        await server.record("a")
        cursor = await a_cursor(server, 1)
        await stream.send_all(server.request("/stream", *[f"Last-Event-ID: {cursor}"] * 2))
        assert b'"reason":"bad_cursor"' in await read_until(stream, b"event: state")


@pytest.mark.parametrize(
    ("asked", "given"), [("5", 5), ("15", 15), ("60", 60), ("1", 5), ("-1", 5), ("0", 5), ("61", 60), ("9" * 15, 60)]
)
async def test_the_interval_asked_for_is_kept_within_bounds(asked: str, given: int) -> None:
    async with serving_app() as server, server.client() as client:
        async with open_events(client, f"stream?heartbeat={asked}") as events:
            assert json.loads((await events.next()).data)["heartbeat"] == given
        async with open_events(client) as events:
            assert json.loads((await events.next()).data)["heartbeat"] == 45


@pytest.mark.parametrize("asked", ["x", "", "1_5", "15&heartbeat=15", "1e1"])
async def test_an_interval_that_is_no_number_is_refused(asked: str) -> None:
    async with serving_app() as server, server.client() as client:
        assert (await client.get(f"/stream?heartbeat={asked}")).status_code == 400


async def test_a_heartbeat_comes_over_the_wire_when_it_is_due(mock_clock: MockClock) -> None:
    async with serving_app() as server, await server.connect() as stream:
        await stream.send_all(server.request("/stream"))
        before = await read_until(stream, b"event: state")
        assert b"heartbeat\ndata" not in before
        await wait_all_tasks_blocked(0.05)
        mock_clock.jump(45)
        assert b"event: heartbeat\ndata: 1800000000\n\n" in await read_until(stream, b"1800000000\n\n")


async def test_a_head_request_gets_the_headers_and_no_stream() -> None:
    async with serving_app() as server, server.client() as client:
        for path in ("/stream", f"/sessions/{(await server.session()).id}/stream"):
            answer = await client.head(path)
            assert (answer.status_code, answer.content) == (200, b"")
            assert answer.headers["Content-Type"] == "text/event-stream; charset=utf-8"
            assert "Content-Length" not in answer.headers
            assert (await server.session()).snapshot().streams == 0


async def test_another_method_is_told_which_ones_there_are() -> None:
    async with serving_app() as server, server.client() as client:
        for method, path, allowed in (
            ("POST", "/stream", {"GET", "HEAD"}),
            ("DELETE", "/stream", {"GET", "HEAD"}),
            ("OPTIONS", "/stream", {"GET", "HEAD"}),
            ("NONSENSE", "/state", {"GET", "HEAD"}),
            ("GET", "/chat", {"POST"}),
            ("PUT", "/sessions", {"GET", "HEAD", "POST"}),
            ("POST", f"/sessions/{'0' * 16}", {"GET", "HEAD", "PATCH", "DELETE"}),
        ):
            answer = await client.request(method, path)
            assert answer.status_code == 405, path
            assert set(answer.headers["Allow"].split(", ")) == allowed
            assert answer.headers["Content-Type"] == "application/problem+json"


async def test_a_client_too_many_gets_a_goodbye_and_a_long_wait() -> None:
    async with serving_app(max_streams=2) as server, server.client() as client:
        async with open_events(client) as one, open_events(client) as two:
            assert [(await each.next()).event for each in (one, two)] == ["ready", "ready"]
            async with open_events(client) as third:
                (bye,) = await third.rest()
                assert json.loads(bye.data)["reason"] == "overload"
                assert third.parser.retry_ms == 30_000
        await settled(lambda: b"trio_agent_streams 0.0" in server.serving.metrics())
        async with open_events(client) as again:
            assert (await again.next()).event == "ready"


async def test_clients_that_come_at_the_same_time_are_counted_too() -> None:
    async with serving_app(max_streams=3) as server:
        opened = [await server.connect() for _ in range(12)]
        for stream in opened:
            await stream.send_all(server.request("/stream"))
        answers = [await read_until(stream, b"data: ") for stream in opened]
        assert sum(b"event: ready" in answer for answer in answers) == 3
        for stream in opened:
            await stream.aclose()


async def test_every_stream_is_told_goodbye_when_the_server_stops() -> None:
    async with serving_app() as server, server.client() as client:
        async with open_events(client) as one, open_events(client) as two:
            for each in (one, two):
                await each.next_of("state")
            # Until nobody has a State left to send, which would wake them too.
            await wait_all_tasks_blocked(2 * STATE_INTERVAL_S)
            server.serving.stop()
            for each in (one, two):
                assert "shutdown" in (await each.next_of("bye")).data
        await server.stopped.wait()


async def test_a_client_library_of_others_understands_the_stream() -> None:
    async with serving_app() as server, server.client() as client:
        await server.record("a")
        (await server.session()).end()
        async with client.stream("GET", "/stream") as response:
            seen = [(event.event, event.id) async for event in httpx2.EventSource(response)]
        cursor = str(await a_cursor(server, 1))
        start = str(await a_cursor(server, 0))
        assert seen == [("ready", start), ("state", start), ("message", cursor), ("state", cursor), ("bye", cursor)]


async def test_others_get_everything_while_one_reader_takes_nothing(mock_clock: MockClock) -> None:
    async with serving_app() as server, server.client() as client, await server.connect() as stuck:
        # A small window, so that little fits between us and who does not read.
        await stuck.send_all(server.request("/stream"))
        await read_until(stuck, b"event: state")
        before = tasks()
        async with open_events(client) as events:
            for number in range(40):
                await server.record(f"{number} " + "x" * 500_000)
                assert json.loads((await events.next_of("message")).data)["idx"] == number
        await wait_all_tasks_blocked(0.05)
        mock_clock.jump(21)
        await settled(lambda: tasks() < before)
        left = await read_all(stuck)
        assert len(left) < 10_000_000


async def test_a_thousand_connections_leave_tasks_and_descriptors_as_they_were(mock_clock: MockClock) -> None:
    async with serving_app() as server:
        before = tasks(), descriptors()
        for _ in range(10):
            async with trio.open_nursery() as nursery:
                for _ in range(100):
                    nursery.start_soon(_come_and_go, server)
        await settled(lambda: (tasks(), descriptors()) == before)


async def _come_and_go(server: Server) -> None:
    async with await server.connect() as stream:
        await stream.send_all(server.request("/stream"))
        await read_until(stream, b"event: ready")
