"""The routes of files and their changes, over HTTP, on a real repository."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx2
import pytest
import trio

from tests.homes import make_home
from tests.projects import commit_files, git, make_project
from tests.web.files_agent import FilesAgent
from tests.web.serving import serving_app
from tests.web.test_openapi import fault
from trio_agent import from_iterator
from trio_agent.web.file_names import MAX_NAMES
from trio_agent.web.shown_lines import LINES_AT_ONCE

SECRET = "ghp_" + "cAnArY0123456789" * 3
KEY_LINES = ["-----BEGIN PRIVATE KEY-----", *["MIIEvQIBADANBgkqhkiG9w0BAQEFAASC" * 2] * 3, "-----END PRIVATE KEY-----"]


@asynccontextmanager
async def shown(tmp_path: Path) -> AsyncIterator[tuple[httpx2.AsyncClient, Path]]:
    """A client of a session, and the workspace of that session."""
    make_project(tmp_path / "project")
    agent = FilesAgent(tmp_path / "project", tmp_path / "data")
    async with serving_app(agent) as server, server.client() as client:
        assert (await client.get("/changes")).status_code == 200
        yield client, agent.path


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    return make_home(tmp_path, monkeypatch)


async def ask(client: httpx2.AsyncClient, url: str) -> Any:
    answer = await client.get(url)
    assert answer.status_code == 200, answer.text
    return answer.json()


def texts(lines: list[dict[str, Any]]) -> list[str]:
    return ["".join(line.get("spans", [])[1::2]) for line in lines]


async def test_what_changed_is_told_file_by_file_and_line_by_line(tmp_path: Path) -> None:
    async with shown(tmp_path) as (client, workspace):
        file = workspace / "wordcount" / "counting.py"
        file.write_text(file.read_text().replace(".lower()", ".casefold()"))
        (changed,) = (await ask(client, "/changes"))["files"]
        assert (changed["path"], changed["status"], changed["added"]) == ("wordcount/counting.py", "modified", 1)
        told = await ask(client, f"/changes/lines?path={changed['quoted']}")
        kinds = [line.get("kind", "same") for line in told["lines"]]
        assert kinds == ["same"] * 3 + ["removed", "added"] + ["same"] * 3
        assert texts(told["lines"])[3:5] == ["    return text.lower().split()", "    return text.casefold().split()"]
        assert told["lines"][3]["spans"][:4] == ["", "    ", "k", "return"]
        assert (told["file"], told["whole"], told["count"]) == (changed, True, 8)


async def test_one_commit_is_told_alone(tmp_path: Path) -> None:
    async with shown(tmp_path) as (client, workspace):
        head = commit_files(workspace, {"a": "a\n"}, "A")
        commit_files(workspace, {"b": "b\n"}, "B")
        assert [each["path"] for each in (await ask(client, f"/changes?commit={head}"))["files"]] == ["a"]
        told = await ask(client, f"/changes/lines?commit={head}&path=a")
        assert told["lines"] == [{"kind": "added", "new": 1, "spans": ["", "a"]}]
        assert (await client.get(f"/changes/lines?commit={head}&path=b")).status_code == 404


async def test_a_name_of_any_bytes_comes_back_as_it_was_sent(tmp_path: Path) -> None:
    async with shown(tmp_path) as (client, workspace):
        names = [b"caf\xe9", b"a&b=c%41+d e", b"line\nbreak", b'"quoted"', b"\xe2\x80\xaetxt"]
        for name in names:
            (workspace / os.fsdecode(name)).write_text("x\n")
        files = (await ask(client, "/changes"))["files"]
        assert {each["quoted"] for each in files} == {quote(name) for name in names}
        assert {each["path"] for each in files} == {
            *("caf\ufffd", "a&b=c%41+d e", "line␊break", '"quoted"', "⟨U+202E⟩txt")
        }
        for each in files:
            assert texts((await ask(client, f"/changes/lines?path={each['quoted']}"))["lines"]) == ["x"]
            assert (await client.get(f"/files/text?path={each['quoted']}")).text == "x\n"


async def test_a_renamed_file_is_asked_for_by_both_names(tmp_path: Path) -> None:
    async with shown(tmp_path) as (client, workspace):
        git(workspace, "mv", "wordcount/counting.py", "wordcount/words.py")
        with (workspace / "wordcount/words.py").open("a") as renamed:
            renamed.write("# end\n")
        (file,) = (await ask(client, "/changes"))["files"]
        assert (file["status"], file["old_path"]) == ("renamed", "wordcount/counting.py")
        told = await ask(client, f"/changes/lines?path={file['quoted']}&old_path={file['old_quoted']}")
        assert texts(told["lines"])[-1] == "# end"


async def test_white_space_and_context_are_as_asked_for(tmp_path: Path) -> None:
    async with shown(tmp_path) as (client, workspace):
        commit_files(workspace, {"a": "".join(f"{n}\n" for n in range(50))}, "A")
        head = commit_files(workspace, {"a": "".join(f"{n}{' ' * (n == 20)}\n" for n in range(50))}, "B")
        url = f"/changes/lines?path=a&commit={head}"
        assert (await ask(client, url))["count"] == 8
        assert (await ask(client, f"{url}&context=0"))["count"] == 2
        assert (await ask(client, f"{url}&context=1000"))["count"] == 51
        assert (await ask(client, f"{url}&space=ignore"))["count"] == 0


async def test_a_hundred_thousand_lines_come_piece_by_piece(tmp_path: Path) -> None:
    async with shown(tmp_path) as (client, workspace):
        (workspace / "long.py").write_text("".join(f"line {n}\n" for n in range(100_000)))
        told = await ask(client, "/changes/lines?path=long.py&start=99900")
        assert (told["count"], told["start"], len(told["lines"])) == (100_000, 99_900, 100)
        assert texts(told["lines"])[0] == "line 99900"
        first = await ask(client, "/changes/lines?path=long.py")
        assert len(first["lines"]) == LINES_AT_ONCE


async def test_an_endless_line_is_cut(tmp_path: Path) -> None:
    async with shown(tmp_path) as (client, workspace):
        (workspace / "min.js").write_text("x" * 500_000)
        (line,) = (await ask(client, "/changes/lines?path=min.js"))["lines"]
        assert "".join(line["spans"][1::2]).endswith("x … 498000 more characters")
        assert line["ended"] is False


async def test_what_is_not_seen_is_made_visible(tmp_path: Path) -> None:
    async with shown(tmp_path) as (client, workspace):
        (workspace / "a").write_text("if admin\u202e # \u2066\x1b[31m\tx\n")
        (line,) = (await ask(client, "/changes/lines?path=a"))["lines"]
        assert texts([line]) == ["if admin⟨U+202E⟩ # ⟨U+2066⟩␛[31m\tx"]


async def test_crlf_is_told_where_it_changed_and_nowhere_else(tmp_path: Path) -> None:
    async with shown(tmp_path) as (client, workspace):
        commit_files(workspace, {"turned": "a\nb\n"}, "A")
        (workspace / "turned").write_bytes(b"a\r\nb\r\n")
        git(workspace, "commit", "--quiet", "--all", "--message", "B")
        head = git(workspace, "rev-parse", "HEAD")
        (workspace / "always").write_bytes(b"a\r\nb")
        turned = await ask(client, f"/changes/lines?path=turned&commit={head}")
        assert texts(turned["lines"]) == ["a", "b", "a␍", "b␍"]
        assert texts((await ask(client, "/changes/lines?path=always"))["lines"]) == ["a", "b"]


async def test_no_secret_is_shown_in_any_form(tmp_path: Path) -> None:
    async with shown(tmp_path) as (client, workspace):
        (workspace / "a.py").write_text("\n".join([f"key = '{SECRET}'", *KEY_LINES, "the end"]) + "\n")
        urls = ("/changes/lines?path=a.py", "/files/lines?path=a.py", "/files/text?path=a.py", "/diff")
        answers = {url: (await client.get(url)).text for url in urls}
        for url, text in answers.items():
            assert "[redacted]" in text, url
            assert "cAnArY" not in text, url
            assert "MIIE" not in text, url
        told = await ask(client, "/changes/lines?path=a.py")
        assert texts(told["lines"])[-1] == "the end"
        assert told["count"] == len(KEY_LINES) + 2


async def test_a_file_is_shown_line_by_line_and_as_text(tmp_path: Path) -> None:
    async with shown(tmp_path) as (client, workspace):
        text = (workspace / "wordcount/counting.py").read_text()
        told = await ask(client, "/files/lines?path=wordcount/counting.py")
        assert ["".join(spans[1::2]) for spans in told["lines"]] == text.splitlines()
        assert (told["count"], told["size"], told["binary"]) == (len(text.splitlines()), len(text), False)
        answer = await client.get("/files/text?path=wordcount/counting.py")
        assert answer.text == text
        assert answer.headers["Content-Type"] == "text/plain; charset=utf-8"
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert "sandbox" in answer.headers["Content-Security-Policy"]


async def test_a_file_is_shown_as_it_was_in_a_commit(tmp_path: Path) -> None:
    async with shown(tmp_path) as (client, workspace):
        head = commit_files(workspace, {"a": "then\n"}, "A")
        (workspace / "a").unlink()
        assert (await client.get("/files/text?path=a")).status_code == 404
        assert (await client.get(f"/files/text?path=a&at={head}")).text == "then\n"
        assert (await ask(client, f"/files/lines?path=a&at={head}"))["lines"] == [["", "then"]]


async def test_an_empty_a_binary_and_a_huge_file_are_what_they_are(tmp_path: Path) -> None:
    async with shown(tmp_path) as (client, workspace):
        (workspace / "empty").touch()
        (workspace / "binary").write_bytes(b"\0" * 10)
        with (workspace / "huge").open("wb") as file:
            file.write(b"text\n")
            file.truncate(10 * 1024**3)
        (workspace / "long").write_text("line\n" * 1_000_000)
        empty = await ask(client, "/files/lines?path=empty")
        assert (empty["count"], empty["lines"]) == (0, [])
        binary = await ask(client, "/files/lines?path=binary")
        assert (binary["binary"], binary["size"], binary["lines"]) == (True, 10, [])
        assert (await ask(client, "/files/lines?path=huge"))["size"] == 10 * 1024**3
        long = await ask(client, "/files/lines?path=long&start=2000")
        assert (len(long["lines"]), long["cut"]) == (LINES_AT_ONCE, True)
        for name in ("binary", "huge", "long"):
            assert (await client.get(f"/files/text?path={name}")).status_code == 422


@pytest.mark.parametrize(
    ("path", "status"),
    [
        *(("", 400), ("a%00b", 400), ("a&path=b", 400), ("nowhere", 404), ("wordcount", 404), ("/etc/passwd", 404)),
        *(("..%2f..%2fetc/passwd", 404), ("wordcount/../../x", 404), ("./README.md", 404), (".git/config", 404)),
        *(("out", 404), ("away/passwd", 404), ("fifo", 404), ("//etc/passwd", 404), ("%2e%2e/x", 404)),
    ],
)
async def test_no_path_leads_anywhere_else(path: str, status: int, tmp_path: Path) -> None:
    async with shown(tmp_path) as (client, workspace):
        (workspace / "out").symlink_to("/etc/passwd")
        (workspace / "away").symlink_to("/etc")
        os.mkfifo(workspace / "fifo")
        with trio.fail_after(20):
            for route in ("files/lines", "files/text"):
                answer = await client.get(f"/{route}?path={path}")
                assert answer.status_code == status, answer.text
                assert str(tmp_path) not in answer.text
            changed = await client.get(f"/changes/lines?path={path}")
            assert changed.status_code == (200 if path == "out" else status)
            assert "root:" not in changed.text


@pytest.mark.parametrize(
    "query",
    [
        *("path=a&start=-1", "path=a&start=x", "path=a&context=-1", "path=a&space=all", "path=a&commit=zz", ""),
        *("path=a&old_path=a%00", "path=a&commit=abcd&commit=abcd"),
    ],
)
async def test_what_is_not_well_formed_is_refused(query: str, tmp_path: Path) -> None:
    async with shown(tmp_path) as (client, _):
        assert (await client.get(f"/changes/lines?{query}")).status_code == 400


async def test_names_are_found_by_their_parts(tmp_path: Path) -> None:
    async with shown(tmp_path) as (client, workspace):
        commit_files(
            workspace, {"counting.md": "x", "docs/about-counting.md": "x", os.fsdecode(b"count\xe9"): "x"}, "N"
        )
        found = await ask(client, "/files?match=Count")
        assert found["names"] == [
            *("counting.md", "wordcount/counting.py", "docs/about-counting.md", "tests/test_counting.py"),
            *("wordcount/__init__.py", "wordcount/__main__.py"),
        ]
        assert (await ask(client, "/files?match=wcing"))["names"] == ["wordcount/counting.py"]
        assert (await ask(client, "/files?match=zzz")) == {"names": [], "more": 0}
        assert "README.md" in (await ask(client, "/files"))["names"]
        assert (await client.get("/files?match=" + "x" * 300)).status_code == 400


async def test_of_very_many_names_the_best_are_told(tmp_path: Path) -> None:
    async with shown(tmp_path) as (client, workspace):
        for number in range(MAX_NAMES + 7):
            (workspace / f"new-{number}").touch()
        found = await ask(client, "/files?match=new-")
        assert (len(found["names"]), found["more"]) == (MAX_NAMES, 7)


async def test_the_answers_have_the_shape_that_is_described(tmp_path: Path) -> None:
    async with shown(tmp_path) as (client, workspace):
        (workspace / "a.py").write_text("x = 1\n")
        description = await ask(client, "/openapi.json")
        for route in ("/changes", "/changes/lines", "/files", "/files/lines"):
            schema = description["paths"][route]["get"]["responses"]["200"]["content"]["application/json"]["schema"]
            answer = await ask(client, f"{route}?path=a.py" if "lines" in route else route)
            assert fault(answer, schema, description["components"]["schemas"]) == ""


@pytest.mark.parametrize(
    "route", ["changes", "changes/lines?path=a", "files", "files/lines?path=a", "files/text?path=a"]
)
async def test_an_agent_without_files_shows_none_and_nobody_sees_any_without_the_token(route: str) -> None:
    async def say_nothing(message: str) -> AsyncIterator[str]:
        yield message

    async with serving_app(from_iterator(say_nothing)) as server:
        async with server.client() as client:
            assert (await client.get(f"/{route}")).status_code == 404
        async with server.client(token="") as stranger:
            assert (await stranger.get(f"/{route}")).status_code == 401
