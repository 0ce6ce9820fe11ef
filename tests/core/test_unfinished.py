"""What of a log is still open, wherever the log ends."""

import pytest

from trio_agent.core.message import Message, MessageType, ToolCall
from trio_agent.core.unfinished import Unfinished

GO = Message(type="user", content="go")
BASH = ToolCall(name="bash", input="{}", tool_call_id="1")
PATCH = ToolCall(name="patch", input="{}", tool_call_id="2")
CALLING = Message(type="agent", tool_calls=(BASH, PATCH))
DONE = Message(type="agent", content="done", end_of_turn=True)


def result(call: ToolCall) -> Message:
    return Message(type="tool", tool_call_id=call.tool_call_id, tool_result="ok")


def after(*log: Message) -> Unfinished:
    unfinished = Unfinished()
    for message in log:
        unfinished.see(message)
    return unfinished


@pytest.mark.parametrize(
    ("log", "in_turn"),
    [
        ([], False),
        ([GO], True),
        ([GO, CALLING], True),
        ([GO, CALLING, result(BASH), result(PATCH)], True),
        ([GO, CALLING, result(BASH), result(PATCH), DONE], False),
        ([GO, DONE, GO], True),
        ([GO, Message(type="error")], False),
        ([GO, Message(type="budget")], False),
    ],
)
def test_a_turn_lasts_from_the_users_word_to_the_end_of_turn_an_error_or_the_budget(
    log: list[Message], in_turn: bool
) -> None:
    assert after(*log).in_turn is in_turn


@pytest.mark.parametrize("type", ["auto", "commit", "compact", "tool"])
@pytest.mark.parametrize("before", [(), (GO,), (GO, DONE)])
def test_what_is_told_in_passing_neither_begins_nor_ends_a_turn(type: MessageType, before: tuple[Message, ...]) -> None:
    assert after(*before, Message(type=type)).in_turn is after(*before).in_turn


def test_a_call_is_open_until_its_result() -> None:
    assert after(GO, CALLING).calls() == (BASH, PATCH)
    assert after(GO, CALLING, result(PATCH)).calls() == (BASH,)
    assert after(GO, CALLING, result(PATCH), result(BASH)).calls() == ()


def test_results_of_calls_that_nobody_made_or_that_have_one_change_nothing() -> None:
    stranger = Message(type="tool", tool_call_id="3")
    assert after(GO, stranger, CALLING, stranger, result(BASH), result(BASH)).calls() == (PATCH,)


def test_an_answer_leaves_the_calls_before_it_behind() -> None:
    assert after(GO, CALLING, DONE).calls() == ()
