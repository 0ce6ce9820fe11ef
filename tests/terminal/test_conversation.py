"""A session told as text: what is printed, and how often."""

from __future__ import annotations

from collections.abc import Iterable

from hypothesis import given
from hypothesis import strategies as st

from tests.client.standin import LOG, OTHER_LOG, cursor, state_of
from trio_agent.client.events import (
    Event,
    MessageArrived,
    Opened,
    Reset,
    StateChanged,
    TextDropped,
    TextGrew,
    ToolWrote,
)
from trio_agent.core.message import Commit, Message, MessageType, ToolCall
from trio_agent.core.prompts import AttachedFile, prompt_display
from trio_agent.terminal.conversation import Conversation


def said(idx: int, type: MessageType, content: str = "", **more: object) -> MessageArrived:
    return MessageArrived(Message(idx=idx, type=type, content=content, **more), cursor(idx + 1))  # type: ignore[arg-type]


def grew(idx: int, offset: int, text: str) -> TextGrew:
    return TextGrew(idx, "content", offset, text)


def state(count: int, agent_state: str = "WaitingForUserInput") -> StateChanged:
    return StateChanged(state_of(count, agent_state))


def told(events: Iterable[Event], conversation: Conversation | None = None) -> str:
    conversation = conversation or Conversation()
    return "".join(piece.text for event in events for piece in conversation.hear(event))


def test_a_turn_is_told_in_lines() -> None:
    call = ToolCall(name="bash", input='{"command":"ls"}', tool_call_id="1")
    commit = Commit(hash="0123456789abcdef", subject="Say it", body="", pushed_branch="trio-agent/say-it")
    text = told(
        [
            said(0, "user", "go\non"),
            said(1, "agent", "I look.", tool_calls=(call,)),
            said(2, "tool", tool_name="bash", input=call.input, tool_call_id="1", elapsed=10_000_000),
            said(3, "commit", commits=(commit,)),
            said(4, "agent", "Done.", end_of_turn=True),
            said(5, "error", "it failed"),
        ]
    )
    assert text == (
        "\n› go\n  on\n\nI look.\n✓ bash ls (10 ms)\n◆ 01234567 Say it → trio-agent/say-it\nDone.\n! it failed\n"
    )


def test_files_of_a_message_are_told_by_their_names() -> None:
    files = [
        AttachedFile(blob="b", name=name, media_type="image/png", size=1200) for name in ("a.png", "\x1b[31mb.png")
    ]
    shown = prompt_display(files, queued=False)
    text = told([said(0, "user", "look", display=shown), said(1, "user", display=shown)])
    files_told = "[a.png, 1,200 bytes]\n  [b.png, 1,200 bytes]"
    assert text == f"\n› look\n  {files_told}\n\n\n› {files_told}\n\n"


def test_a_sub_agent_is_told_in_short_and_the_calls_of_the_conversation_go_on() -> None:
    call = ToolCall(name="subagent", input='{"task":"find it"}', tool_call_id="1")
    look = ToolCall(name="bash", input='{"command":"ls"}', tool_call_id="2")
    within = {"conversation_id": "sub", "parent_conversation_id": "root"}
    conversation = Conversation()
    text = told(
        [
            said(0, "user", "go"),
            said(1, "agent", "I ask.", tool_calls=(call,)),
            said(2, "user", "find it\nin all files", **within),
            said(3, "agent", "", tool_calls=(look,), **within),
            state(4, "RunningTool"),
        ],
        conversation,
    )
    assert text == "\n› go\n\nI ask.\n  ╎ task: find it in all files\n"
    assert conversation.running() == ["subagent find it", "bash ls"]
    text = told(
        [
            said(4, "tool", tool_name="bash", input=look.input, tool_call_id="2", elapsed=10_000_000, **within),
            said(5, "agent", "It is there.", **within),
        ],
        conversation,
    )
    assert text == "  ╎ ✓ bash ls (10 ms)\n  ╎ It is there.\n"
    assert conversation.running() == ["subagent find it"]


def test_a_question_is_told_whole() -> None:
    asked = {"kind": "question", "tool_call_id": "1", "question": "Which?", "options": ["red", "blue"]}
    assert told([said(0, "auto", "Which?\n- red\n- blue", display=asked)]) == "? Which?\n  - red\n  - blue\n"


def test_text_is_printed_as_it_comes_and_not_again_with_its_message() -> None:
    assert told([grew(0, 0, "one"), grew(0, 3, " two"), said(0, "agent", "one two three")]) == "one two three\n"


def test_text_that_another_message_contradicts_is_followed_by_the_truth() -> None:
    assert told([grew(0, 0, "one"), said(0, "agent", "other")]) == "one\n(begun anew)\nother\n"


def test_words_in_between_do_not_make_the_answer_begin_again() -> None:
    text = told([grew(1, 0, "one"), said(1, "user", "by the way"), grew(2, 0, "one two"), said(2, "agent", "one two")])
    assert text == "one\n\n› by the way\n\n two\n"


