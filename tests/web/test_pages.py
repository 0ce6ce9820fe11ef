"""The dashboard's files: what they are, that they are asked for again cheaply, and that they work under any prefix."""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import urljoin

import pytest

from tests.web.serving import serving_app
from trio_agent.web.pages import Pages

STATIC = Path(__file__).resolve().parents[2] / "static"


async def test_the_dashboard_needs_no_token_and_holds_no_data() -> None:
    async with serving_app() as server, server.client(token="") as client:
        await server.record("secret words")
        session = await server.session()
        for path in ("/", f"/sessions/{session.id}/"):
            answer = await client.get(path)
            assert answer.status_code == 200
            assert answer.headers["Content-Type"] == "text/html; charset=utf-8"
            assert "secret" not in answer.text
            assert session.log.cursor.log not in answer.text


async def test_the_pages_links_lead_to_the_servers_root_from_wherever_it_is_mounted() -> None:
    async with serving_app() as server, server.client(token="") as client:
        for path in ("/", f"/sessions/{(await server.session()).id}/"):
            page = (await client.get(path)).text
            (base,) = re.findall(r'<base href="([^"]*)">', page)
            for prefix in ("", "/behind/a/proxy"):
                assert urljoin(f"http://host{prefix}{path}", base) == f"http://host{prefix}/"
            links = re.findall(r'(?:href|src)="([^"#]+)"', page)
            assert len(links) > 3
            assert not [link for link in links if link.startswith("/") or "//" in link]


async def test_every_file_is_served_as_it_is_with_its_type() -> None:
    types = {".js": "text/javascript; charset=utf-8", ".css": "text/css; charset=utf-8", ".svg": "image/svg+xml"}
    async with serving_app() as server, server.client(token="") as client:
        for name in Pages(STATIC).names():
            answer = await client.get(f"/static/{name}")
            assert answer.status_code == 200, name
            assert answer.content == (STATIC / name).read_bytes()
            suffix = Path(name).suffix
            assert answer.headers["Content-Type"] == types.get(suffix, answer.headers["Content-Type"])


async def test_a_file_that_has_not_changed_is_not_sent_again() -> None:
    async with serving_app() as server, server.client(token="") as client:
        for path in ("/", "/static/js/main.js"):
            first = await client.get(path)
            etag = first.headers["ETag"]
            assert first.headers["Cache-Control"] == "no-cache"
            for asked in (etag, f'"other", {etag}', f"W/{etag}", "*"):
                again = await client.get(path, headers={"If-None-Match": asked})
                assert (again.status_code, again.content, again.headers["ETag"]) == (304, b"", etag), asked
            assert (await client.get(path, headers={"If-None-Match": '"other"'})).status_code == 200


@pytest.mark.parametrize(
    "name",
    [
        "nothing.js",
        "../pyproject.toml",
        "..%2fpyproject.toml",
        "js",
        "",
        "js/main.js/",
        "/etc/passwd",
        "%00",
    ],
)
async def test_nothing_else_is_served(name: str) -> None:
    async with serving_app() as server:
        answer = await server.raw(server.request(f"/static/{name}", "Connection: close"))
        assert answer.startswith(b"HTTP/1.1 404"), answer


async def test_a_session_without_the_slash_at_the_end_leads_to_its_page() -> None:
    async with serving_app() as server, server.client(token="") as client:
        session_id = (await server.session()).id
        answer = await client.get(f"/sessions/{session_id}", follow_redirects=False)
        assert (answer.status_code, answer.headers["Location"]) == (308, f"{session_id}/")


@pytest.mark.parametrize(
    "session_id", ["%5C%5Cevil.example", "https:evil.example", "%0d%0aX:y", "%C3%A9", "%00", "x", ".."]
)
async def test_no_link_of_ours_leads_elsewhere(session_id: str) -> None:
    async with serving_app() as server:
        answer = await server.raw(server.request(f"/sessions/{session_id}", "Connection: close"))
        assert answer.startswith(b"HTTP/1.1 404"), answer
        assert b"location" not in answer.lower()


async def test_a_directory_without_the_page_is_refused(tmp_path: Path) -> None:
    (tmp_path / ".hidden").write_text("secret")
    (tmp_path / "a.unknown").write_text("x")
    assert Pages(tmp_path).names() == ["a.unknown"]
