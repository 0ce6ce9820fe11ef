from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trio_agent.models.demo_prompt import (
    MAX_BURST,
    MAX_BURST_BYTES,
    MAX_PAUSE_MS,
    MAX_SECONDS,
    MAX_WORDS,
    SLOW_MARGIN_S,
    USAGE,
    Bash,
    Burst,
    Command,
    Cost,
    Echo,
    Fail,
    Misused,
    Stream,
    Tour,
    read_prompt,
)


@pytest.mark.parametrize(
    ("prompt", "command"),
    [
        ("echo hello", Echo("hello")),
        ("  echo hello", Echo("hello")),
        ("echo  two spaces ", Echo(" two spaces ")),
        ("echo one\n\ntwo", Echo("one\n\ntwo")),
        ("echo\nnext line", Echo("next line")),
        ("echo  line\u2028separator", Echo(" line\u2028separator")),
        ("stream 5", Stream(5, 20)),
        ("stream 5 0", Stream(5, 0)),
        (f"stream {MAX_WORDS} {MAX_PAUSE_MS}", Stream(MAX_WORDS, MAX_PAUSE_MS)),
        ("bash ls -l", Bash("ls -l")),
        ("bash cat <<X\n\na\nX", Bash("cat <<X\n\na\nX")),
        ("slow 3", Bash("sleep 3", timeout_s=3 + SLOW_MARGIN_S)),
        ("slow 0.5", Bash("sleep 0.5", timeout_s=1 + SLOW_MARGIN_S)),
        ("slow 3600", Bash("sleep 3600", timeout_s=MAX_SECONDS)),
        ("burst 100", Burst(100, 500)),
        ("burst 100 20", Burst(100, 20)),
        (f"burst {MAX_BURST} {MAX_BURST_BYTES}", Burst(MAX_BURST, MAX_BURST_BYTES)),
        ("fail", Fail()),
        ("fail\n", Fail()),
        ("cost 0.25", Cost(0.25)),
        ("cost $3", Cost(3.0)),
        ("", Tour()),
        ("hello", Tour()),
        ("echoes of the past", Tour()),
        ("Please stream 5", Tour()),
    ],
)
def test_a_prompt_means_its_command(prompt: str, command: Command) -> None:
    assert read_prompt(prompt) == command


@pytest.mark.parametrize(
    "prompt",
    [
        "echo",
        "echo   ",
        "stream",
        "stream x",
        "stream 0",
        "stream -1",
        "stream 1_0",
        "stream ٣",
        "stream 5 5 5",
        f"stream {MAX_WORDS + 1}",
        f"stream 5 {MAX_PAUSE_MS + 1}",
        "bash",
        "slow",
        "slow soon",
        "slow 1e9",
        f"slow {MAX_SECONDS + 1}",
        "burst",
        "burst 0",
        f"burst {MAX_BURST + 1}",
        f"burst 1 {MAX_BURST_BYTES + 1}",
        "fail again",
        "cost",
        "cost nan",
        "cost -1",
        "cost 99999999",
    ],
)
def test_a_command_with_the_wrong_arguments_is_told_its_usage(prompt: str) -> None:
    assert read_prompt(prompt) == Misused(f"Usage: {USAGE[prompt.split()[0]]}")


@pytest.mark.parametrize(
    ("prompt", "command"),
    [
        ("fail\n\necho hi", Echo("hi")),
        ("echo one\n\necho two", Echo("two")),
        ("slow 9\n\nbash ls", Bash("ls")),
        ("fail\n\nfail", Fail()),
        ("fail\n\nhello", Tour()),
        ("fail\n\nstream x", Misused(f"Usage: {USAGE['stream']}")),
        ("echo a thought\n\nstream of thoughts", Echo("a thought\n\nstream of thoughts")),
        ("hello\n\nstream 3", Stream(3, 20)),
        ("hello\n\n\n\nthere", Tour()),
    ],
)
def test_of_several_messages_the_last_command_counts(prompt: str, command: Command) -> None:
    assert read_prompt(prompt) == command


@given(st.text(alphabet="echostramblwfi0123456789 .$\n"))
def test_no_prompt_is_an_error(prompt: str) -> None:
    assert isinstance(read_prompt(prompt), Command)


def test_a_prompt_of_many_paragraphs_is_read_in_linear_time() -> None:
    began = time.process_time()
    assert read_prompt("a\n\n" * 300_000) == Tour()
    # Copying what remains at every paragraph would take minutes.
    assert time.process_time() - began < 10
