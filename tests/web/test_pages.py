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


async def test_the_page_names_files_that_are_kept_for_ever_and_never_mixed_with_others() -> None:
    version = Pages(STATIC).version
    async with serving_app() as server, server.client(token="") as client:
        page = (await client.get("/")).text
        links = re.findall(r'(?:href|src)="(static/[^"]+)"', page)
        assert f"static/@{version}/js/main.js" in links
        for link in links:
            assert link.startswith(f"static/@{version}/")
            answer = await client.get(link)
            assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"
            assert answer.content == (STATIC / link.removeprefix(f"static/@{version}/")).read_bytes()
        # A page of before an upgrade, which asks for one more: given, but not as that version's for ever.
        late = await client.get("/static/@0123456789abcdef/js/main.js")
        assert (late.status_code, late.headers["Cache-Control"]) == (200, "no-cache")


def test_another_content_of_any_file_is_another_version(tmp_path: Path) -> None:
    def version(**contents: str) -> str:
        directory = tmp_path / "-".join(f"{name}{content}" for name, content in contents.items())
        directory.mkdir()
        for name, content in contents.items():
            (directory / name).write_text(content)
        return Pages(directory).version

    versions = [version(a="1", b="2"), version(a="1", b="3"), version(a="2", b="1"), version(a="1"), version(c="1")]
    assert len(set(versions)) == 5


async def test_every_module_is_announced_by_the_page() -> None:
    async with serving_app() as server, server.client(token="") as client:
        page = (await client.get("/")).text
        announced = re.findall(r'<link rel="modulepreload" href="static/@[0-9a-f]+/(js/[^"]+)">', page)
        assert len(announced) == len(set(announced)) > 30
        sources = {name: (STATIC / name).read_text() for name in ["js/main.js", *announced]}
        for name, source in sources.items():
            for path in re.findall(r'^(?:import|\}) ?(?:[^"]* from )?"(\./|\.\./)([^"]+)";$', source, re.MULTILINE):
                assert (STATIC / name / ".." / "".join(path)).resolve().relative_to(STATIC).as_posix() in sources


async def test_a_file_is_sent_compressed_to_who_takes_that_under_a_tag_of_its_own() -> None:
    async with serving_app() as server, server.client(token="") as client:
        for path in ("/", "/static/js/main.js", f"/static/@{Pages(STATIC).version}/css/app.css"):
            plain = await client.get(path, headers={"Accept-Encoding": "identity"})
            assert "Content-Encoding" not in plain.headers
            packed = await client.get(path, headers={"Accept-Encoding": "br, gzip;q=0.5"})
            assert packed.headers["Content-Encoding"] == "gzip"
            assert int(packed.headers["Content-Length"]) < int(plain.headers["Content-Length"]) / 2
            assert packed.content == plain.content
            assert packed.headers["ETag"] != plain.headers["ETag"]
            assert {"Accept-Encoding", "Origin"} == set(packed.headers["Vary"].split(", "))
            known = {"If-None-Match": packed.headers["ETag"]}
            assert (await client.get(path, headers={**known, "Accept-Encoding": "gzip"})).status_code == 304
            assert (await client.get(path, headers={**known, "Accept-Encoding": "identity"})).status_code == 200
            refused = await client.get(path, headers={"Accept-Encoding": "gzip;q=0, *;q=0.1"})
            assert "Content-Encoding" not in refused.headers


async def test_scripts_are_our_own_files_and_html_has_one_way_in() -> None:
    async with serving_app() as server, server.client(token="") as client:
        policy = (await client.get("/")).headers["Content-Security-Policy"]
    rules = dict(rule.strip().split(" ", 1) for rule in policy.split(";"))
    assert rules["default-src"] == "'none'"
    assert rules["script-src"] == "'self'"
    assert (rules["require-trusted-types-for"], rules["trusted-types"]) == ("'script'", "trio-agent")
    makers = {path.name for path in STATIC.rglob("*.js") if "createPolicy" in path.read_text()}
    assert makers == {"trusted.js"}


async def test_what_is_not_the_pages_is_not_compressed() -> None:
    async with serving_app() as server, server.client() as client:
        await server.record("a" * 5000)
        assert "Content-Encoding" not in (await client.get("/messages", headers={"Accept-Encoding": "gzip"})).headers
        async with client.stream("GET", "/stream", headers={"Accept-Encoding": "gzip"}) as stream:
            assert "Content-Encoding" not in stream.headers


@pytest.mark.parametrize(
    "name",
    [
        "nothing.js",
        "@",
        "@/",
        "@0123456789abcdef",
        "@0123456789abcdef/",
        "@0123456789abcdef/../js/main.js",
        "@0123456789abcdef/@0123456789abcdef/js/main.js",
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
