"""One plan of forty answers, behind every provider's wire: whatever happens on the way, the same comes of it in git.

On the way: tests that fail and pass, a server in the background, two sub-agents at once, wrong calls, a question to the user,
a word in the middle of a turn, a tool and an answer that are cancelled, a budget that is reached, a summary in place of a
conversation too long, and two kills of the server, one between turns and one in the middle of a command.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

import httpx2
import msgspec
import pytest
import trio

from tests.projects import commit_files, git, make_project
from tests.served import ServedRepository, served
from tests.whole.asking import standin
from tests.whole.plan_answers import ANSWERS, LONG, REVIEW_COUNTING, REVIEW_SERVING, SUMMARY
from tests.whole.plan_files import FILES, SUBJECTS
from tests.whole.plan_listener import Listener, listening_to
from trio_agent.core.message import Message

WIRES = {
    "anthropic": ("anthropic_server.py", "anthropic/claude-sonnet-5-5", "ANTHROPIC_API_KEY"),
    "responses": ("openai_server.py", "openai-responses/gpt-6.2-sol", "OPENAI_API_KEY"),
    "chat": ("openai_server.py", "openai/gpt-5.2", "OPENAI_API_KEY"),
    "gemini": ("gemini_server.py", "gemini/gemini-4-hydrogen", "GEMINI_API_KEY"),
}
PRICE = "1,1000"
BRANCH = "trio-agent/count-lines-too"
DEADLINE_S = 120
"""Twelve times what a plan takes on two cores that have nothing else to do."""
PAGE = "Show it on a page"
CUT_OFF = "Your answer was cut off: cancelled by the user: too long"
STEER = "Name the year as well."


class User:
    """Talks to the agent, and waits for what comes of it."""

    def __init__(self, server: ServedRepository, listener: Listener) -> None:
        self._server = server
        self.listener = listener

    async def say(self, text: str) -> int:
        """The index after it."""
        return (await self.listener.client.send(text)).idx + 1

    async def ask(self, text: str, type: str, begins: str) -> None:
        """Say it, and wait for the message that ends the turn."""
        await self.hear(await self.say(text), type, begins)

    async def hear(self, since: int, type: str, begins: str) -> None:
        """Wait for the end of the turn that began at `since`, which must have said that."""
        await self.listener.until_at_rest(since)
        assert self.listener.has_said(type, begins, since), self.listener.last_words

    async def kill_and_restart(self) -> None:
        await trio.to_thread.run_sync(self._server.kill)
        await trio.to_thread.run_sync(self._server.start)
        self.listener.client.reconnect_now()

    async def open_gate(self) -> None:
        """A command waits until somebody writes to the FIFO."""
        assert self.listener.state is not None
        gate = Path(self.listener.state.working_dir) / "build" / "gate"
        await trio.to_thread.run_sync(gate.write_text, "go on\n", abandon_on_cancel=True)


async def follow_the_plan(server: ServedRepository) -> Listener:
    with trio.fail_after(DEADLINE_S):
        async with listening_to(server.link) as listener:
            await say_all(User(server, listener))
    return listener


async def say_all(user: User) -> None:
    listener = user.listener
    await user.ask("Count lines too", "agent", "Lines are counted.")
    await user.ask(PAGE, "agent", "It is served.")
    await user.ask("Have both modules reviewed", "agent", "Both modules are reviewed.")
    await user.kill_and_restart()

    since = await user.say("Run the slow check")
    await listener.until_shown("begun", since)
    await listener.client.cancel("too slow")
    await user.hear(since, "error", "Cancelled: too slow")

    since = await user.say("Tell me all of it")
    await listener.until(lambda: "word1" in listener.text, since)
    await listener.client.cancel("too long")
    await user.hear(since, "error", "Cancelled: too long")

    since = await user.say("Give it a licence")
    await listener.until(lambda: listener.has_said("auto", "Which licence?", since), since)
    await user.say("MIT")
    await listener.until_shown("waiting", since)
    await user.say(STEER)
    await user.open_gate()
    await user.hear(since, "agent", "There is a licence.")

    await user.ask("Polish the README", "budget", "Spent $10.")
    since = await user.say("Go on")
    await listener.until_shown("begun again", since)
    await user.kill_and_restart()
    await user.hear(since, "error", "trio-agent was restarted")
    await user.ask("And now finish", "agent", "All is done.")


def expected_tree(folder: Path) -> str:
    make_project(folder)
    commit_files(folder, FILES, "All that the plan does")
    return git(folder, "rev-parse", "HEAD^{tree}")


def dangling(log: list[Message]) -> list[str]:
    """The calls that have not exactly one result."""
    results = [message.tool_call_id for message in log if message.type == "tool"]
    calls = [call.tool_call_id for message in log for call in message.tool_calls]
    return sorted({id for id in {*calls, *results} if calls.count(id) != 1 or results.count(id) != 1})


def result_of(log: list[Message], said: str) -> list[Message]:
    """The results of the calls that were made with the words `said`."""
    (answer,) = [message for message in log if message.type == "agent" and message.content == said]
    ids = [call.tool_call_id for call in answer.tool_calls]
    by_id = {message.tool_call_id: message for message in log if message.type == "tool"}
    return [by_id[id] for id in ids]


def check_what_happened(log: list[Message]) -> None:
    assert "ImportError: cannot import name 'count_lines'" in result_of(log, "It fails, I expect.")[0].tool_result
    assert "AssertionError: 1 != 2" in result_of(log, "Does it pass?")[0].tool_result
    assert "Ran 3 tests" in result_of(log, "And now?")[0].tool_result
    assert not result_of(log, "And now?")[0].tool_error
    assert result_of(log, "I ask it.")[0].tool_result == "14 words, 7 lines\n"
    assert "GET / HTTP/1.1" in result_of(log, "What did it hear?")[0].tool_result
    assert "ended" in result_of(log, "Enough.")[0].tool_result
    assert [each.tool_result for each in result_of(log, "Two reviews.")] == ["Counting is fine.", "Serving is fine."]
    (slow,) = result_of(log, "This takes long.")
    assert slow.tool_result.startswith("Cancelled before it finished: too slow")
    assert slow.tool_result.endswith("begun\n")
    (cut_off,) = [each.content for each in log if each.content.startswith("word0")]
    assert LONG.startswith(cut_off)
    assert [each.tool_error for each in result_of(log, "I go on.")] == [True, True, True]
    assert result_of(log, "That was wrong.")[0].tool_result == "The user answered: MIT"
    assert [each.content for each in log if each.type == "compact"] == [SUMMARY]
    # Cut where the price was told before the end of the answer, and so without its call; else the call was not run.
    assert all(each.tool_error for each in result_of(log, "Now the README."))
    assert result_of(log, "Once more.")[0].tool_error


def check_what_was_asked(requests: list[dict[str, Any]]) -> None:
    """That each wire carried it: which question of forty holds which words."""
    asked = [json.dumps(request) for request in requests]
    assert len(asked) == len(ANSWERS)
    assert sum(REVIEW_COUNTING in each and REVIEW_SERVING not in each for each in asked) == 3
    assert sum(REVIEW_SERVING in each and REVIEW_COUNTING not in each for each in asked) == 3
    assert sum("I write." in each for each in asked) == 2, "the words of sub-agents are told to themselves alone"
    steered = next(place for place, each in enumerate(asked) if STEER in each)
    assert asked[steered].count(STEER) == 1
    summed_up = next(place for place, each in enumerate(asked) if SUMMARY in each)
    assert summed_up == steered + 2, "the summary was asked for between"
    assert all(CUT_OFF in each and PAGE in each for each in asked[steered - 1 : summed_up])
    assert not any(CUT_OFF in each or PAGE in each for each in asked[summed_up:])


@pytest.mark.timeout(2 * DEADLINE_S)
@pytest.mark.parametrize("wire", WIRES)
def test_a_plan_of_forty_answers_ends_the_same_behind_every_wire(wire: str, tmp_path: Path) -> None:
    script, model, variable = WIRES[wire]
    project = tmp_path / "wordcount"
    make_project(project)
    environment = {variable: "k-stand-in", "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}
    with (
        standin(script, ANSWERS, tmp_path) as url,
        served(
            project,
            tmp_path / "data",
            *("--model", model, "--base-url", url, "--price", PRICE),
            environment=environment,
        ) as server,
    ):
        listener = trio.run(follow_the_plan, server)
        with server.client() as client:
            log = msgspec.json.decode(client.get("messages").content, type=list[Message])
        requests = httpx2.get(f"{url}/requests", trust_env=False).json()
        complaints = httpx2.get(f"{url}/complaints", trust_env=False).json()
    assert complaints == []
    assert listener.messages == log
    assert listener.opened >= 3, "the server was killed twice"
    assert dangling(log) == []
    check_what_happened(log)
    check_what_was_asked(requests)
    assert git(project, "log", "--format=%s", "--reverse", BRANCH).splitlines() == SUBJECTS
    assert git(project, "rev-parse", f"{BRANCH}^{{tree}}") == expected_tree(tmp_path / "expected")
    assert git(project, "status", "--porcelain") == ""
