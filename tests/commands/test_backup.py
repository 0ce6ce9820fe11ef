"""`backup` and `restore` as users run them, with a server before, between and after."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest

from tests.projects import make_project
from tests.served import ServedRepository, served


@pytest.fixture
def server(tmp_path: Path) -> Iterator[ServedRepository]:
    make_project(tmp_path / "wordcount")
    with served(tmp_path / "wordcount", tmp_path / "data", "--model", "demo", "--sandbox", "none") as started:
        yield started


def run(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "trio_agent", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def key_of(text: str) -> str:
    return f"key-of-{text.replace(' ', '-')}"


def ask(client: httpx2.Client, text: str) -> dict[str, Any]:
    """Say it and wait until it is answered; gives what the post was acknowledged with."""
    posted = client.post("chat", json={"message": text}, headers={"Idempotency-Key": key_of(text)})
    assert posted.status_code in (200, 202)
    client.get("state", params={"poll": "true", "seen": posted.json()["idx"] + 1})
    acknowledged: dict[str, Any] = posted.json()
    return acknowledged


def stream_start(client: httpx2.Client, cursor: str) -> list[tuple[str, Any]]:
    """The first two events that are about the log, of a stream that resumes from `cursor`."""
    found: list[tuple[str, Any]] = []
    with client.stream("GET", "stream", params={"cursor": cursor}) as response:
        event = ""
        for line in response.iter_lines():
            name, _, value = line.partition(": ")
            if name == "event":
                event = value
            elif name == "data" and event in ("ready", "reset", "message"):
                found.append((event, json.loads(value)))
                if len(found) == 2:
                    break
    return found


def test_a_client_of_before_is_told_to_begin_anew_after_a_restore(server: ServedRepository, tmp_path: Path) -> None:
    backup = tmp_path / "monday.db"
    with server.client() as client:
        acknowledged = ask(client, "echo one")
        session = client.get("state").json()["session_id"]
        messages = client.get("messages").json()
        made = run("backup", backup, "--data-dir", server.data_dir)
        assert (made.returncode, made.stderr) == (0, "")
        assert made.stdout == f"1 sessions with 2 messages are in {backup}\n"
        ask(client, "echo two")
    assert server.stop() == 0
    restored = run("restore", backup, "--data-dir", server.data_dir, "--replace")
    assert (restored.returncode, restored.stderr) == (0, "")
    server.start()
    with server.client() as client:
        assert client.get("state").json()["session_id"] == session
        assert client.get("messages").json() == messages
        (ready, opened), (reset, told) = stream_start(client, acknowledged["cursor"])
        assert (ready, reset, told["reason"]) == ("ready", "reset", "new_log")
        assert opened["log"] == told["log"] != acknowledged["log"]
        # A post of before that is sent again is still known; its cursor is one of the new log.
        again = client.post("chat", json={"message": "echo one"}, headers={"Idempotency-Key": key_of("echo one")})
        assert again.headers["Idempotency-Replayed"] == "true"
        assert again.json()["cursor"] == acknowledged["cursor"].replace(acknowledged["log"], told["log"])
        assert stream_start(client, again.json()["cursor"])[1][0] == "message"


def test_a_restored_session_goes_on_working(server: ServedRepository, tmp_path: Path) -> None:
    with server.client() as client:
        ask(client, "echo one")
    run("backup", tmp_path / "monday.db", "--data-dir", server.data_dir)
    server.stop()
    elsewhere = ServedRepository(server.repository, tmp_path / "elsewhere", "--model", "demo", "--sandbox", "none")
    assert run("restore", tmp_path / "monday.db", "--data-dir", elsewhere.data_dir).returncode == 0
    elsewhere.start()
    try:
        with elsewhere.client() as client:
            ask(client, "echo two")
            assert [each["content"] for each in client.get("messages").json()] == ["echo one", "one", "echo two", "two"]
    finally:
        elsewhere.close()


def test_what_cannot_be_done_is_one_line_and_its_own_status(server: ServedRepository, tmp_path: Path) -> None:
    backup, data = tmp_path / "monday.db", server.data_dir
    assert run("backup", backup, "--data-dir", data).returncode == 0
    (tmp_path / "noise.db").write_bytes(b"noise" * 1000)
    refused = {
        "in use": (run("restore", backup, "--data-dir", data, "--replace"), 4),
        "--force": (run("backup", backup, "--data-dir", data), 2),
        "no store": (run("backup", tmp_path / "new.db", "--data-dir", tmp_path / "nowhere"), 4),
        "damaged": (run("restore", tmp_path / "noise.db", "--data-dir", tmp_path / "other"), 4),
        "no backup": (run("restore", tmp_path / "none.db", "--data-dir", tmp_path / "other"), 4),
        "in memory": (run("restore", backup, "--store", "memory:"), 2),
    }
    server.stop()
    refused["--replace"] = (run("restore", backup, "--data-dir", data), 4)
    for told, (ended, status) in refused.items():
        assert (ended.returncode, ended.stdout, ended.stderr.count("\n")) == (status, "", 1), ended.stderr
        assert told in ended.stderr


def damage(server: ServedRepository, old: bytes, new: bytes) -> None:
    path = server.data_dir / "agent.db"
    content = path.read_bytes()
    assert content.count(old) == 1
    path.write_bytes(content.replace(old, new))


def test_a_damaged_log_is_named_and_keeps_nobody_from_the_other_sessions(server: ServedRepository) -> None:
    with server.client() as client:
        ask(client, "echo something to be found")
        broken = client.get("state").json()
    server.stop()
    damage(server, b'"content":"something to be found"', b'"content":"something to be mound"')
    server.start()
    with server.client() as client:
        fresh = client.get("state").json()["session_id"]
        assert fresh != broken["session_id"]
        (newest, row) = client.get("sessions").json()
        assert (newest["session_id"], newest["damaged"], row["session_id"]) == (fresh, "", broken["session_id"])
        assert f"of log {broken['log']} is damaged" in row["damaged"]
        shown = client.get(f"sessions/{broken['session_id']}/messages").text
        assert row["damaged"] in shown
        assert "something to be" not in shown
        ask(client, "echo two")
        assert client.delete(f"sessions/{broken['session_id']}").status_code == 204
        assert [each["session_id"] for each in client.get("sessions").json()] == [fresh]


def test_a_store_that_cannot_be_opened_at_all_ends_the_server_with_one_line(server: ServedRepository) -> None:
    with server.client() as client:
        client.patch(f"sessions/{client.get('state').json()['session_id']}", json={"title": "to be found"})
    server.stop()
    damage(server, b'"title":"to be found"', b'"title":"to be mound"')
    ended = run("serve", server.repository, "--data-dir", server.data_dir, "--port", "0", "--no-open")
    assert (ended.returncode, ended.stdout) == (4, "")
    (line,) = ended.stderr.splitlines()
    assert "is damaged; restore a backup" in line


def test_long_outputs_are_backed_up_restored_and_deleted_with_their_session(
    server: ServedRepository, tmp_path: Path
) -> None:
    with server.client() as client:
        ask(client, "bash seq 1 200000")
        client.get("state", params={"poll": "true", "seen": "3"})
        while (state := client.get("state").json())["agent_state"] != "WaitingForUserInput":
            pass
        session = state["session_id"]
        (blob,) = {each["display"]["output_blob"] for each in client.get("messages").json() if "display" in each}
        output = client.get(f"blobs/{blob}").content
        assert output.endswith(b"\n200000\n")
        made = run("backup", tmp_path / "monday.db", "--data-dir", server.data_dir)
        assert made.stdout == f"1 sessions with 4 messages and 1 blobs are in {tmp_path / 'monday.db'}\n"
        assert client.delete(f"sessions/{session}").status_code == 204
        assert client.get(f"blobs/{blob}").status_code == 404
    server.stop()
    assert run("restore", tmp_path / "monday.db", "--data-dir", server.data_dir, "--replace").returncode == 0
    server.start()
    with server.client() as client:
        assert client.get(f"blobs/{blob}").content == output
