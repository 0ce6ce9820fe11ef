"""What a terminal may be sent."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from trio_agent.core.message import Message
from trio_agent.terminal.words import call_words, duration, indented, one_line, printable, result_words


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain\ttext\n", "plain\ttext\n"),
        ("é𝛑 日本", "é𝛑 日本"),
        ("a\x1b[31mred\x1b[0m", "ared"),
        ("\x1b]0;title\x07after", "after"),
        ("\x1b]52;c;c2VjcmV0\x1b\\after", "after"),
        ("\x9b31mred\x9d0;title\x9cafter", "redafter"),
        ("\x1bP1$qm\x1b\\after", "after"),
        ("\x1b[2J\x1b[Habove", "above"),
        ("a\x08b\x7fc\x00d\x07", "abcd"),
        ("one\r\ntwo\rthree", "one\ntwo\nthree"),
        ("a\u2028b\u0085c", "a\nb\nc"),
        ("a\u202eb\u200bc\ufeff", "abc"),
        ("a\u00a0b", "a b"),
        ("lone \udc80", "lone "),
        ("\x1b]0;never ended", ""),
    ],
)
def test_a_terminal_is_shown_text_and_told_nothing(text: str, shown: str) -> None:
    assert printable(text) == shown


@given(st.text(st.characters(codec=None) | st.sampled_from("\x1b[]\x07;m0\x9b\x9d")))
def test_nothing_that_a_terminal_obeys_is_left(text: str) -> None:
    assert all(character.isprintable() or character in "\n\t" for character in printable(text))


def test_a_line_is_one_line_and_not_endless() -> None:
    assert one_line("a\n  b\x1b[1m\tc") == "a b c"
    assert one_line("x" * 500, 10) == "x" * 9 + "…"


@pytest.mark.parametrize(
    ("input", "words"),
    [
        ('{"command":"ls -la\\nwc"}', "bash ls -la wc"),
        ('{"timeout_s":3,"command":"ls"}', "bash ls"),
        ("{}", "bash"),
        ("not json", "bash not json"),
        ('["a"]', "bash"),
    ],
)
def test_a_call_is_told_by_the_first_words_it_was_given(input: str, words: str) -> None:
    assert call_words("bash", input) == words


def test_a_result_says_how_long_and_how_it_failed() -> None:
    done = Message(type="tool", tool_name="bash", input='{"command":"ls"}', elapsed=1_500_000_000)
    assert result_words(done) == "bash ls (1.5 s)"
    failed = Message(
        type="tool", tool_name="bash", input="{}", tool_error=True, tool_result="output\n exit status 1\n\n"
    )
    assert result_words(failed) == "bash: exit status 1"
    assert result_words(Message(type="tool", tool_name="bash", input="{}", tool_error=True)) == "bash: failed"
    stopped = msgspec.structs.replace(
        failed, tool_result="Cancelled: enough\n\nhalf", display={"kind": "stopped", "by": "user"}
    )
    assert result_words(stopped) == "bash: Cancelled: enough"


@pytest.mark.parametrize(("seconds", "words"), [(0.018, "18 ms"), (2.34, "2.3 s"), (59.4, "59 s"), (125, "2 m 5 s")])
def test_a_duration_is_told_in_the_unit_that_fits(seconds: float, words: str) -> None:
    assert duration(seconds) == words


def test_further_lines_stand_below_the_first() -> None:
    assert indented("› ", "one\ntwo\n") == "› one\n  two"
