"""Whole runs with a model behind each of OpenAI's APIs, and one that goes on behind another provider's."""

from __future__ import annotations

from pathlib import Path

import httpx2
import pytest

from tests.projects import make_project
from tests.served import served
from tests.whole.asking import ask, standin

COMMIT = "echo 'Counts lines too.' >> README.md && git commit -qam 'Say that lines are counted'"
CALLS = [{"name": "bash", "input": {"command": "ls"}}, {"name": "read_file", "input": {"path": "README.md"}}]
PLAN = [
    {"thinking": "**Looking** around.", "text": "I will look first.", "tool_calls": CALLS},
    {"text": "And I commit it.", "tool_calls": [{"name": "bash", "input": {"command": COMMIT}}]},
    {"text": "Done: the README says so now."},
]


@pytest.fixture
def project(tmp_path: Path) -> Path:
    make_project(tmp_path / "wordcount")
    return tmp_path / "wordcount"


@pytest.mark.parametrize(
    ("model", "key"), [("openai-responses/gpt-6.2-sol", "sk-stand-in"), ("openai/gpt-5.2", "sk-stand-in")]
)
def test_a_model_behind_openais_wire_commits(model: str, key: str, project: Path, tmp_path: Path) -> None:
    with (
        standin("openai_server.py", PLAN, tmp_path) as url,
        served(
            project, tmp_path / "data", *("--model", model, "--base-url", url), environment={"OPENAI_API_KEY": key}
        ) as server,
        server.client() as client,
    ):
        messages = ask(client, "Say in the README that lines are counted")
        usage = client.get("state").json()["total_usage"]
    assert not [message for message in messages if message["type"] == "error" or message.get("tool_error")]
    said = [message for message in messages if message["type"] == "agent"]
    assert [message["content"] for message in said] == [answer["text"] for answer in PLAN]
    assert said[0]["thinking"] == "**Looking** around."
    assert {message["model"] for message in said} == {model}
    (commit,) = [message for message in messages if message["type"] == "commit"]
    assert commit["commits"][0]["subject"] == "Say that lines are counted"
    assert usage["messages"] == len(PLAN)
    input_usd, output_usd = (2, 10) if "6.2" in model else (1.75, 14)
    assert usage["total_cost_usd"] == pytest.approx(len(PLAN) * (100 * input_usd + 10 * output_usd) / 1e6)


def test_a_price_that_the_user_gives_is_what_a_budget_in_dollars_counts(project: Path, tmp_path: Path) -> None:
    plan = [{"tool_calls": [{"name": "bash", "input": {"command": "true"}}]}] * 9
    model = ("--model", "openai/llama", "--price", "1000,10000", "--budget-dollars", "0.5")
    with (
        standin("openai_server.py", plan, tmp_path) as url,
        served(
            project, tmp_path / "data", *model, "--base-url", url, environment={"OPENAI_API_KEY": "sk-stand-in"}
        ) as server,
        server.client() as client,
    ):
        messages = ask(client, "for ever")
    assert messages[-1]["type"] == "budget"
    assert "Spent $0.60 of $0.50." in messages[-1]["content"]
    assert sum(message["type"] == "agent" for message in messages) == 3


def test_a_conversation_begun_behind_one_wire_goes_on_behind_another(project: Path, tmp_path: Path) -> None:
    wires = [
        ("openai_server.py", "openai/gpt-5.2", "OPENAI_API_KEY"),
        ("anthropic_server.py", "anthropic/claude-sonnet-5-5", "ANTHROPIC_API_KEY"),
        ("gemini_server.py", "gemini/gemini-4-hydrogen", "GEMINI_API_KEY"),
        ("openai_server.py", "openai-responses/gpt-6.2-sol", "OPENAI_API_KEY"),
    ]
    plan = [{"text": "I look.", "tool_calls": CALLS}, {"text": "So it is."}]
    for number, (script, model, variable) in enumerate(wires, 1):
        with (
            standin(script, plan, tmp_path) as url,
            served(
                project, tmp_path / "data", *("--model", model, "--base-url", url), environment={variable: "k-stand-in"}
            ) as server,
            server.client() as client,
        ):
            messages = ask(client, f"Look, for the {number}. time")
            requests = httpx2.get(f"{url}/requests", trust_env=False).json()
        assert not [message for message in messages if message["type"] == "error"], "each took what the others said"
        assert len(requests) == len(plan)
        said = [message for message in messages if message["type"] == "agent"]
        assert [message["content"] for message in said] == ["I look.", "So it is."] * number
        assert said[-1]["model"] == model
