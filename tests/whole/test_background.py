"""What a session left running ends with the server."""

from __future__ import annotations

import json
import os
import select
from pathlib import Path

from tests.projects import make_project
from tests.served import served


def test_a_command_in_the_background_ends_with_the_server(tmp_path: Path) -> None:
    make_project(tmp_path / "wordcount")
    # The model is told a name of ours, so the command says itself which process it is; once it can be read, it is there.
    report = tmp_path / "pid"
    os.mkfifo(report)
    command = f"echo $$ > {report}; exec sleep 4000"
    call = {"name": "bash", "input": {"command": command, "background": True}}
    (tmp_path / "plan.json").write_text(
        json.dumps([{"text": "I start it.", "tool_calls": [call]}, {"text": "Started."}])
    )
    options = ("--model", f"scripted:{tmp_path / 'plan.json'}", "--sandbox", "none")
    with served(tmp_path / "wordcount", tmp_path / "data", *options) as server:
        with server.client() as client:
            client.post("chat", json={"message": "start it"})
            client.get("state", params={"poll": "true", "seen": 3})
        process = os.pidfd_open(int(report.read_text()))
        assert select.select([process], [], [], 0) == ([], [], []), "it is not running"
        assert server.stop() == 0
    assert select.select([process], [], [], 0) == ([process], [], []), "it is still running"
    os.close(process)
