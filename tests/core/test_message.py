"""Message, ToolCall and Commit as the contract names them."""

from typing import Any, get_args

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from trio_agent.core.message import Commit, Message, MessageType, ToolCall
from trio_agent.core.usage import Usage
from trio_agent.core.wire import encode_json

ALWAYS = {"type", "content", "end_of_turn", "timestamp", "conversation_id", "idx"}
WHERE_THERE_IS_SOMETHING: dict[str, Any] = {
    "tool_name": "bash",
    "input": '{"command":"ls"}',
    "tool_result": "a.py",
    "tool_error": True,
    "tool_call_id": "call_1",
    "tool_calls": (ToolCall(name="bash", input="{}", tool_call_id="call_1"),),
    "commits": (Commit(hash="abc", subject="begin", body=""),),
    "parent_conversation_id": "above",
    "usage": Usage(),
    "start_time": "2026-11-01T00:00:00Z",
    "end_time": "2026-11-01T00:00:01Z",
    "elapsed": 1,
    "turnDuration": 1,
    "display": {"kind": "diff"},
    "thinking": "hm",
    "model": "demo",
}


def names(value: object) -> set[str]:
    """The fields of `value` as they stand on the wire."""
    return set(msgspec.json.decode(encode_json(value), type=dict[str, object]))


def test_an_empty_message_has_the_six_fields_that_a_reader_may_count_on() -> None:
    assert names(Message()) == ALWAYS


def test_a_full_message_has_the_contracts_fields_and_no_other() -> None:
    assert names(Message(**WHERE_THERE_IS_SOMETHING)) == ALWAYS | set(WHERE_THERE_IS_SOMETHING)
    assert set(Message.__struct_fields__) == ALWAYS | set(WHERE_THERE_IS_SOMETHING)


@pytest.mark.parametrize("field", WHERE_THERE_IS_SOMETHING)
def test_a_field_is_there_exactly_where_it_holds_something(field: str) -> None:
    assert names(Message(**{field: WHERE_THERE_IS_SOMETHING[field]})) == ALWAYS | {field}


@pytest.mark.parametrize("type", ["user", "agent", "error", "budget", "tool", "commit", "auto", "compact"])
def test_a_message_is_of_one_of_the_contracts_types(type: MessageType) -> None:
    assert msgspec.json.decode(encode_json(Message(type=type)), type=Message).type == type


def test_there_is_no_type_beside_them() -> None:
    assert set(get_args(MessageType)) == {"user", "agent", "error", "budget", "tool", "commit", "auto", "compact"}
    with pytest.raises(msgspec.ValidationError, match="Invalid enum value 'port'"):
        msgspec.json.decode(b'{"type":"port"}', type=Message)


def test_a_tool_call_has_all_its_fields_always() -> None:
    assert names(ToolCall(name="", input="", tool_call_id="")) == {"name", "input", "tool_call_id"}


def test_a_commit_has_a_branch_only_where_it_was_pushed() -> None:
    assert names(Commit(hash="", subject="", body="")) == {"hash", "subject", "body"}
    assert names(Commit(hash="", subject="", body="", pushed_branch="main")) == {
        "hash",
        "subject",
        "body",
        "pushed_branch",
    }


def test_the_usage_of_a_message_has_all_its_fields_always() -> None:
    assert names(Usage()) == {
        "input_tokens",
        "cache_creation_input_tokens",
        "cache_read_input_tokens",
        "output_tokens",
        "cost_usd",
    }


TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
COUNT = st.integers(0, 2**63 - 1)
DOLLARS = st.floats(0, 1e6)
CALLS = st.builds(ToolCall, name=TEXT, input=TEXT, tool_call_id=TEXT)
COMMITS = st.builds(Commit, hash=TEXT, subject=TEXT, body=TEXT, pushed_branch=TEXT)
USAGES = st.builds(
    Usage,
    input_tokens=COUNT,
    cache_creation_input_tokens=COUNT,
    cache_read_input_tokens=COUNT,
    output_tokens=COUNT,
    cost_usd=DOLLARS,
)
MESSAGES = st.builds(
    Message,
    type=st.sampled_from(get_args(MessageType)),
    end_of_turn=st.booleans(),
    content=TEXT,
    tool_name=TEXT,
    input=TEXT,
    tool_result=TEXT,
    tool_error=st.booleans(),
    tool_call_id=TEXT,
    tool_calls=st.lists(CALLS, max_size=2).map(tuple),
    commits=st.lists(COMMITS, max_size=2).map(tuple),
    timestamp=TEXT,
    conversation_id=TEXT,
    parent_conversation_id=TEXT,
    usage=st.none() | USAGES,
    start_time=TEXT,
    end_time=TEXT,
    elapsed=COUNT,
    turnDuration=COUNT,
    display=st.none() | st.dictionaries(TEXT, TEXT | COUNT | st.none(), max_size=2),
    thinking=TEXT,
    model=TEXT,
    idx=COUNT,
)


@given(message=MESSAGES)
def test_any_message_is_read_from_the_wire_as_it_was(message: Message) -> None:
    assert msgspec.json.decode(encode_json(message), type=Message) == message


def test_a_message_of_a_later_version_is_read_for_what_is_known_of_it() -> None:
    assert msgspec.json.decode(b'{"type":"user","later":[1]}', type=Message) == Message(type="user")


def test_a_message_cannot_be_changed() -> None:
    with pytest.raises(AttributeError):
        Message().idx = 1  # type: ignore[misc]
