"""The commands that read: they work while a server runs, and say so where there is nothing to read."""

from __future__ import annotations

import json
import socket
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest
import trio

from tests.server.process import environment, program, running
from tests.web.serving import open_events


async def test_sessions_are_listed_and_exported_while_a_server_runs(tmp_path: Path) -> None:
    data_dir = tmp_path / "data"
    async with running(data_dir) as server, server.client() as client, open_events(client) as events:
        await client.post("/chat", json={"message": "echo grüße \u2028 🐛"})
        while '"end_of_turn":true' not in (await events.next_of("message")).data:
            pass
        session_id = (await client.get("/state")).json()["session_id"]
        await client.patch(f"/sessions/{session_id}", json={"title": "[/b] \u001b[31mred [bold]"})
        messages = (await client.get("/messages")).json()

        listed = await program(data_dir, "sessions", "--json", "--data-dir", str(data_dir))
        (row,) = json.loads(listed.stdout)
        assert (row["session_id"], row["message_count"]) == (session_id, len(messages))

        table = await program(data_dir, "sessions", "--data-dir", str(data_dir))
        assert (table.returncode, table.stderr) == (0, b"")
        assert session_id.encode() in table.stdout
        assert b"\x1b[31m" not in table.stdout

        exported = await program(data_dir, "export", session_id, "--data-dir", str(data_dir))
        assert (exported.returncode, exported.stderr) == (0, b"")
        assert exported.stdout.isascii()
        assert [json.loads(line) for line in exported.stdout.splitlines()] == messages

        unknown = await program(data_dir, "export", "nonsense", "--data-dir", str(data_dir))
        assert (unknown.returncode, unknown.stdout) == (1, b"")
        assert unknown.stderr.startswith(b"trio-agent: there is no session nonsense")


async def test_the_doctor_finds_a_server_that_runs_in_good_health(tmp_path: Path) -> None:
    data_dir = tmp_path / "data"
    async with running(data_dir) as server:
        places = ("--data-dir", str(data_dir), "--port", str(server.port), "--model", "demo")
        done = await program(data_dir, "doctor", *places)
    lines = done.stdout.decode().splitlines()
    assert done.returncode == 0, lines
    assert all(line.startswith("ok") for line in lines)
    assert any("in use by a server" in line and "1 sessions" in line for line in lines)
    assert any("answers" in line for line in lines)


async def test_the_doctor_says_what_is_broken(tmp_path: Path) -> None:
    (tmp_path / "agent.db").write_bytes(b"no database" * 100)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        taken.settimeout(0)
        port = str(taken.getsockname()[1])
        taken.close()
        with socket.create_server(("127.0.0.1", int(port))) as other:
            other.listen()
            async with trio.open_nursery() as nursery:
                nursery.start_soon(hang_up, other)
                done = await program(tmp_path, "doctor", "--data-dir", str(tmp_path), "--port", port, "--model", "no")
                nursery.cancel_scope.cancel()
    broken = [line for line in done.stdout.decode().splitlines() if line.startswith("broken")]
    assert done.returncode == 1
    assert [name for name in ("store", "address", "model") if any(f" {name}:" in line for line in broken)] == [
        "store",
        "address",
        "model",
    ]
    assert done.stderr == b""


@pytest.mark.parametrize(("price", "told"), [("", True), ("0,0", False)])
async def test_the_doctor_says_where_a_budget_in_dollars_does_not_hold(tmp_path: Path, price: str, told: bool) -> None:
    config = tmp_path / "config" / "trio-agent" / "config.toml"
    config.parent.mkdir(parents=True)
    config.write_text(f'model = "openai/llama"\nbase-url = "http://127.0.0.1:9"\nport = 0\nprice = "{price}"\n')
    done = await program(tmp_path, "doctor", "--data-dir", str(tmp_path))
    (line,) = [line for line in done.stdout.decode().splitlines() if " model: " in line]
    assert line.startswith("ok      model: openai/llama")
    assert ("give --price" in line) == told


async def hang_up(listener: socket.socket) -> None:
    """Another program: it takes whoever comes and says nothing of ours."""
    listening = trio.socket.from_stdlib_socket(listener)
    while True:
        connection, _ = await listening.accept()
        connection.close()


async def test_where_there_is_no_store_that_is_said(tmp_path: Path) -> None:
    for arguments in (["sessions"], ["export", "x"]):
        done = await program(tmp_path, *arguments, "--data-dir", str(tmp_path))
        assert (done.returncode, done.stdout) == (4, b"")
        assert done.stderr.startswith(b"trio-agent: there is no store")
        assert len(done.stderr.splitlines()) == 1


async def test_a_store_of_another_program_is_not_read(tmp_path: Path) -> None:
    sqlite3.connect(tmp_path / "agent.db").execute("CREATE TABLE t (x)").connection.close()
    done = await program(tmp_path, "sessions", "--data-dir", str(tmp_path))
    assert done.returncode == 4
    assert len(done.stderr.splitlines()) == 1


async def test_an_export_into_a_closed_pipe_ends_quietly(tmp_path: Path) -> None:
    data_dir = tmp_path / "data"
    async with running(data_dir) as server, server.client() as client, open_events(client) as events:
        await client.post("/chat", json={"message": "burst 30 100000"})
        while '"end_of_turn":true' not in (await events.next_of("message")).data:
            pass
        session_id = (await client.get("/state")).json()["session_id"]
    command = [sys.executable, "-m", "trio_agent", "export", session_id, "--data-dir", str(data_dir)]
    process = await trio.lowlevel.open_process(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment(data_dir)
    )
    assert process.stdout is not None
    assert process.stderr is not None
    await process.stdout.receive_some(1)
    await process.stdout.aclose()
    assert b"".join([chunk async for chunk in process.stderr]) == b""
    await process.wait()
    await process.stderr.aclose()


async def test_an_export_without_room_says_what_was_not_written_and_what_to_do(tmp_path: Path) -> None:
    data_dir = tmp_path / "data"
    async with running(data_dir) as server, server.client() as client:
        await client.post("/chat", json={"message": "echo hello"})
        session_id = (await client.get("/state")).json()["session_id"]
    command = [sys.executable, "-m", "trio_agent", "export", session_id, "--data-dir", str(data_dir)]
    with open("/dev/full", "wb") as full:  # noqa: ASYNC230  a device that has no room, and never waits
        ended = await trio.run_process(
            command, stdout=full, capture_stderr=True, check=False, env=environment(data_dir)
        )
    assert ended.returncode == 1
    (line,) = ended.stderr.decode().splitlines()
    assert line.startswith(f"trio-agent: the log of {session_id} could not be written whole: No space left on device")
    assert "write it to a place with room" in line
