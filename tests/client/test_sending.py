"""Saying something, exactly once; and stopping what runs, once at most."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator

import httpx2
import pytest
import trio
import trio.testing

from tests.client.standin import LOG, SESSION, URL, Answer, StandIn, cursor
from trio_agent.client import Posted, Refused, Unreachable, connect
from trio_agent.core.errors import ProtocolError

ACCEPTED = httpx2.Response(202, json={"log": LOG, "idx": 0, "cursor": cursor(1)})


def in_turn(*answers: Answer) -> Callable[[httpx2.Request], Answer]:
    left: Iterator[Answer] = iter(answers)
    return lambda request: next(left)


def posts(server: StandIn, route: str = "chat") -> list[httpx2.Request]:
    return [request for request in server.asked if request.url.path.endswith(route)]


async def test_a_message_is_posted_to_its_session_and_acknowledged(autojump_clock: trio.abc.Clock) -> None:
    server = StandIn([], in_turn(ACCEPTED))
    async with connect(URL, transport=server) as client:
        assert await client.send("hellö") == Posted(LOG, 0, cursor(1))
    (post,) = posts(server)
    assert post.url.path == f"/sessions/{SESSION}/chat"
    assert json.loads(post.content) == {"message": "hellö"}
    assert post.headers["authorization"] == "Bearer a-token-of-the-tests"


async def test_it_is_sent_again_under_one_key_until_it_is_acknowledged(autojump_clock: trio.abc.Clock) -> None:
    lost = httpx2.ReadError("the answer was lost")
    server = StandIn([], in_turn(lost, httpx2.Response(503), lost, ACCEPTED))
    async with connect(URL, transport=server, uniform=lambda: 1.0) as client:
        await client.send("once")
    keys = {post.headers["idempotency-key"] for post in posts(server)}
    assert (len(posts(server)), len(keys)) == (4, 1)
    assert trio.current_time() == pytest.approx(0.5 + 1 + 2)


async def test_each_message_has_a_key_of_its_own(autojump_clock: trio.abc.Clock) -> None:
    server = StandIn([], lambda request: ACCEPTED)
    async with connect(URL, transport=server) as client:
        await client.send("same")
        await client.send("same")
        await client.send("same", key="my-own-key")
    keys = [post.headers["idempotency-key"] for post in posts(server)]
    assert len(set(keys)) == 3
    assert keys[2] == "my-own-key"
    assert all(8 <= len(key) <= 128 and key.isascii() for key in keys)


async def test_a_server_that_names_a_time_is_given_it(autojump_clock: trio.abc.Clock) -> None:
    server = StandIn([], in_turn(httpx2.Response(507, headers={"retry-after": "20"}), ACCEPTED))
    async with connect(URL, transport=server, uniform=lambda: 0.0) as client:
        await client.send("once")
    assert trio.current_time() == 20


async def test_a_post_without_an_answer_is_tried_again(autojump_clock: trio.abc.Clock) -> None:
    class Mute(StandIn):
        async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
            response = await super().handle_async_request(request)
            if len(posts(self)) == 1:
                await trio.sleep_forever()
            return response

    server = Mute([], lambda request: ACCEPTED)
    async with connect(URL, transport=server) as client:
        await client.send("once")
    assert len({post.headers["idempotency-key"] for post in posts(server)}) == 1
    assert len(posts(server)) == 2


async def test_messages_go_one_after_the_other(autojump_clock: trio.abc.Clock) -> None:
    server = StandIn([], in_turn(httpx2.Response(503), ACCEPTED, ACCEPTED))
    async with connect(URL, transport=server) as client, trio.open_nursery() as nursery:
        nursery.start_soon(client.send, "first")
        await trio.testing.wait_all_tasks_blocked()
        nursery.start_soon(client.send, "second")
    assert [json.loads(post.content)["message"] for post in posts(server)] == ["first", "first", "second"]


@pytest.mark.parametrize("status", [401, 404, 409, 422])
async def test_a_message_that_is_not_taken_is_an_error(status: int, autojump_clock: trio.abc.Clock) -> None:
    server = StandIn([], in_turn(httpx2.Response(status, json={"detail": "the reason"})))
    async with connect(URL, transport=server) as client:
        with pytest.raises(Refused) as caught:
            await client.send("no")
    assert caught.value.status == status
    assert len(posts(server)) == 1


async def test_an_answer_of_another_program_is_no_acknowledgement(autojump_clock: trio.abc.Clock) -> None:
    async with connect(URL, transport=StandIn([], in_turn(httpx2.Response(200, html="welcome")))) as client:
        with pytest.raises(ProtocolError):
            await client.send("hello")


async def test_the_session_stays_the_one_it_was(autojump_clock: trio.abc.Clock) -> None:
    """The newest one may be another by the next request."""
    server = StandIn([], lambda request: ACCEPTED)
    async with connect(URL, transport=server) as client:
        assert client.session == ""
        await client.send("a")
        await client.send("b")
        assert client.session == SESSION
    assert len([request for request in server.asked if request.url.path == "/state"]) == 1


async def test_a_session_that_is_named_is_not_asked_for(autojump_clock: trio.abc.Clock) -> None:
    server = StandIn([], lambda request: ACCEPTED)
    async with connect(URL, session="named", transport=server) as client:
        await client.send("a")
    assert posts(server)[0].url.path == "/sessions/named/chat"
    assert not posts(server, "state")


async def test_cancelling_says_why(autojump_clock: trio.abc.Clock) -> None:
    server = StandIn([], lambda request: httpx2.Response(200, json={"status": "cancelled"}))
    async with connect(URL, transport=server) as client:
        await client.cancel()
        await client.cancel("enough", tool_call_id="call-1")
    assert [json.loads(post.content) for post in posts(server, "cancel")] == [
        {},
        {"reason": "enough", "tool_call_id": "call-1"},
    ]


async def test_a_cancel_is_never_tried_twice(autojump_clock: trio.abc.Clock) -> None:
    server = StandIn([], in_turn(httpx2.ReadError("lost")))
    async with connect(URL, transport=server) as client:
        with pytest.raises(Unreachable):
            await client.cancel()
    assert len(posts(server, "cancel")) == 1


async def test_a_cancel_of_what_does_not_run_is_an_error(autojump_clock: trio.abc.Clock) -> None:
    server = StandIn([], in_turn(httpx2.Response(404, json={"detail": "no such tool call is running"})))
    async with connect(URL, transport=server) as client:
        with pytest.raises(Refused, match="no such tool call"):
            await client.cancel(tool_call_id="gone")
