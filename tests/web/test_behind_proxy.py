"""The event stream behind a proxy that buffers, compresses and keeps copies of whatever does not forbid it."""

from __future__ import annotations

import json

import httpx2
from trio.testing import wait_all_tasks_blocked

from tests.web.buffering_proxy import Proxy, Spoiler, proxied
from tests.web.serving import BEARER, open_events, serving_app


def through(proxy: Proxy) -> httpx2.AsyncClient:
    """A client as a browser is: it says that it takes compressed answers."""
    headers = {**BEARER, "Accept-Encoding": "gzip"}
    url = f"http://127.0.0.1:{proxy.port}/"
    return httpx2.AsyncClient(base_url=url, headers=headers, trust_env=False, timeout=30)


async def test_every_event_comes_through_as_it_happens() -> None:
    async with serving_app(heartbeat_s=5) as server, proxied(server.port) as proxy, through(proxy) as client:
        async with open_events(client) as events:
            assert (await events.next()).event == "ready"
            for number in range(3):
                await server.record(f"message {number}")
                assert json.loads((await events.next_of("message")).data)["content"] == f"message {number}"
                assert json.loads((await events.next_of("state")).data)["message_count"] == number + 1
        assert proxy.kept == []


async def test_the_goodbye_comes_through() -> None:
    async with (
        serving_app() as server,
        proxied(server.port) as proxy,
        through(proxy) as client,
        open_events(client) as events,
    ):
        await events.next_of("state")
        server.serving.stop()
        assert [event.event for event in await events.rest()] == ["bye"]


async def test_no_answer_with_data_is_kept_by_a_proxy() -> None:
    async with serving_app() as server, proxied(server.port) as proxy, through(proxy) as client:
        await server.record("secret")
        for path in ("state", "messages", "download", "sessions"):
            assert (await client.get(path)).status_code == 200
        await wait_all_tasks_blocked()
        assert proxy.kept == []


def test_the_proxy_of_these_tests_does_hold_back_what_does_not_forbid_it() -> None:
    event = b"event: message\ndata: {}\n\n"
    assert Spoiler({"cache-control": "no-store, no-transform", "x-accel-buffering": "no"}).through(event) == event
    assert Spoiler({"cache-control": "no-store, no-transform"}).through(event) == b""
    spoiled = Spoiler({"cache-control": "no-store", "x-accel-buffering": "no"})
    assert event not in spoiled.through(event) + spoiled.end()
    assert Spoiler({}).keeps
