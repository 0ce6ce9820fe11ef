"""Who is let in: the token, the Host, the origin. Every table is run against every route, or against real bytes."""

from __future__ import annotations

import json
import re

import pytest
from trio.testing import MockClock

from tests.web.serving import BEARER, TOKEN, Server, serving_app
from trio_agent.web.guard import Access
from trio_agent.web.routes import expanded

PUBLIC = {"dashboard", "session_link", "static", "healthz", "readyz"}
ORIGIN = "https://page.example"


def all_paths() -> list[tuple[str, str, str]]:
    """Method, path and handler of each route, its parameters filled in."""
    values = {"session_id": "0123456789abcdef", "idx": "0", "path:name": "js/main.js", "blob": "0" * 64}
    return [
        (route.method, re.sub(r"<([\w:]+)>", lambda found: values[found[1]], path), route.handler)
        for route, path in expanded()
    ]


def head_of(answer: bytes) -> tuple[int, dict[str, str], bytes]:
    """Status, headers and body of a raw answer."""
    head, _, body = answer.partition(b"\r\n\r\n")
    first, *lines = head.decode("latin-1").split("\r\n")
    headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines)}
    return int(first.split()[1]), headers, body


BAD_TOKENS = {
    "none": [],
    "wrong": ["Authorization: Bearer canary-token-of-the-testz"],
    "empty": ["Authorization: Bearer "],
    "prefix": [f"Authorization: Bearer {TOKEN[:-1]}"],
    "longer": [f"Authorization: Bearer {TOKEN}x"],
    "other scheme": [f"Authorization: Basic {TOKEN}"],
    "no scheme": [f"Authorization: {TOKEN}"],
    "twice": [f"Authorization: Bearer {TOKEN}"] * 2,
    "not ASCII": ["Authorization: Bearer \xff\xfe"],
    "cookie": [f"Cookie: token={TOKEN}"],
}


@pytest.mark.parametrize("headers", BAD_TOKENS.values(), ids=BAD_TOKENS)
async def test_no_route_but_the_public_ones_answers_without_the_token(headers: list[str]) -> None:
    async with serving_app() as server:
        for method, path, handler in all_paths():
            answer = await server.raw(server.request(path, *headers, "Connection: close", method=method, token=""))
            status, told, body = head_of(answer)
            if handler in PUBLIC:
                assert status != 401, path
                continue
            assert status == 401, (method, path)
            assert told["www-authenticate"] == "Bearer"
            assert told["content-type"] == "application/problem+json"
            problem = json.loads(body)
            assert (problem["status"], problem["instance"]) == (401, told["x-request-id"])


async def test_no_unknown_path_tells_that_it_is_unknown_without_the_token() -> None:
    async with serving_app() as server, server.client(token="") as client:
        for path in ("/nothing", "/sessions", "/terminal/1", "/messages/0/html", "/static/../state"):
            assert (await client.get(path)).status_code == 401


async def test_a_stream_takes_the_token_from_its_query_and_nothing_else_does() -> None:
    async with serving_app() as server, server.client(token="") as client:
        session = await server.session()
        for path in ("/stream", f"/sessions/{session.id}/stream"):
            async with client.stream("GET", path, params={"access_token": TOKEN}) as response:
                assert response.status_code == 200
            twice = await client.get(f"{path}?access_token={TOKEN}&access_token={TOKEN}")
            assert twice.status_code == 401
        wrong = {"Authorization": "Bearer wrong-wrong-wrong"}
        assert (await client.get("/stream", params={"access_token": TOKEN}, headers=wrong)).status_code == 401
        assert (await client.get("/state", params={"access_token": TOKEN})).status_code == 401


async def test_without_authentication_nobody_is_asked_for_a_token() -> None:
    async with serving_app(access=Access(None)) as server, server.client(token="") as client:
        assert (await client.get("/state")).status_code == 200


