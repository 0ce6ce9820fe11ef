"""What whole runs share: a stand-in for a provider in a process of its own, and a user who waits for the end of a turn."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx2

STANDINS = Path(__file__).parent.parent / "standins"


@contextmanager
def standin(name: str, plan: list[dict[str, Any]], folder: Path) -> Iterator[str]:
    """The URL of a server that answers by `plan` and refuses what the real one would refuse. `name` is a file of STANDINS."""
    (folder / "plan.json").write_text(json.dumps(plan))
    process = subprocess.Popen(
        [sys.executable, STANDINS / name, folder / "plan.json"], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    try:
        yield process.stdout.readline().strip()
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


def ask(client: httpx2.Client, text: str) -> list[dict[str, Any]]:
    """Say it, wait until the turn is over, and give all messages of the log."""
    assert client.post("chat", json={"message": text}).status_code == 202
    while True:
        seen = client.get("state").json()["message_count"]
        messages: list[dict[str, Any]] = client.get("messages").json()
        if messages[-1]["type"] in ("agent", "error", "budget") and messages[-1]["end_of_turn"]:
            return messages
        client.get("state", params={"poll": "true", "seen": seen})
