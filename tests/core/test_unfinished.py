"""What of a log is still open, wherever the log ends."""

import msgspec
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


def open_calls(*log: Message) -> tuple[ToolCall, ...]:
    return tuple(each.call for each in after(*log).calls())


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
    assert open_calls(GO, CALLING) == (BASH, PATCH)
    assert open_calls(GO, CALLING, result(PATCH)) == (BASH,)
    assert open_calls(GO, CALLING, result(PATCH), result(BASH)) == ()


def test_results_of_calls_that_nobody_made_or_that_have_one_change_nothing() -> None:
    stranger = Message(type="tool", tool_call_id="3")
    assert open_calls(GO, stranger, CALLING, stranger, result(BASH), result(BASH)) == (PATCH,)


def test_an_answer_leaves_the_calls_before_it_behind() -> None:
    assert open_calls(GO, CALLING, DONE) == ()


SEARCH = ToolCall(name="search", input="{}", tool_call_id="3")


def sub(message: Message, conversation: str = "sub") -> Message:
    return msgspec.structs.replace(message, conversation_id=conversation, parent_conversation_id="root")


def test_a_sub_agent_s_calls_are_its_own_and_told_before_the_call_that_made_it() -> None:
    asked = sub(Message(type="agent", tool_calls=(SEARCH,)))
    log = [GO, CALLING, sub(GO), asked]
    assert open_calls(*log) == (SEARCH, BASH, PATCH)
    (inner, *_) = after(*log).calls()
    assert (inner.conversation_id, inner.parent_conversation_id) == ("sub", "root")
    closed = inner.closed("gone", "restart")
    assert (closed.conversation_id, closed.parent_conversation_id, closed.tool_call_id) == ("sub", "root", "3")
    assert (closed.type, closed.tool_result, closed.tool_error, closed.tool_name) == ("tool", "gone", True, "search")
    assert closed.display == {"kind": "stopped", "by": "restart"}
    assert open_calls(*log, closed) == (BASH, PATCH)
    assert open_calls(*log, result(BASH), result(PATCH)) == (SEARCH,)


def test_an_older_sub_agent_is_no_older_than_a_call_that_was_made_after_it() -> None:
    asked = sub(Message(type="agent", tool_calls=(SEARCH,)))
    assert open_calls(GO, asked, CALLING) == (BASH, PATCH, SEARCH)


@pytest.mark.parametrize("message", [GO, DONE, Message(type="error"), Message(type="budget")])
@pytest.mark.parametrize("before", [(), (GO,)])
def test_a_sub_agent_neither_begins_nor_ends_a_turn(message: Message, before: tuple[Message, ...]) -> None:
    assert after(*before, sub(message)).in_turn is after(*before).in_turn
