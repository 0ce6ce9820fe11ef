"""What messages alone tell of their session."""

from __future__ import annotations

from functools import reduce

import pytest

from tests.runtime.recordings import CALL, TURN
from trio_agent.core.machine import AgentState
from trio_agent.core.message import Commit, Message, ToolCall
from trio_agent.core.state import Facts, TodoItem
from trio_agent.runtime.recollection import Recollection, facts_after


def after(*messages: Message) -> tuple[AgentState, tuple[str, ...]]:
    recollection = Recollection("")
    for message in messages:
        recollection.see(message)
    return recollection.state, recollection.tools


def test_a_call_runs_until_its_result_or_the_end_of_its_turn() -> None:
    user, call, result, _ = TURN
    assert after(user) == (AgentState.PROCESSING_LLM_RESPONSE, ())
    assert after(user, call) == (AgentState.RUNNING_TOOL, ("bash",))
    assert after(user, call, result) == (AgentState.PROCESSING_LLM_RESPONSE, ())
    assert after(*TURN) == (AgentState.WAITING_FOR_USER_INPUT, ())
    cut = Message(type="error", content="Cancelled: enough")
    assert after(user, call, cut) == (AgentState.WAITING_FOR_USER_INPUT, ())
    assert after(user, call, cut, user) == (AgentState.PROCESSING_LLM_RESPONSE, ()), "no call of before goes on"
    both = Message(type="agent", tool_calls=(CALL, ToolCall(name="search", input="{}", tool_call_id="call-2")))
    assert after(user, both) == (AgentState.RUNNING_TOOL, ("bash", "search"))
    assert after(user, both, result) == (AgentState.RUNNING_TOOL, ("search",))


def test_a_session_is_called_after_the_first_line_of_the_first_words() -> None:
    facts = reduce(facts_after, [*TURN, Message(type="user", content="other")], Facts())
    assert facts.title == "run the tests"


@pytest.mark.parametrize(("words", "title"), [("  a \t b  ", "a b"), ("x" * 81, "x" * 79 + "…"), ("x" * 80, "x" * 80)])
def test_a_title_is_one_line_of_80_characters_at_most(words: str, title: str) -> None:
    assert facts_after(Facts(), Message(type="user", content=words)).title == title


def test_an_answer_tells_the_model_and_how_full_its_context_is() -> None:
    facts = reduce(facts_after, TURN[:2], Facts())
    assert (facts.model, facts.context_used) == ("demo", 7)
    assert reduce(facts_after, TURN, Facts()).context_used == 3


def test_a_commit_tells_the_branch_it_arrived_on() -> None:
    commit = Commit(hash="c0ffee", subject="s", body="", pushed_branch="trio-agent/s")
    facts = facts_after(Facts(), Message(type="commit", commits=(commit,)))
    assert facts.branch_name == "trio-agent/s"


def test_the_plan_is_the_last_that_was_written() -> None:
    written = '{"tasks":[{"id":"1","task":"look","status":"in-progress"}]}'
    done = Message(type="tool", tool_name="todo_write", input=written)
    plan = (TodoItem(id="1", task="look", status="in-progress"),)
    assert facts_after(Facts(), done).todo == plan
    refused = Message(type="tool", tool_name="todo_write", input='{"tasks":[]}', tool_error=True)
    other = Message(type="tool", tool_name="todo_write", input="a list")
    assert reduce(facts_after, [done, refused, other], Facts()).todo == plan
