"""Secrets that a command prints, a file holds or a user says: in no log, no stream, no blob and no answer."""

from __future__ import annotations

from pathlib import Path

from tests.projects import make_project
from tests.served import ServedRepository, served

VALUE = "canary/sings in-the-mine-0123456789"
SHAPED = "ghp_" + "cAnArY0123456789" * 3
URL_PASSWORD = "canary-of-the-database"
CANARIES = [each[:12].encode() for each in (VALUE, SHAPED, URL_PASSWORD)]
ENVIRONMENT = {"MY_SERVICE_TOKEN": VALUE, "DATABASE_URL": f"postgres://user:{URL_PASSWORD}@host/name"}

# The file is made of halves, so that the words which ask for it are no canary themselves.
WRITE = (
    f"a='{VALUE[:6]}'; b='{VALUE[6:]}'; printf '%s%s\\n%s%s\\n' \"$a\" \"$b\" {SHAPED[:9]} {SHAPED[9:]} > secret.txt; "
)
TURNS = [
    f"bash {WRITE} cat secret.txt",
    # Long output, kept as a blob too; a secret stands where the model's part of it is cut.
    "bash cat secret.txt; yes 'a line of output' | head -c 300000; cat secret.txt",
    # In pieces, each written by a process of its own.
    "bash for i in 1 2 3; do head -c 7 secret.txt; tail -c +8 secret.txt; done; cat secret.txt >&2; exit 1",
    f"echo the password is {URL_PASSWORD}, and {SHAPED}, and {VALUE}",
]


def say(server: ServedRepository, words: str) -> bytes:
    """All that comes by the stream until the turn is over."""
    heard = b""
    with server.client() as client, client.stream("GET", "stream") as response:
        idx = client.post("chat", json={"message": words}).json()["idx"]
        for chunk in response.iter_raw():
            heard += chunk
            state = client.get("state").json()
            if state["message_count"] > idx + 1 and state["agent_state"] == "WaitingForUserInput":
                return heard
    raise AssertionError("the stream ended")


def test_what_is_secret_is_neither_recorded_nor_shown(tmp_path: Path) -> None:
    make_project(tmp_path / "wordcount")
    data_dir = tmp_path / "data"
    with served(tmp_path / "wordcount", data_dir, "--model", "demo", environment=ENVIRONMENT) as server:
        heard = b"".join(say(server, words) for words in TURNS)
        with server.client() as client:
            for path in ("state", "messages", "download", "sessions", "stream?from=0", "messages/0/html"):
                with client.stream("GET", path) as answer:
                    for chunk in answer.iter_raw():
                        heard += chunk
                        if path.startswith("stream"):
                            break
            shown = [message["display"] for message in client.get("messages").json() if message.get("display")]
            blobs = [client.get(f"blobs/{display['output_blob']}") for display in shown if "output_blob" in display]
            heard += b"".join(blob.content for blob in blobs)
        kept = {path: path.read_bytes() for path in data_dir.rglob("*") if path.is_file()}
        assert server.stop() == 0
    assert len(blobs) == 1
    assert heard.count(b"[redacted]") > 20
    workspaces = data_dir / "workspaces"
    assert any(CANARIES[0] in content for path, content in kept.items() if path.is_relative_to(workspaces))
    elsewhere = {path: content for path, content in kept.items() if not path.is_relative_to(workspaces)}
    elsewhere |= {path: path.read_bytes() for path in data_dir.glob("*") if path.is_file()}
    found = [
        path for path, content in {**elsewhere, Path("heard"): heard}.items() if any(c in content for c in CANARIES)
    ]
    assert found == []