HOSTS = {
    "127.0.0.1:{port}": 200,
    "localhost:{port}": 200,
    "LocalHost:{port}": 200,
    "[::1]:{port}": 200,
    "127.0.0.1": 421,
    "127.0.0.1:1": 421,
    "127.0.0.1:{port}0": 421,
    "127.0.0.1:": 421,
    "localhost.:{port}": 421,
    "::1:{port}": 421,
    "[::1%25lo]:{port}": 421,
    "[0:0:0:0:0:0:0:1]:{port}": 421,
    "[::ffff:127.0.0.1]:{port}": 421,
    "127.1:{port}": 421,
    "2130706433:{port}": 421,
    "0.0.0.0:{port}": 421,
    "evil.example:{port}": 421,
    "localhost.evil.example:{port}": 421,
    "user@127.0.0.1:{port}": 421,
    "127.0.0.1:{port}@evil.example": 421,
    "127.0.0.1:{port}/": 421,
    "127.0.0.1:{port} ": 200,  # the wire's optional white space is no part of the value
    "127.0.0.1:{port}, evil.example": 421,
    "\xff": 421,
    "127.0.0.1:\xb2": 421,
    "": 421,
}


@pytest.mark.parametrize(("host", "status"), HOSTS.items(), ids=ascii)
async def test_a_request_must_name_this_server(host: str, status: int) -> None:
    async with serving_app() as server:
        for token in ({200: TOKEN, 421: TOKEN}[status], ""):
            path = "/state" if token else "/"
            lines = [f"GET {path} HTTP/1.1", f"Host: {host.format(port=server.port)}", "Connection: close"]
            lines += [f"Authorization: Bearer {token}"] if token else []
            answer = await server.raw("\r\n".join([*lines, "", ""]).encode("latin-1"))
            assert head_of(answer)[0] == status, answer


async def test_a_request_names_exactly_one_host() -> None:
    async with serving_app() as server:
        close = "Connection: close\r\n\r\n"
        for version, hosts in (("1.1", 0), ("1.1", 2), ("1.0", 0), ("1.0", 2)):
            request = f"GET / HTTP/{version}\r\n" + f"Host: {server.host}\r\n" * hosts + close
            status, told, _ = head_of(await server.raw(request.encode()))
            assert status == 400, (version, hosts)
            assert told["content-type"] == "application/problem+json"


async def test_a_host_that_was_allowed_is_taken_in_any_case_and_on_the_port_it_names() -> None:
    access = Access(TOKEN, frozenset({"agent.example", "other.example:444"}))
    async with serving_app(access=access) as server:
        for host, status in {
            "agent.example": 200,
            "Agent.Example:443": 200,
            "other.example:444": 200,
            "other.example": 421,
            "sub.agent.example": 421,
        }.items():
            request = f"GET / HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n"
            assert head_of(await server.raw(request.encode()))[0] == status, host


