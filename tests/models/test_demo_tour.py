"""The tour, with the tools it calls done by hand, in a real repository."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest
import trio
from trio.testing import MockClock

from tests.models.listener import Listener, after, answer_of, asking
from trio_agent.core.message import ToolCall
from trio_agent.core.transcript import AgentTurn
from trio_agent.models.demo import DemoModel
from trio_agent.models.demo_prompt import USAGE
from trio_agent.models.demo_tour import INTRODUCTION, TOUR_FILE
from trio_agent.seams import Answer, ModelRequest

MODEL = DemoModel()


def run(repo: Path, *command: str) -> str:
    done = subprocess.run(command, cwd=repo, check=True, capture_output=True, text=True)
    return done.stdout


@pytest.fixture
def repo(tmp_path: Path) -> Path:
    run(tmp_path, "git", "init", "-q", "-b", "main")
    run(tmp_path, "git", "config", "user.email", "tests@example.invalid")
    run(tmp_path, "git", "config", "user.name", "Tests")
    (tmp_path / "README.md").write_text("A project.\n")
    (tmp_path / "a.py").write_text("pass\n")
    run(tmp_path, "git", "add", ".")
    run(tmp_path, "git", "commit", "-q", "-m", "Begin")
    return tmp_path


def do(repo: Path, call: ToolCall) -> str:
    arguments = json.loads(call.input)
    match call.name:
        case "bash":
            return run(repo, "bash", "-c", arguments["command"]) or "(no output)"
        case "read_file":
            return (repo / str(arguments["path"])).read_text()
        case "patch":
            (patch,) = arguments["patches"]
            assert patch["operation"] == "overwrite"
            (repo / arguments["path"]).write_text(patch["newText"])
            return "done"
    raise AssertionError(f"the tour calls {call.name}")


async def take_tour(repo: Path, request: ModelRequest) -> tuple[ModelRequest, list[Answer]]:
    answers = [await answer_of(MODEL, request)]
    while answers[-1].tool_calls:
        request = after(request, answers[-1], *(do(repo, call) for call in answers[-1].tool_calls))
        answers.append(await answer_of(MODEL, request))
    return request, answers


def tools(answers: list[Answer]) -> list[str]:
    return [call.name for answer in answers for call in answer.tool_calls]


async def test_the_tour_reads_writes_runs_and_commits(repo: Path, autojump_clock: MockClock) -> None:
    _, answers = await take_tour(repo, asking("hello"))
    assert tools(answers) == ["bash", "read_file", "patch", "bash", "bash"]
    assert json.loads(answers[1].tool_calls[0].input)["path"] == "README.md"
    assert run(repo, "git", "show", "--name-only", "--format=", "HEAD").split() == [TOUR_FILE]
    assert run(repo, "git", "status", "--short") == ""
    assert answers[0].text.startswith(INTRODUCTION)
    assert all(usage in answers[-1].text for usage in USAGE.values())
    assert answers[-1].stop_reason == "end_turn"


async def test_the_tour_commits_a_second_time_too(repo: Path, autojump_clock: MockClock) -> None:
    request, answers = await take_tour(repo, asking("hello"))
    again = ModelRequest(system="", turns=(*request.turns, AgentTurn(text=answers[-1].text), *asking("again").turns))
    await take_tour(repo, again)
    subjects = run(repo, "git", "log", "--format=%s").splitlines()
    assert subjects == ["Add the demo tour, number 2", "Add the demo tour, number 1", "Begin"]


async def test_the_same_tour_in_another_conversation_still_commits(repo: Path, autojump_clock: MockClock) -> None:
    await take_tour(repo, asking("hello"))
    await take_tour(repo, asking("hello"))
    assert len(run(repo, "git", "log", "--format=%s").splitlines()) == 3


async def test_only_the_file_of_the_tour_is_committed(repo: Path, autojump_clock: MockClock) -> None:
    (repo / "a.py").write_text("changed\n")
    run(repo, "git", "add", "a.py")
    await take_tour(repo, asking("hello"))
    assert run(repo, "git", "show", "--name-only", "--format=", "HEAD").split() == [TOUR_FILE]


async def test_without_a_readme_the_first_file_is_read(repo: Path, autojump_clock: MockClock) -> None:
    run(repo, "git", "rm", "-q", "README.md")
    _, answers = await take_tour(repo, asking("hello"))
    assert json.loads(answers[1].tool_calls[0].input)["path"] == "a.py"


async def test_a_repository_without_files_is_toured_without_reading(
    tmp_path: Path, repo: Path, autojump_clock: MockClock
) -> None:
    run(repo, "git", "rm", "-q", "README.md", "a.py")
    _, answers = await take_tour(repo, asking("hello"))
    assert tools(answers) == ["bash", "patch", "bash", "bash"]
    assert run(repo, "git", "status", "--short", TOUR_FILE) == ""


async def test_a_step_that_fails_does_not_end_the_tour(autojump_clock: MockClock) -> None:
    request = asking("hello")
    answers = [await answer_of(MODEL, request)]
    while answers[-1].tool_calls:
        request = after(request, answers[-1], "it is broken", error=True)
        answers.append(await answer_of(MODEL, request))
    assert tools(answers) == ["bash", "patch", "bash", "bash"]


async def test_the_tour_is_written_at_a_pace_that_can_be_followed(autojump_clock: MockClock) -> None:
    begin = trio.current_time()
    await MODEL.answer(asking("hello"), Listener())
    assert 0.3 < trio.current_time() - begin < 3
