"""A repository and a session on it, through the server as users start it: commits go out, newer ones come in."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

import httpx2
import pytest

from tests.projects import commit_files, git, make_project
from tests.served import served

# Names no identity: the clone has the user's.
COMMIT = "echo 'x = [1,2]' > a.py && git add a.py && git commit -qm 'Add a list'"


def bash(command: str) -> dict[str, Any]:
    return {"text": "I do it.", "tool_calls": [{"name": "bash", "input": {"command": command}}]}


def say(client: httpx2.Client, words: str, until: str) -> dict[str, Any]:
    """Say `words`; the State once a message that begins with `until` was the answer, and the agent waits again."""
    seen = client.post("chat", json={"message": words}).raise_for_status().json()["idx"] + 1
    since = seen
    while True:
        state: dict[str, Any] = client.get("state", params={"poll": "true", "seen": seen - 1}).json()
        answers = client.get("messages", params={"start": since}).json()
        if state["agent_state"] == "WaitingForUserInput" and any(
            each.get("content", "").startswith(until) for each in answers
        ):
            return state
        seen = state["message_count"] + (state["agent_state"] == "WaitingForUserInput")


def told(client: httpx2.Client, type: str) -> list[dict[str, Any]]:
    return [message for message in client.get("messages").json() if message["type"] == type]


@pytest.mark.parametrize("sandbox", ["auto", "none"])
def test_commits_go_out_formatted_and_the_user_s_come_in(tmp_path: Path, sandbox: str) -> None:
    repository = tmp_path / "wordcount"
    make_project(repository)
    commit_files(repository, {"ruff.toml": ""}, "Want ruff")
    (repository / "README.md").write_text("the user is at work\n")
    plan = [bash(COMMIT), bash("git commit -qa --amend --no-edit"), {"text": "Done."}]
    (tmp_path / "plan.json").write_text(json.dumps(plan))
    environment = {"PATH": f"{os.environ['PATH']}:{Path(sys.executable).parent}"}
    options = ("--model", f"scripted:{tmp_path / 'plan.json'}", "--sandbox", sandbox)
    with (
        served(repository, tmp_path / "data", *options, environment=environment) as server,
        server.client() as client,
    ):
        state = say(client, "Add a list", until="Done.")
        assert state["branch_name"] == "trio-agent/add-a-list"
        assert git(repository, "show", "trio-agent/add-a-list:a.py") == "x = [1, 2]"
        left_out, formatted = told(client, "auto")
        assert left_out["content"].startswith("1 file has changes in the repository that are not committed.")
        assert formatted["content"].startswith("ruff format changed files of the commit just made: a.py.")
        assert len(told(client, "commit")) == 2

        git(repository, "checkout", "--quiet", "README.md")
        newer = commit_files(repository, {"b.txt": "b\n"}, "The user goes on")
        state = say(client, "/pull", until="The user had main")
        assert told(client, "error") == []
        assert "merged into the workspace's branch" in told(client, "auto")[-1]["content"]
        assert git(repository, "merge-base", "trio-agent/add-a-list", "main") == newer
        assert (state["initial_commit"], state["diff_lines_added"]) == (newer, 1)
        assert "b.txt" not in client.get("diff").text

        state = say(client, "/base", until="What changed is counted")
        assert state["initial_commit"] == git(repository, "rev-parse", "trio-agent/add-a-list")
        assert client.get("diff").text == ""
        assert server.stop() == 0
