"""`replay` as users run it: on what `export` wrote, and on what is no log at all."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.projects import make_project
from tests.replays import home_environment, replay_command, replayed
from tests.runtime.recordings import TURN, lines
from tests.served import EXIT_S, served

LOG = b"\n".join(lines(TURN)) + b"\n"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "log.jsonl"
    path.write_bytes(LOG)
    return path


def test_an_exported_session_is_replayed_byte_for_byte(tmp_path: Path) -> None:
    make_project(tmp_path / "project")
    with served(tmp_path / "project", tmp_path / "data", "--model", "demo", "--sandbox", "none") as server:
        with server.client() as client:
            client.post("chat", json={"message": "echo grüße \u2028 🐛"})
            client.get("state", params={"poll": "true", "seen": 1})
            session = client.get("state").json()["session_id"]
        command = [sys.executable, "-m", "trio_agent", "export", session, "--data-dir", str(server.data_dir)]
        exported = subprocess.run(command, capture_output=True, check=True).stdout
    assert len(exported.splitlines()) >= 2
    (tmp_path / "log.jsonl").write_bytes(exported)
    with replayed(tmp_path / "home", tmp_path / "log.jsonl", "--speed", "inf") as replay, replay.client() as client:
        assert client.get("messages").content == b"[" + b",".join(exported.splitlines()) + b"]"


def test_it_comes_to_its_end_by_itself(tmp_path: Path, file: Path) -> None:
    with replayed(tmp_path / "home", file, "--speed", "50") as replay, replay.client() as client:
        for seen in range(len(TURN)):
            assert client.get("state", params={"poll": "true", "seen": seen}).json()["message_count"] > seen
        told = client.get("replay").json()
        assert (told["position"], told["count"], told["playing"], told["speed"]) == (4, 4, False, 50)
        assert client.get("messages").json() == [json.loads(line) for line in lines(TURN)]


def test_it_leaves_nothing_behind_and_ends_in_order(tmp_path: Path, file: Path) -> None:
    home = tmp_path / "home"
    with replayed(home, file) as replay:
        with replay.client() as client:
            client.post("replay", json={"position": 2})
            assert client.post("chat", json={"message": "hello"}).status_code == 409
        assert replay.stop() == 0
    assert list(home.iterdir()) == []
    assert file.read_bytes() == LOG


def test_a_log_may_come_by_a_pipe(tmp_path: Path) -> None:
    with replayed(tmp_path / "home", Path("-"), "--speed", "inf", stdin=LOG) as replay, replay.client() as client:
        assert client.get("state").json()["message_count"] == len(TURN)


def test_each_run_has_a_token_and_identities_of_its_own(tmp_path: Path, file: Path) -> None:
    told = []
    for _ in range(2):
        with replayed(tmp_path / "home", file) as replay, replay.client() as client:
            state = client.get("state").json()
            told.append((replay.token, state["log"], state["session_id"]))
            assert client.get("state", headers={"Authorization": ""}).status_code == 401
    assert [len({*each}) for each in zip(*told, strict=True)] == [2, 2, 2]
    assert all(len(token) >= 43 for token, _, _ in told)


def test_the_token_may_be_named_or_left_out(tmp_path: Path, file: Path) -> None:
    with replayed(tmp_path / "home", file, "--token", "a-token-of-my-own") as replay:
        assert replay.token == "a-token-of-my-own"
    with replayed(tmp_path / "home", file, "--no-auth") as replay, replay.client() as client:
        assert (replay.token, client.get("state").status_code) == ("", 200)


def refused(home: Path, *arguments: str | Path) -> str:
    """The one line with which it ends by status 2."""
    home.mkdir(exist_ok=True)
    done = subprocess.run(
        replay_command(*arguments),
        capture_output=True,
        text=True,
        check=False,
        timeout=EXIT_S,
        env=home_environment(home),
        stdin=subprocess.DEVNULL,
    )
    assert (done.returncode, done.stdout) == (2, "")
    (line,) = done.stderr.splitlines()
    return line


def test_what_is_no_log_is_one_line_that_says_where(tmp_path: Path) -> None:
    path, home = tmp_path / "log.jsonl", tmp_path / "home"
    path.write_bytes(b"")
    assert refused(home, path) == f"trio-agent: {path} is empty: there is nothing to replay"
    path.write_bytes(LOG + b"oops\n")
    assert refused(home, path).startswith(f"trio-agent: {path}, line 5: not JSON: ")
    path.write_bytes(LOG.replace(b'"idx":2', b'"idx":7'))
    assert refused(home, path) == f"trio-agent: {path}, line 3: message 7 stands where 2 is due"
    path.write_bytes(b'{"session_id": "a download is no log"}\n')
    assert "line 1: not a message of trio-agent" in refused(home, path)
    assert refused(home, "-") == "trio-agent: stdin is empty: there is nothing to replay"


def test_wrong_usage_is_one_line(tmp_path: Path, file: Path) -> None:
    home = tmp_path / "home"
    assert "none.jsonl" in refused(home, tmp_path / "none.jsonl")
    assert "is a directory" in refused(home, tmp_path)
    assert "FILE" in refused(home)
    for speed in ("0", "-1", "nan", "fast", "1e9"):
        assert "--speed" in refused(home, file, "--speed", speed)
    assert "loopback" in refused(home, file, "--no-auth", "--host", "0.0.0.0")
