"""How a server process begins, or refuses to: one line, and a status that says why."""

from __future__ import annotations

import socket
import sqlite3
import stat
import sys
from pathlib import Path

import pytest
import trio

from tests.server.process import make_repository, program, running


def only_line(error: bytes) -> str:
    """The one line on stderr, which is no traceback."""
    lines = error.decode().splitlines()
    assert len(lines) == 1, error
    assert lines[0].startswith("trio-agent: ")
    return lines[0]


async def test_it_says_where_it_listens_and_keeps_its_token_and_store_to_its_user(tmp_path: Path) -> None:
    data_dir = tmp_path / "data"
    async with running(data_dir) as server, server.client() as client:
        assert (await client.get("/state")).status_code == 200
        assert server.token == (data_dir / "token").read_text().strip()
        modes = {name: stat.S_IMODE((data_dir / name).stat().st_mode) for name in ("", "token", "agent.db")}
        assert modes == {"": 0o700, "token": 0o600, "agent.db": 0o600}


async def test_without_authentication_there_is_no_token_in_the_line(tmp_path: Path) -> None:
    async with running(tmp_path / "data", "--no-auth", "--store", "memory:") as server:
        assert server.token == ""
        assert server.url == f"http://127.0.0.1:{server.port}/"


async def test_wrong_usage_is_told_in_one_line_and_by_status_2(tmp_path: Path) -> None:
    for arguments in (["--port", "x"], ["--model", "nonsense"]):
        done = await program(tmp_path, *arguments)
        assert (done.returncode, done.stdout) == (2, b"")
        only_line(done.stderr)


async def test_a_port_that_is_taken_is_status_3(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = await program(tmp_path, str(make_repository(tmp_path)), "--port", str(port), "--model", "demo")
    assert (done.returncode, done.stdout) == (3, b"")
    assert str(port) in only_line(done.stderr)


async def test_an_output_that_takes_nothing_is_told_in_one_line(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "trio_agent", "serve", str(make_repository(tmp_path)), "--port", "0", "--no-open"]
    async with await trio.open_file("/dev/full", "wb") as full:
        done = await trio.run_process(
            [*command, "--model", "demo", "--data-dir", str(tmp_path / "data")],
            stdout=full.fileno(),
            capture_stderr=True,
            check=False,
        )
    assert done.returncode == 1
    only_line(done.stderr)


@pytest.mark.parametrize("what", ["in use", "damaged", "newer", "not ours", "a directory"])
async def test_a_store_that_cannot_be_opened_is_status_4_and_left_as_it_is(what: str, tmp_path: Path) -> None:
    data_dir = tmp_path / "data"
    data_dir.mkdir()
    path = data_dir / "agent.db"
    arguments = [str(make_repository(tmp_path)), "--port", "0", "--model", "demo", "--data-dir", str(data_dir)]
    match what:
        case "in use":
            async with running(data_dir):
                done = await program(data_dir, *arguments)
        case "damaged":
            path.write_bytes(b"SQLite format 3\0" + b"\xff" * 5000)
            done = await program(data_dir, *arguments)
            assert path.read_bytes().endswith(b"\xff" * 5000)
        case "newer" | "not ours":
            connection = sqlite3.connect(path)
            connection.execute(f"PRAGMA application_id = {0x7472696F if what == 'newer' else 1}")
            connection.execute("PRAGMA user_version = 99")
            connection.execute("CREATE TABLE t (x)")
            connection.close()
            done = await program(data_dir, *arguments)
        case _:
            path.mkdir()
            done = await program(data_dir, *arguments)
    assert (done.returncode, done.stdout) == (4, b""), done.stderr
    only_line(done.stderr)


async def test_an_address_of_another_machine_is_status_1(tmp_path: Path) -> None:
    done = await program(tmp_path, str(make_repository(tmp_path)), "--host", "192.0.2.1", "--model", "demo")
    assert done.returncode == 1
    assert "192.0.2.1" in only_line(done.stderr)