def pages(server: Server) -> list[tuple[dict[str, str], int, int]]:
    """Headers that browsers send, the status of /state under them, and that of the dashboard."""
    own = f"http://{server.host}"
    return [
        ({}, 200, 200),
        ({"Sec-Fetch-Site": "none", "Sec-Fetch-Mode": "navigate"}, 200, 200),
        ({"Sec-Fetch-Site": "same-origin"}, 200, 200),
        ({"Origin": own, "Sec-Fetch-Site": "same-origin"}, 200, 200),
        ({"Origin": own.upper().replace("HTTP", "http")}, 200, 200),
        ({"Origin": f"https://{server.host}"}, 200, 200),
        ({"Origin": f"http://localhost:{server.port}"}, 403, 403),
        ({"Origin": "http://127.0.0.1:1"}, 403, 403),
        ({"Origin": "http://127.0.0.1"}, 403, 403),
        ({"Origin": "https://evil.example"}, 403, 403),
        ({"Origin": f"https://evil.example/{server.host}"}, 403, 403),
        ({"Origin": "null"}, 403, 403),
        ({"Origin": ""}, 403, 403),
        ({"Origin": server.host}, 403, 403),
        ({"Sec-Fetch-Site": "same-site"}, 403, 403),
        ({"Sec-Fetch-Site": "cross-site"}, 403, 403),
        ({"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "no-cors"}, 403, 403),
        ({"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate"}, 403, 200),
        ({"Sec-Fetch-Site": "same-site", "Sec-Fetch-Mode": "navigate"}, 403, 200),
        ({"Origin": own, "Sec-Fetch-Site": "cross-site"}, 403, 403),
        ({"Sec-Fetch-Site": "nonsense"}, 403, 403),
    ]


@pytest.mark.parametrize("path", ["/state", "/"])
async def test_two_words_on_where_a_request_comes_from_are_none(path: str) -> None:
    async with serving_app() as server, server.client() as client:
        for sites in (("same-origin", "cross-site"), ("same-origin", "same-origin")):
            answer = await client.get(path, headers=[("Sec-Fetch-Site", site) for site in sites])
            assert answer.status_code == 403


async def test_pages_of_other_origins_have_no_access() -> None:
    async with serving_app() as server, server.client() as client:
        for headers, state, dashboard in pages(server):
            assert (await client.get("/state", headers=headers)).status_code == state, headers
            assert (await client.get("/", headers=headers)).status_code == dashboard, headers
            posted = await client.post("/chat", json={"message": "hi"}, headers=headers)
            assert posted.status_code == (202 if state == 200 else 403), headers
        twice = [("Origin", f"http://{server.host}"), ("Origin", f"http://{server.host}"), *BEARER.items()]
        assert (await client.get("/state", headers=twice)).status_code == 403


async def test_no_route_ever_sends_a_cors_header() -> None:
    async with serving_app() as server:
        for method, path, _ in all_paths():
            for verb in (method, "OPTIONS"):
                for origin in (ORIGIN, f"http://{server.host}", "null"):
                    asked = (f"Origin: {origin}", "Access-Control-Request-Method: POST", "Connection: close")
                    request = server.request(
                        path + ("?from=x" if path.endswith("/stream") else ""), *asked, method=verb
                    )
                    answer = await server.raw(request)
                    assert b"access-control-" not in answer.lower(), (verb, path, origin)


async def test_an_origin_that_was_allowed_has_access_and_is_told_so() -> None:
    access = Access(TOKEN, allow_origins=frozenset({ORIGIN}))
    async with serving_app(access=access) as server, server.client() as client:
        from_page = {"Origin": ORIGIN, "Sec-Fetch-Site": "cross-site"}
        answer = await client.get("/state", headers=from_page)
        assert (answer.status_code, answer.headers["Access-Control-Allow-Origin"]) == (200, ORIGIN)
        assert "Origin" in answer.headers["Vary"]
        asked = {**from_page, "Access-Control-Request-Method": "POST", "Authorization": ""}
        preflight = await client.request("OPTIONS", "/chat", headers=asked)
        assert preflight.status_code == 204
        assert "POST" in preflight.headers["Access-Control-Allow-Methods"]
        assert "Authorization" in preflight.headers["Access-Control-Allow-Headers"]
        refused = await client.get("/state", headers={**from_page, "Authorization": "Bearer no"})
        assert (refused.status_code, refused.headers["Access-Control-Allow-Origin"]) == (401, ORIGIN)
        other = await client.get("/state", headers={"Origin": ORIGIN + ".evil.example"})
        assert other.status_code == 403
        assert "Access-Control-Allow-Origin" not in other.headers


async def test_every_answer_carries_the_headers_that_keep_browsers_in_check(mock_clock: MockClock) -> None:
    async with serving_app() as server, server.client() as client:
        for path in ("/", "/state", "/nothing", "/static/js/main.js"):
            headers = (await client.get(path)).headers
            assert "default-src 'none'" in headers["Content-Security-Policy"]
            assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]
            assert headers["X-Content-Type-Options"] == "nosniff"
            assert headers["Referrer-Policy"] == "no-referrer"
            assert headers["Cross-Origin-Resource-Policy"] == "same-origin"
            assert "set-cookie" not in headers


@pytest.mark.parametrize(
    ("size", "status"), [(2000, 200), (2047, 200), (2049, 414), (10_000, 414)], ids=lambda value: str(value)
)
async def test_a_url_is_bounded(size: int, status: int) -> None:
    async with serving_app() as server, server.client() as client:
        path = "/state?x="
        assert (await client.get(path + "y" * (size - len(path)))).status_code == status


@pytest.mark.parametrize(("size", "status"), [(15_000, 200), (17_000, 431), (60_000, 431), (200_000, 431)])
async def test_headers_are_bounded_however_they_are_cut(size: int, status: int) -> None:
    async with serving_app() as server:
        many = [f"X-{number}: {'y' * 90}" for number in range(size // 100)]
        for headers in ([f"X: {'y' * size}"], many):
            answer = await server.raw(server.request("/state", *headers, "Connection: close"))
            told = head_of(answer)
            assert told[0] == status
            assert status == 200 or told[1]["content-type"] == "application/problem+json"


@pytest.mark.parametrize("target", ["http://[", "http://127.0.0.1/state", "*", "?x", "a", "//["], ids=ascii)
async def test_a_target_that_is_no_path_is_the_clients_error(target: str) -> None:
    async with serving_app() as server:
        answer = await server.raw(server.request(target, "Connection: close"))
        assert head_of(answer)[0] in (400, 404), answer
