"""What a model is sent of a log: always a conversation that a provider takes."""

import itertools
from collections.abc import Iterable

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from trio_agent.core.display import answered, compaction_display, cut_off_display, notice_display
from trio_agent.core.message import Message, MessageType, ToolCall
from trio_agent.core.transcript import (
    NOT_RUN,
    SUMMARY_OPENS,
    AgentTurn,
    ImageRef,
    Outcome,
    Turn,
    UserTurn,
    transcript,
)


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


ODD_MESSAGE = st.one_of(
    st.builds(lambda text: agent_cut_off(text, "stop"), WORDS),
    st.builds(lambda text: Message(type="auto", content=text, display=notice_display()), WORDS),
    st.builds(lambda text: user(f"/compact {text}"), WORDS),
    st.builds(
        lambda text, index: Message(type="compact", content=text, display=compaction_display(index)),
        WORDS,
        st.integers(0, 20),
    ),
    st.builds(lambda id, prompts: tool_that_asked(id, *prompts), IDS, st.lists(st.integers(0, 20), max_size=2)),
)


def agent_cut_off(text: str, why: str) -> Message:
    return Message(type="agent", content=text, display=cut_off_display(why))


def tool_that_asked(id: str, *prompts: int) -> Message:
    return Message(type="tool", tool_call_id=id, tool_result="asked", display=answered({"kind": "x"}, prompts))


def of_a_sub_agent(message: Message, conversation: str) -> Message:
    return msgspec.structs.replace(message, conversation_id=conversation, parent_conversation_id="root")


def numbered(log: Iterable[Message]) -> list[Message]:
    return [msgspec.structs.replace(message, idx=index) for index, message in enumerate(log)]


ANY_CONVERSATION = st.one_of(
    ANY_MESSAGE,
    ODD_MESSAGE,
    st.builds(of_a_sub_agent, ANY_MESSAGE | ODD_MESSAGE, st.sampled_from(["sub1", "sub2"])),
)


@given(log=st.lists(ANY_CONVERSATION, max_size=20).map(numbered))
def test_any_log_cut_anywhere_is_a_conversation_that_a_provider_takes(log: list[Message]) -> None:
    for cut in range(len(log) + 1):
        for conversation in ("", "sub1", "sub2"):
            assert_a_provider_takes(transcript(log[:cut], conversation))


@given(log=st.lists(ANY_CONVERSATION, max_size=20).map(numbered))
def test_a_conversation_is_told_without_the_others(log: list[Message]) -> None:
    # What a sub-agent's tool was answered is the user's word all the same, and told nobody else.
    own = [each for each in log if not each.parent_conversation_id or each.type == "tool"]
    theirs = [each for each in log if each.conversation_id == "sub1"]
    assert transcript(own) == transcript(log)
    assert transcript(theirs, "sub1") == transcript(log, "sub1")


def told_as(message: Message) -> str:
    return f"{SUMMARY_OPENS}\n\n{message.content}" if message.type == "compact" else message.content


@given(log=st.lists(ANY_MESSAGE, max_size=20).map(numbered))
def test_no_word_of_the_users_is_lost_or_moved(log: list[Message]) -> None:
    last = max((place for place, each in enumerate(log) if each.type == "compact"), default=0)
    said = [
        told_as(message) for message in log[last:] if message.type in ("user", "compact") and message.content.strip()
    ]
    told = [turn.text for turn in transcript(log) if isinstance(turn, UserTurn) and turn.text]
    if told[:1] == ["(The conversation goes on.)"]:
        told = told[1:]
    assert "\n\n".join(told) == "\n\n".join(said)


@given(log=st.lists(ANY_MESSAGE, max_size=20).map(numbered))
def test_every_call_is_told_once_however_often_its_result_came(log: list[Message]) -> None:
    last = max((place for place, each in enumerate(log) if each.type == "compact"), default=0)
    made = [{each.tool_call_id for each in message.tool_calls} for message in log[last:] if message.type == "agent"]
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
    compact = Message(type="compact", content="So far: …")
    assert transcript([compact]) == (UserTurn(text=f"{SUMMARY_OPENS}\n\nSo far: …"),)


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


def test_all_images_of_one_result_are_shown_to_the_model_in_order() -> None:
    further = [
        {"blob": "b2", "media_type": "image/jpeg"},
        {"blob": "b3"},
        "b4",
        {"blob": "b5", "media_type": "image/png"},
    ]
    (turn,) = transcript([Message(type="user", content="look", display={**PICTURE, "further": further})])
    assert isinstance(turn, UserTurn)
    assert [image.blob for image in turn.images] == ["b1", "b2", "b5"]


@pytest.mark.parametrize(
    "display",
    [
        {},
        {**PICTURE, "kind": "diff"},
        {"kind": "diff", "further": [PICTURE]},
        {"kind": "image", "further": "b1"},
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


def test_a_conversation_goes_on_from_its_last_summary_and_the_words_that_are_not_in_it() -> None:
    log = numbered(
        [
            user("long ago"),
            Message(type="compact", content="older"),
            user("go"),
            agent("", "a"),
            tool("a"),
            user("not heard yet"),
            user("/compact"),
            Message(type="compact", content="newer", display=compaction_display(5)),
            agent("on it"),
        ]
    )
    assert transcript(log) == (
        UserTurn(text=f"{SUMMARY_OPENS}\n\nnewer\n\nnot heard yet"),
        AgentTurn(text="on it"),
    )


def test_an_answer_that_was_cut_off_is_told_with_the_reason() -> None:
    turns = transcript([user("go"), agent_cut_off("I beg", "cancelled by the user: wait"), user("now")])
    assert turns[1:] == (
        AgentTurn(text="I beg"),
        UserTurn(text="[Your answer was cut off: cancelled by the user: wait]\n\nnow"),
    )


def test_a_notice_is_told_in_brackets() -> None:
    told = Message(type="auto", content="The formatter changed a.py", display=notice_display())
    assert transcript([user("go"), agent("", "a"), tool("a"), told])[-1] == UserTurn(
        outcomes=(outcome("a"),), text="[The formatter changed a.py]"
    )


def test_what_a_tool_was_answered_is_told_by_its_result_only() -> None:
    log = numbered([user("go"), agent("", "a"), user("blue"), user("and be quick"), tool_that_asked("a", 2)])
    assert transcript(log)[-1] == UserTurn(outcomes=(outcome("a", "asked"),), text="and be quick")


@pytest.mark.parametrize("command", ["/compact", " /model  demo", "/compact\nnow"])
def test_a_command_is_for_the_agent_and_not_for_the_model(command: str) -> None:
    assert transcript([user("go"), agent("yes"), user(command)]) == transcript([user("go"), agent("yes")])


@pytest.mark.parametrize("words", ["/compacted", "/ compact", "compact", "see /compact", "/etc/passwd", "/"])
def test_words_that_only_look_like_a_command_are_told(words: str) -> None:
    assert transcript([user(words)]) == (UserTurn(text=words),)


def test_a_sub_agent_s_task_is_no_command() -> None:
    task = of_a_sub_agent(user("/compact the file"), "sub1")
    assert transcript([task], "sub1") == (UserTurn(text="/compact the file"),)
