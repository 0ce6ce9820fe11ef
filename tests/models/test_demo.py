from __future__ import annotations

import json

import pytest
import trio
from trio.testing import MockClock

from tests.models.listener import Listener, after, answer_of, asking, only_call
from trio_agent.core.compaction import SUMMARISE
from trio_agent.core.errors import ProviderError
from trio_agent.core.message import Message
from trio_agent.core.transcript import AgentTurn, transcript
from trio_agent.models.demo import DemoModel
from trio_agent.models.demo_prompt import USAGE
from trio_agent.models.demo_tour import INTRODUCTION
from trio_agent.seams import ModelRequest

MODEL = DemoModel()


@pytest.mark.parametrize(
    ("prompt", "text"),
    [
        ("echo hello  there", "hello  there"),
        ("stream 3 0", "word1 word2 word3"),
        ("cost 0.5", "This answer cost $0.5."),
        ("stream x", f"Usage: {USAGE['stream']}"),
    ],
)
async def test_a_command_without_a_tool_is_answered_and_ends_the_turn(prompt: str, text: str) -> None:
    answer = await answer_of(MODEL, prompt)
    assert (answer.text, answer.tool_calls, answer.stop_reason) == (text, (), "end_turn")


@pytest.mark.parametrize(
    ("prompt", "tool", "arguments"),
    [
        ("bash echo hi", "bash", {"command": "echo hi"}),
        ("slow 5", "bash", {"command": "sleep 5", "timeout_s": 65}),
        ("burst 7 100", "burst", {"count": 7, "bytes": 100}),
    ],
)
async def test_a_command_with_a_tool_calls_it_once_and_ends_with_its_output(
    prompt: str, tool: str, arguments: dict[str, object]
) -> None:
    first = await answer_of(MODEL, prompt)
    call = only_call(first)
    assert (call.name, json.loads(call.input), first.stop_reason) == (tool, arguments, "tool_use")
    second = await answer_of(MODEL, after(asking(prompt), first, "what came of it\n"))
    assert (second.text, second.tool_calls, second.stop_reason) == ("what came of it\n", (), "end_turn")


async def test_the_output_of_a_command_that_failed_is_answered_too() -> None:
    first = await answer_of(MODEL, "bash false")
    second = await answer_of(MODEL, after(asking("bash false"), first, "exit status 1", error=True))
    assert (second.text, second.stop_reason) == ("exit status 1", "end_turn")


async def test_asked_to_sum_up_it_does_and_then_answers_what_is_said(autojump_clock: MockClock) -> None:
    log = [Message(type="user", content="echo hi"), Message(type="agent", content="hi")]
    turns = transcript([*log, Message(type="user", content=SUMMARISE)])
    summary = await answer_of(MODEL, ModelRequest(system="", turns=turns))
    assert summary.tool_calls == ()
    assert summary.text == "The demo model has answered 1 times. The last thing it was told: echo hi"
    told = [Message(type="compact", content=summary.text), Message(type="user", content="echo again")]
    assert (await answer_of(MODEL, ModelRequest(system="", turns=transcript(told)))).text == "again"


async def test_words_stream_at_the_pace_asked_for(autojump_clock: MockClock) -> None:
    listener = Listener()
    begin = trio.current_time()
    await MODEL.answer(asking("stream 5 100"), listener)
    assert len(listener.at) == 5
    assert trio.current_time() - begin == pytest.approx(0.4)


async def test_fail_is_an_overloaded_provider_worth_another_try() -> None:
    with pytest.raises(ProviderError, match="overloaded") as caught:
        await MODEL.answer(asking("fail"), Listener())
    assert caught.value.retry_after_s == 0


async def test_after_fail_the_next_prompt_works() -> None:
    # Nothing of the failed turn but the user's words is in the conversation, and so they stand before the next.
    turns = transcript(
        [Message(type="user", content="fail"), Message(type="error"), Message(type="user", content="echo hi")]
    )
    answer = await answer_of(MODEL, asking(*turns))
    assert answer.text == "hi"


async def test_cost_is_the_usage_of_the_answer_and_all_else_is_free() -> None:
    assert (await answer_of(MODEL, "cost 1.25")).usage.cost_usd == 1.25
    usage = (await answer_of(MODEL, "echo hi")).usage
    assert usage.cost_usd == 0
    assert usage.input_tokens > 0
    assert usage.output_tokens > 0


async def test_what_is_said_while_a_tool_runs_is_the_next_prompt() -> None:
    first = await answer_of(MODEL, "slow 5")
    steered = await answer_of(MODEL, after(asking("slow 5"), first, "stopped", text="echo never mind"))
    assert (steered.text, steered.stop_reason) == ("never mind", "end_turn")


@pytest.mark.parametrize("prompt", ["hello", "echo hi", "bash ls", "stream x"])
async def test_the_first_answer_explains_itself_and_later_ones_do_not(prompt: str, autojump_clock: MockClock) -> None:
    first = await answer_of(MODEL, prompt)
    assert INTRODUCTION in first.thinking + first.text
    later = await answer_of(MODEL, asking("echo before", AgentTurn(text="before"), "echo hi"))
    assert INTRODUCTION not in later.thinking + later.text


async def test_tool_calls_have_names_of_their_own() -> None:
    answers = [await answer_of(MODEL, "bash ls") for _ in range(20)]
    assert len({only_call(answer).tool_call_id for answer in answers}) == 20


async def test_cancelling_stops_the_stream_at_once(autojump_clock: MockClock) -> None:
    listener = Listener()
    with trio.move_on_after(0.95):
        await MODEL.answer(asking("stream 1000 100"), listener)
    assert len(listener.pieces) == 10


async def test_a_turn_that_was_summed_up_in_the_middle_ends_and_begins_no_tour() -> None:
    summary = "The demo model has answered 2 times. The last thing it was told: bash cat large"
    log = [Message(type="compact", content=summary)]
    answer = await MODEL.answer(ModelRequest(system="", turns=transcript(log)), Listener())
    assert answer.tool_calls == ()
    assert "summed up while I was at work" in answer.text
    assert answer.text.endswith(summary)


async def test_what_the_user_says_after_a_summary_is_done() -> None:
    log = [Message(type="compact", content="In short."), Message(type="user", content="echo hi")]
    assert (await MODEL.answer(ModelRequest(system="", turns=transcript(log)), Listener())).text == "hi"
    log[1] = Message(type="user", content="show me")
    assert (await MODEL.answer(ModelRequest(system="", turns=transcript(log)), Listener())).tool_calls
