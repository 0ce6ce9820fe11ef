"""The server of a replay: what it serves as every server does, what it refuses, and its own two routes."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import httpx2
import pytest
import trio

from tests.runtime.recordings import TURN, lines, recording_of
from tests.web.serving import TOKEN, open_events, settled
from tests.web.test_openapi import braces, fault, served_routes
from trio_agent.web.guard import Access
from trio_agent.web.pages import Pages
from trio_agent.web.replay import BAR, BAR_HIDDEN, ReplayApp
from trio_agent.web.routes import REPLAY_ROUTES, ROUTES, expanded
from trio_agent.web.server import listen, serve_connections


@dataclass
class Replaying:
    """A replay that is served."""

    app: ReplayApp
    client: httpx2.AsyncClient


@asynccontextmanager
async def replaying(speed: float = float("inf"), token: str = TOKEN) -> AsyncIterator[Replaying]:
    app = ReplayApp(recording_of(TURN), access=Access(TOKEN), speed=speed)
    sockets = listen("127.0.0.1", 0)
    url = f"http://127.0.0.1:{sockets[0].getsockname()[1]}/"
    stopped = trio.Event()
    async with app.running() as serving, trio.open_nursery() as nursery:

        async def run() -> None:
            await serve_connections(app, sockets, serving)
            stopped.set()

        nursery.start_soon(run)
        headers = {"Authorization": f"Bearer {token}"}
        async with httpx2.AsyncClient(base_url=url, headers=headers, trust_env=False, timeout=30) as client:
            yield Replaying(app, client)
        serving.stop()
        await settled(stopped.is_set)


async def test_the_read_routes_give_the_recording() -> None:
    messages = [json.loads(line) for line in lines(TURN)]
    async with replaying() as replay:
        state = (await replay.client.get("/state")).json()
        assert (state["message_count"], state["title"]) == (4, "run the tests")
        for root in ("/", f"/sessions/{state['session_id']}/"):
            assert (await replay.client.get(f"{root}messages")).json() == messages
            assert (await replay.client.get(f"{root}messages?start=1&end=2")).json() == messages[1:2]
            assert (await replay.client.get(f"{root}messages/3/html")).text == "<p>They pass. 🐛</p>\n"
            assert (await replay.client.get(f"{root}download")).json()["messages"] == messages
        (session,) = (await replay.client.get("/sessions")).json()
        assert (session["title"], session["message_count"], session["log"]) == ("run the tests", 4, state["log"])
        for path in ("/healthz", "/readyz", "/metrics", "/"):
            assert (await replay.client.get(path)).status_code == 200


async def test_the_stream_gives_the_recording_and_goes_back_with_a_reset_on_the_same_connection() -> None:
    async with replaying() as replay, open_events(replay.client) as reader:
        ready = await reader.next()
        told = [(await reader.next_of("message")).data.encode() for _ in TURN]
        assert (ready.event, told) == ("ready", lines(TURN))
        answer = await replay.client.post("/replay", json={"position": 2})
        reset = await reader.next_of("reset")
        assert json.loads(reset.data) == {"reason": "new_log", "log": answer.json()["log"], "from": 0}
        assert [(await reader.next_of("message")).data.encode() for _ in range(2)] == lines(TURN)[:2]
        await replay.client.post("/replay", json={"position": 3})
        assert (await reader.next_of("message", "reset")).data.encode() == lines(TURN)[2]


async def test_a_cursor_of_before_it_went_back_is_answered_by_a_reset() -> None:
    async with replaying() as replay:
        cursor = (await replay.client.get("/state")).json()["cursor"]
        await replay.client.post("/replay", json={"position": 1})
        async with open_events(replay.client, f"stream?cursor={cursor}") as reader:
            assert json.loads((await reader.next_of("reset")).data)["reason"] == "new_log"


REFUSED = {
    "a message": ("POST", "/chat", {"message": "hello"}),
    "a stop": ("POST", "/cancel", None),
    "a stop of one call": ("POST", "/cancel", {"tool_call_id": "call-1"}),
    "a stop of one task": ("POST", "/cancel", {"task": 1}),
    "a new session": ("POST", "/sessions", None),
    "another title": ("PATCH", "/sessions/SESSION", {"title": "another"}),
    "a deletion": ("DELETE", "/sessions/SESSION", None),
    "a diff": ("GET", "/diff", None),
    "a commit's diff": ("GET", "/sessions/SESSION/diff?commit=c0ffee", None),
}


@pytest.mark.parametrize(("method", "path", "body"), REFUSED.values(), ids=REFUSED)
async def test_what_would_change_it_is_refused_and_changes_nothing(
    method: str, path: str, body: dict[str, str] | None
) -> None:
    async with replaying() as replay:
        before = (await replay.client.get("/state")).json()
        answer = await replay.client.request(method, path.replace("SESSION", before["session_id"]), json=body)
        problem = answer.json()
        assert (answer.status_code, problem["status"], problem["title"]) == (409, 409, "Conflict")
        assert problem["detail"].startswith("this is a replay")
        assert answer.headers["Content-Type"] == "application/problem+json"
        assert (await replay.client.get("/state")).json() == before


async def test_there_are_no_blobs() -> None:
    async with replaying() as replay:
        answer = await replay.client.get(f"/blobs/{'0' * 64}")
        assert (answer.status_code, answer.json()["detail"]) == (404, "no such blob")


async def test_it_is_told_and_tells_how_it_goes_on() -> None:
    async with replaying() as replay:
        told = (await replay.client.get("/replay")).json()
        assert told == {"position": 4, "count": 4, "playing": False, "speed": 1.0, "log": told["log"]}
        answer = await replay.client.post("/replay", json={"position": 2, "speed": 0.5, "playing": True})
        assert answer.status_code == 200
        changed = answer.json()
        assert changed == {"position": 2, "count": 4, "playing": True, "speed": 0.5, "log": changed["log"]}
        assert changed["log"] != told["log"]
        assert (await replay.client.post("/replay", json={"playing": False})).json()["playing"] is False
        same = (await replay.client.post("/replay", json={})).json()
        assert same == {**changed, "playing": False}


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ('{"position": 0}', 422),
        ('{"position": 5}', 422),
        ('{"position": 1.5}', 422),
        ('{"position": "1"}', 422),
        ('{"position": 1e999}', 400),
        ('{"speed": 0}', 422),
        ('{"speed": 1e999}', 400),
        ('{"playing": 1}', 422),
        ("[]", 422),
        ('{"speed": NaN}', 400),
        ("{", 400),
        ("", 415),
    ],
)
async def test_a_command_that_is_none_is_refused_and_changes_nothing(body: str, status: int) -> None:
    async with replaying() as replay:
        before = (await replay.client.get("/replay")).json()
        headers = {"Content-Type": "application/json"} if body else {}
        answer = await replay.client.post("/replay", content=body, headers=headers)
        assert answer.status_code == status, answer.text
        assert (await replay.client.get("/replay")).json() == before


async def test_its_routes_ask_for_the_token_like_all_others() -> None:
    async with replaying(token="none of it") as replay:
        assert (await replay.client.get("/replay")).status_code == 401
        assert (await replay.client.post("/replay", json={"position": 1})).status_code == 401
        foreign = await replay.client.post(
            "/replay", json={}, headers={"Authorization": f"Bearer {TOKEN}", "Origin": "http://127.0.0.1:1"}
        )
        assert foreign.status_code == 403


async def test_what_is_described_is_what_is_served_and_every_answer_has_its_shape() -> None:
    routes = [*ROUTES, *REPLAY_ROUTES]
    async with replaying() as replay:
        description = (await replay.client.get("/openapi.json")).json()
        described = {
            (method.upper(), path) for path, operations in description["paths"].items() for method in operations
        }
        hidden = {(route.method, braces(path)) for route, path in expanded(routes) if not route.described}
        assert described == served_routes(replay.app) - hidden
        components = description["components"]["schemas"]
        for method, body in (("GET", None), ("POST", {"position": 1})):
            operation = description["paths"]["/replay"][method.lower()]
            answer = await replay.client.request(method, "/replay", json=body)
            schema = operation["responses"]["200"]["content"]["application/json"]["schema"]
            assert fault(answer.json(), schema, components) == ""
        assert operation["requestBody"]["required"] is True


async def test_the_page_is_the_dashboard_with_its_bar_in_sight() -> None:
    async with replaying() as replay:
        page = (await replay.client.get("/")).content
    plain = Pages()._make_index("./").data
    assert page == plain.replace(BAR_HIDDEN, BAR)
    assert page.count(BAR) == 1


def test_a_page_without_the_bar_is_an_error_at_once() -> None:
    with pytest.raises(ValueError, match="once"):
        Pages().rewrite("index.html", b"<no-such-element>", b"")