def test_text_given_up_ends_its_line() -> None:
    assert told([grew(0, 0, "one"), TextDropped(0), said(0, "error", "Cancelled")]) == "one\n! Cancelled\n"


def test_nothing_from_outside_reaches_the_terminal_as_a_command() -> None:
    evil = "\x1b]0;owned\x07\x1b[2J"
    commit = Commit(hash=evil, subject=evil, body="", pushed_branch=evil)
    call = ToolCall(name=evil, input=evil, tool_call_id="1")
    conversation = Conversation()
    text = told(
        [
            grew(0, 0, evil),
            said(0, "agent", evil, tool_calls=(call,)),
            ToolWrote("1", 0, evil),
            said(1, "tool", tool_name=evil, input=evil, tool_result=evil, tool_error=True),
            said(2, "commit", commits=(commit,)),
            said(3, "auto", evil),
            said(4, "user", evil),
            Reset(evil, LOG, 0),
        ],
        conversation,
    )
    assert "\x1b" not in text + "".join(conversation.running())
    assert "owned" not in text


def test_what_was_there_before_is_told_as_far_as_it_is_wanted() -> None:
    events = [Opened(LOG, 0, 3, 15, "0"), *(said(idx, "agent", f"text {idx}") for idx in range(4))]
    assert told(events, Conversation(last=1)) == "(2 earlier messages; --last 3 shows all)\ntext 2\ntext 3\n"
    assert told(events, Conversation(last=0)) == "text 3\n"
    assert told(events, Conversation()) == "text 0\ntext 1\ntext 2\ntext 3\n"


def test_a_reconnect_hides_nothing_that_came_meanwhile() -> None:
    conversation = Conversation(last=0)
    told([Opened(LOG, 0, 0, 15, "0")], conversation)
    assert told([Opened(LOG, 0, 1, 15, "0"), said(0, "agent", "missed")], conversation) == "missed\n"


def test_another_history_is_told_from_its_start() -> None:
    conversation = Conversation(last=0)
    told([Opened(LOG, 0, 5, 15, "0"), grew(5, 0, "half")], conversation)
    text = told([Reset("new_log", OTHER_LOG, 0), Opened(OTHER_LOG, 0, 1, 15, "0"), said(0, "agent", "a")], conversation)
    assert text.startswith("\n── the server holds another history")
    assert text.endswith("──\na\n")


def test_a_running_tool_shows_the_end_of_its_output() -> None:
    conversation = Conversation()
    call = ToolCall(name="bash", input='{"command":"make"}', tool_call_id="1")
    events = [
        state(0, "RunningTool"),
        said(0, "agent", tool_calls=(call,)),
        ToolWrote("1", 0, "one\nt"),
        ToolWrote("1", 5, "wo\n"),
    ]
    told(events, conversation)
    assert conversation.running() == ["bash make  two"]
    told([said(1, "tool", tool_call_id="1")], conversation)
    assert conversation.running() == []


def test_a_turn_is_over_when_it_was_answered_and_the_agent_rests() -> None:
    conversation = Conversation()

    def over(*events: Event) -> bool:
        told(events, conversation)
        return conversation.turn_over(LOG, 0)

    assert not over(Opened(LOG, 0, 0, 15, "0"), state(0))
    assert not over(said(0, "user", "go"), state(1))  # recorded, and not begun
    assert not over(state(1, "SendingToLLM"))
    assert not over(said(1, "error", "push failed"), state(2, "CheckingGitCommits"))
    assert not over(said(2, "agent", "done", end_of_turn=True))
    assert over(state(3))
    assert not conversation.failed


def test_a_turn_that_ended_in_an_error_failed_whatever_came_after() -> None:
    conversation = Conversation()
    told([said(0, "user", "go"), said(1, "error", "no"), said(2, "commit"), state(3)], conversation)
    assert conversation.turn_over(LOG, 0)
    assert conversation.failed


def test_nobody_answers_in_a_log_that_is_gone() -> None:
    conversation = Conversation()
    told([Opened(LOG, 0, 0, 15, "0"), Reset("new_log", OTHER_LOG, 0), state(0)], conversation)
    assert conversation.turn_over(LOG, 7)


def test_all_is_at_rest_when_all_has_come() -> None:
    conversation = Conversation()
    told([Opened(LOG, 0, 1, 15, "0"), state(0)], conversation)
    assert not conversation.at_rest
    told([said(0, "user", "go"), state(1)], conversation)
    assert conversation.at_rest


PARTS = st.lists(st.text(st.sampled_from("ab \n"), min_size=1, max_size=5), min_size=1, max_size=6)


@given(PARTS)
def test_however_a_text_came_it_is_printed_once(parts: list[str]) -> None:
    whole = "".join(parts)
    offsets = [len("".join(parts[:at])) for at in range(len(parts))]
    events = [grew(0, offset, part) for offset, part in zip(offsets, parts, strict=True)]
    printed = told([*events, said(0, "agent", whole)])
    assert printed.replace("\n", "") == whole.replace("\n", "")
    assert "begun anew" not in printed
