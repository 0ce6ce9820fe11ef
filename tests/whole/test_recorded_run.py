"""Whole runs on a real repository: the demo's tour, and a session with a model behind Anthropic's wire."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tests.projects import make_project
from tests.served import served
from tests.whole.asking import ask, standin

PLAN = [
    {
        "text": "I will look at the tests first.",
        "tool_calls": [
            {"name": "bash", "input": {"command": "ls && git log --oneline"}},
            {"name": "read_file", "input": {"path": "README.md"}},
        ],
    },
    {
        "text": "Now the change.",
        "tool_calls": [
            {
                "name": "patch",
                "input": {
                    "path": "README.md",
                    "patches": [{"operation": "append_eof", "newText": "\nCounts lines too.\n"}],
                },
            }
        ],
    },
    {
        "text": "And I commit it.",
        "tool_calls": [{"name": "bash", "input": {"command": "git commit -qam 'Say that lines are counted'"}}],
    },
    {"text": "Done: the README says so now."},
]


@pytest.fixture
def project(tmp_path: Path) -> Path:
    make_project(tmp_path / "wordcount")
    return tmp_path / "wordcount"


def git(project: Path, *arguments: str) -> str:
    return subprocess.run(["git", "-C", project, *arguments], check=True, capture_output=True, text=True).stdout


def test_the_demo_tour_commits_to_a_branch_and_leaves_the_checkout_alone(project: Path, tmp_path: Path) -> None:
    before = git(project, "status", "--porcelain=v2", "--branch")
    with served(project, tmp_path / "data", "--model", "demo") as server, server.client() as client:
        messages = ask(client, "show me around")
    (commit,) = [message for message in messages if message["type"] == "commit"]
    head = commit["commits"][0]
    assert head["pushed_branch"] == "trio-agent/show-me-around"
    assert git(project, "rev-parse", head["pushed_branch"]).strip() == head["hash"]
    assert git(project, "status", "--porcelain=v2", "--branch") == before


def test_a_model_behind_anthropics_wire_changes_the_project_and_commits(project: Path, tmp_path: Path) -> None:
    with (
        standin("anthropic_server.py", PLAN, tmp_path) as url,
        served(
            project,
            tmp_path / "data",
            *("--model", "anthropic/claude-sonnet-5-5", "--base-url", url),
            environment={"ANTHROPIC_API_KEY": "sk-stand-in"},
        ) as server,
        server.client() as client,
    ):
        messages = ask(client, "Say in the README that lines are counted")
        commits = [message for message in messages if message["type"] == "commit"]
        diff = client.get("diff", params={"commit": commits[0]["commits"][0]["hash"]}).text
        whole = client.get("diff").text
        state = client.get("state").json()
    assert [message["tool_name"] for message in messages if message["type"] == "tool"].count("bash") == 2
    assert not [message for message in messages if message["type"] == "error" or message.get("tool_error")]
    assert "+Counts lines too." in diff
    assert "+Counts lines too." in whole
    assert state["total_usage"]["messages"] == len(PLAN)
    assert state["branch_name"] in git(project, "branch", "--list", "trio-agent/*")
    assert "Counts lines too." in git(project, "show", f"{state['branch_name']}:README.md")


def test_a_killed_server_goes_on_where_the_log_ends(project: Path, tmp_path: Path) -> None:
    with served(project, tmp_path / "data", "--model", "demo") as server:
        with server.client() as client:
            before = ask(client, "echo one")
        server.kill()
        server.start()
        with server.client() as client:
            after = ask(client, "echo two")
    assert after[: len(before)] == before
    assert [message["content"] for message in after] == ["echo one", "one", "echo two", "two"]


def test_nothing_secret_stands_in_the_servers_log(project: Path, tmp_path: Path) -> None:
    with served(project, tmp_path / "data", "--model", "demo") as server, server.client() as client:
        client.get("state", params={"access_token": server.token})
        ask(client, "echo hello")
        assert server.token not in server.log
