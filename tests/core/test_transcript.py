"""What a model is sent of a log: always a conversation that a provider takes."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trio_agent.core.message import Message, MessageType, ToolCall
from trio_agent.core.transcript import NOT_RUN, AgentTurn, ImageRef, Outcome, Turn, UserTurn, transcript


def user(text: str) -> Message:
    return Message(type="user", content=text)


def agent(text: str, *calls: str) -> Message:
    return Message(type="agent", content=text, tool_calls=tuple(call(each) for each in calls))


def call(id: str) -> ToolCall:
    return ToolCall(name="bash", input="{}", tool_call_id=id)


def tool(id: str, result: str = "done", *, error: bool = False) -> Message:
    return Message(type="tool", tool_call_id=id, tool_result=result, tool_error=error)


def outcome(id: str, text: str = "done", *, error: bool = False) -> Outcome:
    return Outcome(tool_call_id=id, name="bash", text=text, error=error)


def assert_a_provider_takes(turns: tuple[Turn, ...]) -> None:
    """Every rule of the providers', each of which refuses the whole request where it is broken."""
    if turns:
        assert isinstance(turns[0], UserTurn), "begins with the user"
    for before, after in itertools.pairwise(turns):
        assert type(before) is not type(after), "roles alternate"
    for before, turn in itertools.pairwise((AgentTurn(), *turns, UserTurn())):
        made = [each.tool_call_id for each in before.tool_calls] if isinstance(before, AgentTurn) else []
        told = [each.tool_call_id for each in turn.outcomes] if isinstance(turn, UserTurn) else []
        assert len(set(made)) == len(made), "no call twice"
        assert sorted(told) == sorted(made), "a result for every call, right after it, and for nothing else"
    for turn in turns:
        if isinstance(turn, AgentTurn):
            assert turn.text or turn.tool_calls, "nothing is empty"
        else:
            assert turn.text or turn.outcomes or turn.images, "nothing is empty"
            assert all(each.text.strip() for each in turn.outcomes), "nothing is empty"
        assert turn.text == "" or turn.text.strip(), "no text of blanks alone"


PICTURE = {"kind": "image", "blob": "b1", "media_type": "image/png"}
IDS = st.sampled_from(["a", "b", "c", ""])
WORDS = st.sampled_from(["", " ", "\n", "x", "y z"])
ANY_MESSAGE = st.one_of(
    st.builds(user, WORDS),
    st.builds(lambda text: Message(type="user", content=text, display=PICTURE), WORDS),
    st.builds(lambda text: Message(type="compact", content=text), WORDS),
    st.builds(lambda text, calls: agent(text, *calls), WORDS, st.lists(IDS, max_size=3)),
    st.builds(lambda id, text, error: tool(id, text, error=error), IDS, WORDS, st.booleans()),
    st.builds(
        lambda type, text: Message(type=type, content=text),
        st.sampled_from(["auto", "commit", "budget", "error"]),
        WORDS,
    ),
)


@given(log=st.lists(ANY_MESSAGE, max_size=20))
def test_any_log_cut_anywhere_is_a_conversation_that_a_provider_takes(log: list[Message]) -> None:
    for cut in range(len(log) + 1):
        assert_a_provider_takes(transcript(log[:cut]))


@given(log=st.lists(ANY_MESSAGE, max_size=20))
def test_no_word_of_the_users_is_lost_or_moved(log: list[Message]) -> None:
    said = [message.content for message in log if message.type in ("user", "compact") and message.content.strip()]
    told = [turn.text for turn in transcript(log) if isinstance(turn, UserTurn) and turn.text]
    if told[:1] == ["(The conversation goes on.)"]:
        told = told[1:]
    assert "\n\n".join(told) == "\n\n".join(said)


@given(log=st.lists(ANY_MESSAGE, max_size=20))
def test_every_call_is_told_once_however_often_its_result_came(log: list[Message]) -> None:
    made = [{each.tool_call_id for each in message.tool_calls} for message in log if message.type == "agent"]
    turns = transcript(log)
    assert [
        {each.tool_call_id for each in turn.tool_calls}
        for turn in turns
        if isinstance(turn, AgentTurn) and turn.tool_calls
    ] == [each for each in made if each]


def test_nothing_said_is_nothing_sent() -> None:
    assert transcript([]) == ()
    assert transcript([user("  "), Message(type="auto", content="a note")]) == ()


def test_a_turn_with_a_tool_is_told_in_order() -> None:
    log = [user("go"), agent("I look", "a"), tool("a", "seen"), agent("It is so")]
    assert transcript(log) == (
        UserTurn(text="go"),
        AgentTurn(text="I look", tool_calls=(call("a"),)),
        UserTurn(outcomes=(outcome("a", "seen"),)),
        AgentTurn(text="It is so"),
    )


def test_results_are_told_as_they_came() -> None:
    log = [user("go"), agent("", "a", "b"), tool("b", "second"), tool("a", "first", error=True)]
    assert transcript(log)[-1] == UserTurn(outcomes=(outcome("b", "second"), outcome("a", "first", error=True)))


