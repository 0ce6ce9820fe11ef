"""State and Facts as the contract names them."""

import msgspec

from trio_agent.core.budget import Budget
from trio_agent.core.state import Facts, State, TodoItem
from trio_agent.core.usage import CumulativeUsage
from trio_agent.core.wire import encode_json

SEED = {
    *("message_count", "total_usage", "initial_commit", "title", "branch_name", "hostname", "working_dir", "os"),
    *("git_origin", "outstanding_llm_calls", "outstanding_tool_calls", "session_id", "ssh_available", "ssh_error"),
    *("in_container", "first_message_index", "agent_state", "outside_hostname", "inside_hostname", "outside_os"),
    *("inside_os", "outside_working_dir", "inside_working_dir"),
}
NEW = {
    *("log", "cursor", "model", "slug", "heartbeat", "diff_lines_added", "diff_lines_removed", "budget"),
    *("context_window", "context_used", "todo", "sandbox", "session_ended", "streams"),
}

EMPTY = State(
    message_count=0,
    cursor="",
    log="",
    session_id="",
    agent_state="Ready",
    total_usage=CumulativeUsage(),
    outstanding_llm_calls=0,
    outstanding_tool_calls=(),
    streams=0,
    session_ended=False,
    heartbeat=45,
    title="",
    slug="",
    branch_name="",
    initial_commit="",
    git_origin="",
    model="",
    sandbox="",
    context_window=0,
    context_used=0,
    diff_lines_added=0,
    diff_lines_removed=0,
    todo=(),
    first_message_index=0,
    budget=Budget(),
    hostname="",
    working_dir="",
    os="",
    in_container=False,
    outside_hostname="",
    inside_hostname="",
    outside_os="",
    inside_os="",
    outside_working_dir="",
    inside_working_dir="",
)


def test_a_state_has_the_contracts_fields_and_no_other() -> None:
    assert set(State.__struct_fields__) == SEED | NEW


def test_all_fields_of_a_state_are_there_also_where_they_are_empty() -> None:
    assert set(msgspec.json.decode(encode_json(EMPTY), type=dict[str, object])) == SEED | NEW


def test_what_differs_from_reader_to_reader_comes_first() -> None:
    assert encode_json(EMPTY).startswith(b'{"message_count":0,"cursor":"",')


def test_a_state_is_read_from_the_wire_as_it_was() -> None:
    full = msgspec.structs.replace(EMPTY, todo=(TodoItem(id="1", task="test", status="in-progress"),), title="é𝄞")
    assert msgspec.json.decode(encode_json(full), type=State) == full


def test_a_budget_and_a_todo_stand_on_the_wire_with_all_their_fields() -> None:
    assert encode_json(Budget()) == b'{"dollars":0.0,"responses":0,"seconds":0.0}'
    assert encode_json(TodoItem(id="1", task="a", status="queued")) == b'{"id":"1","task":"a","status":"queued"}'


def test_every_fact_is_the_state_field_of_its_name_and_type() -> None:
    states = {field.name: field.type for field in msgspec.structs.fields(State)}
    facts = {field.name: field.type for field in msgspec.structs.fields(Facts)}
    assert facts.items() <= states.items()
