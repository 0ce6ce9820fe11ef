"""Whole runs with a model behind the Gemini API's wire."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import httpx2
import pytest

from tests.projects import make_project
from tests.served import served
from tests.standins.gemini_chunks import signature_of
from tests.standins.gemini_rules import UNSIGNED
from tests.whole.asking import ask, standin

COMMIT = "echo 'Counts lines too.' >> README.md && git commit -qam 'Say that lines are counted'"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    make_project(tmp_path / "wordcount")
    return tmp_path / "wordcount"


def signatures_in(request: dict[str, Any]) -> list[str]:
    parts = [part for content in request["contents"] for part in content["parts"]]
    return [part["thoughtSignature"] for part in parts if "thoughtSignature" in part]


def test_a_model_behind_geminis_wire_commits_and_goes_on_after_a_restart(project: Path, tmp_path: Path) -> None:
    calls = [{"name": "bash", "input": {"command": "ls"}}, {"name": "read_file", "input": {"path": "README.md"}}]
    plan = [
        {"thinking": "**Looking** around.", "text": "I will look first.", "tool_calls": calls},
        {"text": "And I commit it.", "tool_calls": [{"name": "bash", "input": {"command": COMMIT}}]},
        {"text": "Done: the README says so now."},
        {"text": "Nothing else."},
    ]
    with (
        standin("gemini_server.py", plan, tmp_path) as url,
        served(
            project,
            tmp_path / "data",
            *("--model", "gemini/gemini-4-hydrogen", "--base-url", url),
            environment={"GEMINI_API_KEY": "k-stand-in"},
        ) as server,
    ):
        with server.client() as client:
            ask(client, "Say in the README that lines are counted")
        server.kill()
        server.start()
        with server.client() as client:
            messages = ask(client, "Anything else?")
            usage = client.get("state").json()["total_usage"]
        requests = httpx2.get(f"{url}/requests", trust_env=False).json()
    assert not [message for message in messages if message["type"] == "error" or message.get("tool_error")]
    said = [message for message in messages if message["type"] == "agent"]
    assert [message["content"] for message in said] == [answer["text"] for answer in plan]
    assert said[0]["thinking"] == "**Looking** around."
    (commit,) = [message for message in messages if message["type"] == "commit"]
    assert commit["commits"][0]["subject"] == "Say that lines are counted"
    assert usage["messages"] == len(plan)
    assert usage["total_cost_usd"] == pytest.approx(len(plan) * (100 * 1.5 + 10 * 7.5) / 1e6)
    signed = [signature_of(1), signature_of(2)]
    assert [signatures_in(request) for request in requests] == [[], signed[:1], signed, [UNSIGNED, UNSIGNED]]
