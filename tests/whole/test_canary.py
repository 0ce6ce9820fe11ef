"""What is secret is nowhere but where it belongs: not in logs, store, stream, answers, exports, nor with the tools."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from tests.projects import make_project
from tests.served import ServedRepository, served

TOKEN = "canary-of-the-token-sings-in-the-mine"
KEY = "sk-ant-canary-of-the-key-sings-in-the-mine"
CANARIES = {TOKEN.encode(), KEY.encode()}
SHOW = "env; declare -p; tr '\\0' '\\n' < /proc/self/environ; git config --list; ls -la ."
ROUTES = (
    "state",
    "messages",
    "download",
    "diff",
    "sessions",
    "metrics",
    "openapi.json",
    "healthz",
    "readyz",
    "",
    "nothing",
)


def said(server: ServedRepository) -> bytes:
    """All that the server tells a client that gives its token in the query, as EventSource must, and one that mistypes it."""
    heard = b""
    with server.client() as client:
        with client.stream("GET", f"stream?access_token={TOKEN}") as response:
            heard += str(response.headers).encode()
            assert client.post("chat", json={"message": f"bash {SHOW}"}).status_code == 202
            for chunk in response.iter_raw():
                heard += chunk
                if b'"end_of_turn":true' in heard and b'"agent_state":"WaitingForUserInput"' in chunk:
                    break
        for path in (*ROUTES, f"stream?from=x&access_token={TOKEN}", f"state?access_token={TOKEN}x"):
            answer = client.get(path)
            heard += str(answer.headers).encode() + answer.content
        wrong = client.post("chat", headers={"Authorization": f"Basic {TOKEN}"}, json={"message": "x"})
        assert wrong.status_code == 401
        heard += wrong.content
    return heard


def test_neither_token_nor_key_is_found_in_logs_store_stream_answers_and_exports(tmp_path: Path) -> None:
    make_project(tmp_path / "wordcount")
    data_dir = tmp_path / "data"
    secrets = {"ANTHROPIC_API_KEY": KEY, "TRIO_AGENT_TOKEN": TOKEN}
    with served(tmp_path / "wordcount", data_dir, "--model", "demo", environment=secrets) as server:
        assert server.token == TOKEN
        heard = said(server)
        assert b"declare -x PATH" in heard, "the command that looks for secrets did run"
        with server.client() as client:
            session = client.get("state").json()["session_id"]
        # While it runs, so that what only its WAL holds is looked at too.
        kept = {path: path.read_bytes() for path in data_dir.rglob("*") if path.is_file()}
        command = [sys.executable, "-m", "trio_agent", "export", session, "--data-dir", str(data_dir)]
        exported = subprocess.run(command, capture_output=True, check=True).stdout
        assert exported
        assert server.stop() == 0
    kept |= {path: path.read_bytes() for path in data_dir.rglob("*") if path.is_file()}
    assert any(b"declare -x PATH" in content for content in kept.values())
    places = {**kept, Path("heard"): heard, Path("exported"): exported}
    found = {path for path, content in places.items() if any(canary in content for canary in CANARIES)}
    assert found - {data_dir / "token"} == set()
