"""Answers that hold a whole log: taken from the store a page at a time, while the client takes them."""

from __future__ import annotations

import json

import httpx2
import pytest
from trio.testing import wait_all_tasks_blocked

from tests.web.serving import Server, read_all, serving_app, settled, tasks
from trio_agent.core.errors import StoreDown
from trio_agent.runtime.log import CHUNK_BYTES
from trio_agent.seams import Entry
from trio_agent.stores.memory import MemoryStore

ROUTES = ("/messages", "/download")


class PagedStore(MemoryStore):
    """A store in memory that keeps how many bytes each read took, and refuses reads from `broken_at` on."""

    def __init__(self) -> None:
        super().__init__()
        self.taken: list[int] = []
        self.broken_at: int | None = None

    async def read(self, log: str, start: int, stop: int) -> list[Entry]:
        if self.broken_at is not None and stop > self.broken_at:
            raise StoreDown("gone")
        entries = await super().read(log, start, stop)
        self.taken.append(sum(len(entry.wire) for entry in entries))
        return entries


async def fill(server: Server, count: int, size: int) -> None:
    await server.record(*(f"{number} ".ljust(size, ".") for number in range(count)))


def contents(route: str, body: bytes) -> list[int]:
    """The number that each message's text begins with."""
    told = json.loads(body)
    return [int(each["content"].split()[0]) for each in (told["messages"] if route == "/download" else told)]


@pytest.mark.parametrize("route", ROUTES)
@pytest.mark.parametrize(("count", "size"), [(0, 0), (1, 10), (40, 30_000), (3, 2 * CHUNK_BYTES), (2000, 200)])
async def test_a_log_of_any_size_is_given_whole_in_pages_of_a_bounded_size(route: str, count: int, size: int) -> None:
    store = PagedStore()
    async with serving_app(store=store) as server, server.client() as client:
        await fill(server, count, size)
        store.taken.clear()
        answer = await client.get(route)
        assert answer.status_code == 200
        assert answer.headers["Content-Type"] == "application/json"
        assert answer.headers["Cache-Control"] == "no-store"
        assert contents(route, answer.content) == list(range(count))
        assert max(store.taken, default=0) < CHUNK_BYTES + size + 1000


async def test_a_part_of_a_long_log_is_given_in_pages_too() -> None:
    async with serving_app() as server, server.client() as client:
        await fill(server, 40, 30_000)
        answer = await client.get("/messages?start=3&end=37")
        assert contents("/messages", answer.content) == list(range(3, 37))


@pytest.mark.parametrize("route", ROUTES)
async def test_a_head_request_reads_one_page_and_gets_headers_alone(route: str) -> None:
    store = PagedStore()
    async with serving_app(store=store) as server, server.client() as client:
        await fill(server, 40, 30_000)
        store.taken.clear()
        answer = await client.head(route)
        assert (answer.status_code, answer.content) == (200, b"")
        assert answer.headers["Content-Type"] == "application/json"
        assert "Content-Length" not in answer.headers
        assert len(store.taken) == 1


@pytest.mark.parametrize("route", ROUTES)
async def test_who_does_not_take_the_answer_holds_no_more_than_fits_on_the_way(route: str) -> None:
    store = PagedStore()
    async with serving_app(store=store) as server, await server.connect() as stuck:
        await fill(server, 40, 500_000)
        before = tasks()
        store.taken.clear()
        await stuck.send_all(server.request(route, "Connection: close"))
        await wait_all_tasks_blocked(0.05)
        assert 1 <= len(store.taken) < 30
        assert (await read_all(stuck)).endswith(b"0\r\n\r\n")
        assert len(store.taken) == 40
        await settled(lambda: tasks() <= before)


async def test_who_leaves_in_the_middle_leaves_nothing_behind() -> None:
    async with serving_app() as server:
        await fill(server, 40, 500_000)
        before = tasks()
        async with await server.connect() as leaving:
            await leaving.send_all(server.request("/messages"))
            await leaving.receive_some(1000)
        await settled(lambda: tasks() <= before)


@pytest.mark.parametrize("route", ROUTES)
async def test_a_store_that_fails_at_once_is_told_and_one_that_fails_later_breaks_the_answer_off(route: str) -> None:
    store = PagedStore()
    async with serving_app(store=store) as server, server.client() as client:
        await fill(server, 40, 30_000)
        store.broken_at = 0
        assert (await client.get(route)).status_code == 503
        store.broken_at = 30
        with pytest.raises(httpx2.RemoteProtocolError):
            await client.get(route)
        store.broken_at = None
        assert (await client.get(route)).status_code == 200


async def test_a_log_that_is_deleted_while_it_is_given_breaks_the_answer_off() -> None:
    async with serving_app() as server, server.client() as client:
        await fill(server, 40, 500_000)
        session = await server.session()
        async with client.stream("GET", "/messages") as answer:
            assert answer.status_code == 200
            await wait_all_tasks_blocked(0.05)
            await server.serving.hall.delete(session.id)
            with pytest.raises(httpx2.RemoteProtocolError):
                await answer.aread()
