"""Saying something to a session: bodies, keys, cancelling."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence

import pytest
import trio
from trio.testing import wait_all_tasks_blocked

from tests.web.echo_agent import TOOL_CALL, EchoAgent
from tests.web.serving import open_events, read_all, serving_app
from trio_agent.core.errors import StoreDown, StoreFull
from trio_agent.seams import Entry
from trio_agent.stores.memory import MemoryStore
from trio_agent.web.app import MAX_BODY_BYTES

JSON = {"Content-Type": "application/json"}
KEY = {"Idempotency-Key": "a-key-of-mine"}


async def test_a_message_is_acknowledged_with_its_place_in_the_log() -> None:
    async with serving_app() as server, server.client() as client:
        answer = await client.post("/chat", json={"message": "grüße 🐛"})
        assert answer.status_code == 202
        log, idx, cursor = (answer.json()[name] for name in ("log", "idx", "cursor"))
        assert (set(answer.json()), idx) == ({"log", "idx", "cursor"}, 0)
        (message, *_) = (await client.get("/messages")).json()
        assert (message["content"], message["type"]) == ("grüße 🐛", "user")
        async with open_events(client, f"stream?cursor={cursor}") as events:
            assert (await events.next()).id == cursor
            assert cursor.startswith(f"{log}.1.")


async def test_the_answer_comes_by_the_stream() -> None:
    async with serving_app() as server, server.client() as client, open_events(client) as events:
        await client.post("/chat", json={"message": "hi"})
        said = [(await events.next_of("message")).data for _ in range(2)]
        assert "echo: hi" in said[1]


BODIES: dict[str, tuple[bytes, int]] = {
    "no JSON": (b"{", 400),
    "empty": (b"", 400),
    "no UTF-8": (b'{"message":"\xff"}', 400),
    "no UTF-8 where nobody looks": (b'{"message":"a","other":"\xff"}', 400),
    "NaN": (b'{"message":"a","n":NaN}', 400),
    "infinite": (b'{"message":"a","n":Infinity}', 400),
    "lone surrogate": (b'{"message":"\\ud800"}', 400),
    "two documents": (b'{"message":"a"}{}', 400),
    "deep": (b'{"message":"a","n":' + b"[" * 40 + b"]" * 40 + b"}", 400),
    "very deep": (b"[" * 500_000, 400),
    "deep objects": (b'{"a":' * 100_000, 400),
    "a list": (b"[]", 422),
    "null": (b"null", 422),
    "no message": (b"{}", 422),
    "a number": (b'{"message":1}', 422),
    "nothing said": (b'{"message":""}', 422),
    "white space": (b'{"message":" \\n\\t"}', 422),
    "more than asked": (b'{"message":"a","later":[1]}', 202),
    "as deep as may be": (b'{"message":"a","n":' + b"[" * 31 + b"]" * 31 + b"}", 202),
    "a NUL": (b'{"message":"\\u0000"}', 202),
}


@pytest.mark.parametrize(("body", "status"), BODIES.values(), ids=BODIES)
async def test_a_body_is_judged(body: bytes, status: int) -> None:
    async with serving_app() as server, server.client() as client:
        answer = await client.post("/chat", content=body, headers=JSON)
        assert answer.status_code == status, answer.text
        if status != 202:
            assert answer.headers["Content-Type"] == "application/problem+json"
            problem = answer.json()
            assert set(problem) == {"type", "title", "status", "detail", "instance"}
            assert (problem["status"], problem["instance"]) == (status, answer.headers["X-Request-Id"])
            assert (await client.get("/messages")).json() == []


@pytest.mark.parametrize(
    "kind", ["", "text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"]
)
async def test_a_body_that_a_form_could_send_is_not_taken(kind: str) -> None:
    async with serving_app() as server, server.client() as client:
        for path in ("/chat", "/cancel", "/sessions"):
            headers = {"Content-Type": kind} if kind else {}
            answer = await client.post(path, content=b'{"message":"a"}', headers=headers)
            assert answer.status_code == 415, path


async def test_json_may_name_its_charset() -> None:
    async with serving_app() as server, server.client() as client:
        headers = {"Content-Type": "Application/JSON; charset=utf-8"}
        assert (await client.post("/chat", content=b'{"message":"a"}', headers=headers)).status_code == 202


async def test_a_body_of_a_mebibyte_is_taken_and_one_byte_more_is_not() -> None:
    async with serving_app() as server, server.client() as client:
        frame = len(b'{"message":""}')
        for size, status in ((MAX_BODY_BYTES, 202), (MAX_BODY_BYTES + 1, 413)):
            body = b'{"message":"%b"}' % (b"x" * (size - frame))

            async def in_chunks(body: bytes = body) -> AsyncIterator[bytes]:
                for begin in range(0, len(body), 100_000):
                    yield body[begin : begin + 100_000]

            for content in (body, in_chunks()):
                answer = await client.post("/chat", content=content, headers=JSON)
                assert answer.status_code == status


async def test_a_key_that_comes_again_gets_the_first_answer() -> None:
    async with serving_app() as server, server.client() as client:
        first = await client.post("/chat", json={"message": "a"}, headers=KEY)
        again = await client.post("/chat", content=b'{ "message" : "a" }', headers={**KEY, **JSON})
        assert (first.status_code, again.status_code) == (202, 200)
        assert "Idempotency-Replayed" not in first.headers
        assert again.headers["Idempotency-Replayed"] == "true"
        assert again.json() == first.json()
        said = [each["content"] for each in (await client.get("/messages")).json() if each["type"] == "user"]
        assert said == ["a"]


async def test_a_key_that_comes_many_times_at_once_is_recorded_once() -> None:
    async with serving_app() as server, server.client() as client:
        statuses: list[int] = []

        async def post() -> None:
            statuses.append((await client.post("/chat", json={"message": "a"}, headers=KEY)).status_code)

        async with trio.open_nursery() as nursery:
            for _ in range(20):
                nursery.start_soon(post)
        assert sorted(statuses) == [200] * 19 + [202]


async def test_a_key_that_comes_again_with_another_body_is_refused() -> None:
    async with serving_app() as server, server.client() as client:
        await client.post("/chat", json={"message": "a"}, headers=KEY)
        assert (await client.post("/chat", json={"message": "b"}, headers=KEY)).status_code == 422
        assert (await client.post("/chat", json={"message": "b"})).status_code == 202


@pytest.mark.parametrize("key", ["", "seven77", "x" * 129, "with space", "ümlaut-key", "tab\tinside"], ids=ascii)
async def test_a_key_that_is_none_is_refused(key: str) -> None:
    async with serving_app() as server, server.client() as client:
        headers = [*JSON.items(), (b"Idempotency-Key", key.encode("latin-1"))]
        assert (await client.post("/chat", content=b'{"message":"a"}', headers=headers)).status_code == 400
        assert (await client.get("/messages")).json() == []


async def test_two_keys_are_none() -> None:
    async with serving_app() as server, server.client() as client:
        headers = [*JSON.items(), *KEY.items(), *KEY.items()]
        assert (await client.post("/chat", content=b'{"message":"a"}', headers=headers)).status_code == 400


@pytest.mark.parametrize("key", ["eight888", "x" * 128, "!~!~!~!~"])
async def test_a_key_may_be_any_visible_ascii(key: str) -> None:
    async with serving_app() as server, server.client() as client:
        answer = await client.post("/chat", json={"message": "a"}, headers={"Idempotency-Key": key})
        assert answer.status_code == 202


async def test_cancelling_ends_the_turn_and_says_why() -> None:
    agent = EchoAgent()
    async with serving_app(agent) as server, server.client() as client:
        await client.post("/chat", json={"message": "hang"})
        await agent.hanging.wait()
        answer = await client.post("/cancel", json={"reason": "enough"})
        assert (answer.status_code, answer.json()) == (200, {"status": "cancelled", "reason": "enough"})
        assert (await client.get("/state")).json()["agent_state"] == "WaitingForUserInput"
        assert (await client.get("/messages")).json()[-1]["content"] == "Cancelled: enough"


async def test_cancelling_where_nothing_runs_is_fine_also_without_a_body() -> None:
    async with serving_app() as server, server.client() as client:
        answer = await client.post("/cancel")
        assert answer.json() == {"status": "cancelled", "reason": "user requested cancellation"}
        assert (await client.post("/cancel", json={})).status_code == 200


async def test_a_single_tool_call_is_cancelled_and_the_turn_goes_on() -> None:
    agent = EchoAgent()
    async with serving_app(agent) as server, server.client() as client, open_events(client) as events:
        await client.post("/chat", json={"message": "tool"})
        await agent.hanging.wait()
        answer = await client.post("/cancel", json={"tool_call_id": TOOL_CALL.tool_call_id, "reason": "slow"})
        expected = {"status": "cancelled", "reason": "slow", "tool_call_id": TOOL_CALL.tool_call_id}
        assert (answer.status_code, answer.json()) == (200, expected)
        await events.next_of("message")
        assert "echo: tool" in (await events.next_of("message")).data


async def test_an_unknown_tool_call_is_not_found() -> None:
    async with serving_app() as server, server.client() as client:
        assert (await client.post("/cancel", json={"tool_call_id": "no"})).status_code == 404
        assert (await client.post("/cancel", json={"reason": 1})).status_code == 422


async def test_a_session_that_ended_takes_no_message() -> None:
    async with serving_app() as server, server.client() as client:
        (await server.session()).end()
        answer = await client.post("/chat", json={"message": "a"})
        assert answer.status_code == 409


class _BadStore(MemoryStore):
    """Takes the sessions and refuses the messages."""

    def __init__(self, error: Exception) -> None:
        super().__init__()
        self._error = error

    async def append(self, entries: Sequence[Entry]) -> None:
        await trio.lowlevel.checkpoint()
        raise self._error


async def test_a_full_disk_is_said_to_be_full() -> None:
    async with serving_app(store=_BadStore(StoreFull("the disk is full"))) as server, server.client() as client:
        answer = await client.post("/chat", json={"message": "a"})
        assert answer.status_code == 507
        assert (await client.get("/messages")).json() == []


async def test_a_store_that_is_down_is_tried_again_later_and_its_insides_are_not_told() -> None:
    async with serving_app(store=_BadStore(StoreDown("no table message"))) as server, server.client() as client:
        answer = await client.post("/chat", json={"message": "a"})
        assert answer.status_code == 503
        assert int(answer.headers["Retry-After"]) > 0
        assert "table" not in answer.text


@pytest.mark.parametrize(("path", "body"), [("/chat", b'{"message": "late"}'), ("/sessions", b'{"title": "late"}')])
async def test_a_body_that_comes_after_the_server_began_to_stop_changes_nothing(path: str, body: bytes) -> None:
    async with serving_app() as server, await server.connect() as stream:
        head = server.request(path, "Content-Type: application/json", f"Content-Length: {len(body)}", method="POST")
        await stream.send_all(head + body[:5])
        # The handler has asked for the rest, and waits.
        await wait_all_tasks_blocked(0.05)
        server.serving.stop()
        await stream.send_all(body[5:])
        answer = await read_all(stream)
        assert answer.startswith(b"HTTP/1.1 503 "), answer
        assert (await server.session()).log.cursor.index == 0
        assert len(server.serving.hall.records()) == 1


async def test_a_server_that_shuts_down_takes_nothing_more() -> None:
    async with serving_app() as server:
        session = await server.session()
        changes = [("POST", "/chat"), ("POST", "/cancel"), ("POST", "/sessions")]
        changes += [("PATCH", f"/sessions/{session.id}"), ("DELETE", f"/sessions/{session.id}"), ("GET", "/readyz")]
        server.serving.stop()
        for method, path in changes:
            status, headers = await server.asked_directly(method, path)
            assert status == 503, (method, path)
            assert int(headers["retry-after"]) > 0
        assert (await server.asked_directly("GET", "/healthz"))[0] == 200
