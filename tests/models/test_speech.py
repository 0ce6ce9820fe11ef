from __future__ import annotations

import trio
from hypothesis import given
from hypothesis import strategies as st
from trio.testing import MockClock

from tests.models.listener import Listener, asking
from trio_agent.core.message import ToolCall
from trio_agent.core.transcript import AgentTurn, Outcome, UserTurn
from trio_agent.models.speech import MAX_PIECES, estimated_usage, pieces, speak


@given(st.text())
def test_pieces_joined_are_the_text(text: str) -> None:
    assert "".join(pieces(text)) == text


def test_a_text_is_cut_at_its_words() -> None:
    assert pieces("one  two\nthree ") == ["one", "  two", "\nthree", " "]


def test_a_long_text_comes_in_few_pieces() -> None:
    text = "word " * 50 * MAX_PIECES
    assert len(pieces(text)) <= MAX_PIECES
    assert "".join(pieces(text)) == text


async def test_pieces_come_at_their_pace_and_the_first_at_once(autojump_clock: MockClock) -> None:
    listener = Listener()
    begin = trio.current_time()
    await speak(listener, "content", "one two three", 0.5)
    assert [round(at - begin, 6) for at in listener.at] == [0, 0.5, 1.0]


def test_usage_counts_what_was_heard_and_what_was_said() -> None:
    call = ToolCall(name="bash", input="x" * 40, tool_call_id="1")
    request = asking(
        "x" * 40,
        AgentTurn(text="x" * 40, tool_calls=(call,)),
        UserTurn(outcomes=(Outcome(tool_call_id="1", name="bash", text="x" * 40),)),
        system="x" * 40,
    )
    usage = estimated_usage(request, "x" * 20)
    assert (usage.input_tokens, usage.output_tokens, usage.cost_usd) == (50, 5, 0)