def test_a_call_without_a_result_is_told_as_interrupted() -> None:
    log = [user("go"), agent("", "a", "b"), tool("b"), user("what now?")]
    assert transcript(log)[-1] == UserTurn(outcomes=(outcome("b"), outcome("a", NOT_RUN, error=True)), text="what now?")


def test_a_log_that_ends_in_a_call_is_sent_with_its_interruption() -> None:
    assert transcript([user("go"), agent("", "a")])[-1] == UserTurn(outcomes=(outcome("a", NOT_RUN, error=True),))


def test_the_first_result_of_a_call_is_the_one_that_counts() -> None:
    log = [user("go"), agent("", "a"), tool("a", "first"), tool("a", "second")]
    assert transcript(log)[-1] == UserTurn(outcomes=(outcome("a", "first"),))


def test_a_result_that_comes_after_the_next_answer_is_left_out() -> None:
    log = [user("go"), agent("", "a"), agent("never mind"), tool("a", "late"), user("and?")]
    assert transcript(log)[2:] == (
        UserTurn(outcomes=(outcome("a", NOT_RUN, error=True),)),
        AgentTurn(text="never mind"),
        UserTurn(text="and?"),
    )


def test_of_two_calls_under_one_id_the_first_is_told() -> None:
    twins = Message(
        type="agent",
        tool_calls=(
            ToolCall(name="bash", input="1", tool_call_id="a"),
            call("b"),
            ToolCall(name="patch", input="2", tool_call_id="a"),
        ),
    )
    turns = transcript([user("go"), twins, tool("a"), tool("b")])
    assert turns[1:] == (
        AgentTurn(tool_calls=(ToolCall(name="bash", input="1", tool_call_id="a"), call("b"))),
        UserTurn(outcomes=(outcome("a"), outcome("b"))),
    )


def test_words_sent_while_a_tool_ran_follow_its_result() -> None:
    log = [user("go"), agent("", "a"), user("faster"), tool("a"), user("please")]
    assert transcript(log)[-1] == UserTurn(outcomes=(outcome("a"),), text="faster\n\nplease")


def test_two_answers_in_a_row_are_one_turn() -> None:
    log = [user("go"), agent("one"), agent("two", "a")]
    assert transcript(log)[1] == AgentTurn(text="one\n\ntwo", tool_calls=(call("a"),))


def test_an_answer_of_blanks_beside_a_call_has_no_text() -> None:
    assert transcript([user("go"), agent(" \n", "a")])[1] == AgentTurn(tool_calls=(call("a"),))


@pytest.mark.parametrize("result", ["", " ", "\n"])
def test_a_result_of_nothing_says_so(result: str) -> None:
    assert transcript([user("go"), agent("", "a"), tool("a", result)])[-1] == UserTurn(
        outcomes=(outcome("a", "(no output)"),)
    )


def test_a_log_that_begins_with_the_agent_is_sent_all_the_same() -> None:
    assert transcript([agent("hello")]) == (UserTurn(text="(The conversation goes on.)"), AgentTurn(text="hello"))


def test_a_compaction_speaks_to_the_model() -> None:
    assert transcript([Message(type="compact", content="So far: …")]) == (UserTurn(text="So far: …"),)


def test_an_image_goes_with_the_result_or_the_words_it_was_shown_with() -> None:
    log = [
        Message(type="user", content="like this?", display=PICTURE),
        agent("", "a", "b"),
        Message(type="tool", tool_call_id="a", tool_result="a page", display={**PICTURE, "blob": "b2"}),
        tool("b"),
        Message(type="user", display={**PICTURE, "blob": "b3"}),
        agent("", "c"),
        tool("c"),
    ]
    first, _, second, _, third = transcript(log)
    assert first == UserTurn(text="like this?", images=(ImageRef("b1", "image/png"),))
    seen = Outcome(tool_call_id="a", name="bash", text="a page", images=(ImageRef("b2", "image/png"),))
    assert second == UserTurn(outcomes=(seen, outcome("b")), images=(ImageRef("b3", "image/png"),))
    assert third == UserTurn(outcomes=(outcome("c"),))


@pytest.mark.parametrize(
    "display",
    [
        {},
        {**PICTURE, "kind": "diff"},
        {**PICTURE, "media_type": "image/svg+xml"},
        {**PICTURE, "blob": 5},
        {"kind": "image"},
    ],
)
def test_what_is_no_image_for_a_model_is_not_shown_to_it(display: dict[str, object]) -> None:
    assert transcript([Message(type="user", content="look", display=display)]) == (UserTurn(text="look"),)


@pytest.mark.parametrize("type", ["auto", "commit", "budget", "error"])
def test_what_is_told_to_people_is_not_told_to_the_model(type: MessageType) -> None:
    assert transcript([user("go"), Message(type=type, content="for you"), agent("yes")]) == transcript(
        [user("go"), agent("yes")]
    )
