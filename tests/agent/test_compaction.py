"""A conversation that has become too long goes on from a summary; the log keeps everything."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest
import trio
from trio.testing import wait_all_tasks_blocked

from tests.agent.desk import Desk, FakeTool, Step, calls, roles, says, tells
from tests.runtime.house import HouseStore, at_rest, lines, logged, watch_states
from trio_agent.core.budget import Budget
from trio_agent.core.compaction import MAX_OUTCOME_CHARS, SUMMARISE, estimated_tokens, shortened
from trio_agent.core.errors import ConversationTooLong, ProviderError
from trio_agent.core.machine import AgentState
from trio_agent.core.message import ToolCall
from trio_agent.core.transcript import SUMMARY_OPENS, AgentTurn, ImageRef, Outcome, UserTurn, transcript
from trio_agent.core.usage import Usage
from trio_agent.seams import Answer, ModelRequest, OnText, StopReason


@pytest.fixture
def store() -> HouseStore:
    return HouseStore()


async def test_on_request_a_summary_takes_the_place_of_the_conversation(store: HouseStore, tmp_path: Path) -> None:
    desk = Desk(tmp_path, says("Hello."), says("We greeted.", tokens=50, cost=0.25), says("Yes."))
    async with desk.session(store) as session:
        await session.post("hi")
        await at_rest(session)
        states = watch_states(session)
        await session.post("/compact")
        await at_rest(session)
        log = await logged(session)
        assert [each.type for each in log] == ["user", "agent", "user", "compact"]
        assert log[3].content == "We greeted."
        assert states == [AgentState.WAITING_FOR_USER_INPUT, AgentState.COMPACTING, AgentState.WAITING_FOR_USER_INPUT]
        assert session.snapshot().first_message_index == 3
        assert 0 < session.snapshot().context_used < 50
        assert session.usage.total_cost_usd == 0.25
        await session.post("and now?")
        await at_rest(session)
    asked, told = desk.model.requests[1:]
    assert roles(asked) == ["hi", "Hello.", SUMMARISE]
    assert roles(told) == [f"{SUMMARY_OPENS}\n\nWe greeted.\n\nand now?"]
    async with Desk(tmp_path).session(store) as session:
        assert session.snapshot().first_message_index == 3
    assert told.turns == transcript([*log, (await logged(session))[4]])


async def test_before_a_turn_a_full_conversation_is_summed_up(store: HouseStore, tmp_path: Path) -> None:
    desk = Desk(tmp_path, says("Long.", tokens=799), says("In short."), says("Next."))
    async with desk.session(store) as session:
        await session.post("hi")
        await at_rest(session)
        assert (await lines(session))[-1] == "agent: Long."
        await session.post("more")
        await at_rest(session)
        assert [each.type for each in await logged(session)] == ["user", "agent", "user", "compact", "agent"]
    assert roles(desk.model.requests[2]) == [f"{SUMMARY_OPENS}\n\nIn short.\n\nmore"], "the words are not summed up"
    assert desk.model.requests[2].turns == transcript((await logged(session))[:4])


async def test_a_conversation_that_is_not_full_is_left_as_it_is(store: HouseStore, tmp_path: Path) -> None:
    desk = Desk(tmp_path, says("Long.", tokens=700), says("Next."))
    async with desk.session(store) as session:
        for words in ("hi", "more"):
            await session.post(words)
            await at_rest(session)
        assert "compact" not in {each.type for each in await logged(session)}


@pytest.mark.parametrize(("told", "given", "counts"), [(0, 1000, True), (0, 0, False), (100_000, 1000, False)])
async def test_where_a_model_does_not_tell_its_window_the_user_s_word_counts(
    store: HouseStore, tmp_path: Path, told: int, given: int, counts: bool
) -> None:
    desk = Desk(tmp_path, says("Long.", tokens=900), says("Next."), says("And on."), context_window=given)
    desk.model.context_window = told
    async with desk.session(store) as session:
        assert session.snapshot().context_window == (told or given)
        for words in ("hi", "more", "/model fake"):
            await session.post(words)
            await at_rest(session)
        assert ("compact" in {each.type for each in await logged(session)}) is counts
        assert session.snapshot().context_window == (told or given)


async def test_within_a_turn_too_and_the_words_that_wait_are_heard_after_it(store: HouseStore, tmp_path: Path) -> None:
    goes_on = trio.Event()

    async def slowly(request: ModelRequest, on_text: OnText) -> Answer:
        await goes_on.wait()
        return says("Looked at a.")

    large = FakeTool("a", "x" * 4000)
    desk = Desk(tmp_path, calls("a"), slowly, says("Done."), says("Blue it is."), tools=[large])
    async with desk.session(store) as session:
        states = watch_states(session)
        await session.post("hi")
        await wait_all_tasks_blocked()
        assert session.state is AgentState.SENDING_TOOL_RESULTS
        await session.post("make it blue")
        goes_on.set()
        await at_rest(session)
        log = await logged(session)
    assert [each.type for each in log] == ["user", "agent", "tool", "user", "compact", "agent", "agent"]
    assert AgentState.COMPACTING not in states
    assert roles(desk.model.requests[2]) == [f"{SUMMARY_OPENS}\n\nLooked at a."]
    assert roles(desk.model.requests[3]) == [f"{SUMMARY_OPENS}\n\nLooked at a.", "Done.", "make it blue"]
    # After a restart, words from before the summary that are not in it are not lost.
    told = [turn.text for turn in transcript(log)]
    assert told == [f"{SUMMARY_OPENS}\n\nLooked at a.\n\nmake it blue", "Done.\n\nBlue it is."]


async def test_it_is_not_summed_up_again_and_again(store: HouseStore, tmp_path: Path) -> None:
    steps = [says("Long.", tokens=900), says("y" * 8000), says("Next.", tokens=100), says("And on.")]
    desk = Desk(tmp_path, *steps)
    async with desk.session(store) as session:
        for words in ("hi", "more", "still more"):
            await session.post(words)
            await at_rest(session)
        assert [each.type for each in await logged(session)].count("compact") == 1


async def test_after_a_restart_it_is_not_summed_up_for_what_was_before_the_summary(
    store: HouseStore, tmp_path: Path
) -> None:
    async with Desk(tmp_path, says("Long.", tokens=900), says("In short."), says("Next.")).session(store) as session:
        for words in ("hi", "more"):
            await session.post(words)
            await at_rest(session)
    desk = Desk(tmp_path, says("Yes."))
    async with desk.session(store) as session:
        await session.post("and?")
        await at_rest(session)
    assert roles(desk.model.requests[0]) == [f"{SUMMARY_OPENS}\n\nIn short.\n\nmore", "Next.", "and?"]


@pytest.mark.parametrize("failure", [ProviderError("Too long."), says("  ")])
async def test_where_there_is_no_summary_people_are_told_and_all_stays(
    store: HouseStore, tmp_path: Path, failure: ProviderError | Answer
) -> None:
    desk = Desk(tmp_path, says("Hello."), failure, failure, says("Yes."))
    async with desk.session(store) as session:
        await session.post("hi")
        await at_rest(session)
        await session.post("/compact")
        await at_rest(session)
        assert (await lines(session))[-1].startswith("error: The conversation could not be summed up")
        assert session.state is AgentState.WAITING_FOR_USER_INPUT
        assert session.snapshot().first_message_index == 0
        desk.model.steps = [says("Yes.")]
        await session.post("and?")
        await at_rest(session)
    assert roles(desk.model.requests[-1]) == ["hi", "Hello.", "and?"]


@pytest.mark.parametrize(
    ("reason", "why"), [("max_tokens", "had no more room for the whole summary"), ("refusal", "refused to sum it up")]
)
async def test_half_a_summary_or_a_refusal_takes_the_place_of_nothing_and_is_paid_for(
    store: HouseStore, tmp_path: Path, reason: StopReason, why: str
) -> None:
    half = msgspec.structs.replace(says("We gree", cost=0.25), stop_reason=reason)
    desk = Desk(tmp_path, says("Hello."), half, says("Yes."))
    async with desk.session(store) as session:
        for words in ("hi", "/compact", "and?"):
            await session.post(words)
            await at_rest(session)
        told = await lines(session)
        assert "compact" not in {each.type for each in await logged(session)}
        assert [each for each in told if each.startswith("error: ") and why in each]
        assert session.usage.total_cost_usd == 0.25
    assert roles(desk.model.requests[-1]) == ["hi", "Hello.", "and?"]


FAILURES = (ProviderError("Overloaded.", retry_after_s=0), ProviderError("The key is wrong."))


async def test_where_the_conversation_is_too_long_nobody_is_told_to_ask_the_same_again(
    store: HouseStore, tmp_path: Path
) -> None:
    desk = Desk(tmp_path, ConversationTooLong("Too long: type '/compact'."), *FAILURES)
    async with desk.session(store) as session:
        for words in ("hi", "more", "still"):
            await session.post(words)
            await at_rest(session)
        told = [each for each in await lines(session) if each.startswith("error: ")]
    assert told == [
        "error: Too long: type '/compact'.",
        "error: Overloaded. Type 'continue' to try again.",
        "error: The key is wrong.",
    ]


TOO_LONG = ConversationTooLong("Too long: type '/compact'.")


async def test_what_a_provider_finds_too_long_is_summed_up_and_asked_again(store: HouseStore, tmp_path: Path) -> None:
    desk = Desk(tmp_path, says("Hello."), TOO_LONG, says("We greeted."), says("Yes."), says("And on."))
    desk.model.context_window = 0
    async with desk.session(store) as session:
        for words in ("hi", "and now?"):
            await session.post(words)
            await at_rest(session)
        log = await logged(session)
        assert [each.type for each in log] == ["user", "agent", "user", "compact", "agent"]
        assert session.snapshot().first_message_index == 3
        await session.post("more")
        await at_rest(session)
    summed_up, asked, last = desk.model.requests[2:]
    assert roles(summed_up) == ["hi", "Hello.", SUMMARISE], "the last words may be what made it too long"
    assert roles(asked) == [f"{SUMMARY_OPENS}\n\nWe greeted.\n\nand now?"]
    assert asked.turns == transcript(log[:-1])
    assert roles(last)[-2:] == ["Yes.", "more"]


async def test_within_a_turn_too_as_often_as_there_is_an_answer_in_between(store: HouseStore, tmp_path: Path) -> None:
    steps = [calls("a"), TOO_LONG, says("Looked."), calls("a", id="2"), TOO_LONG, says("Looked again."), says("Done.")]
    desk = Desk(tmp_path, *steps, tools=[FakeTool("a")])
    async with desk.session(store) as session:
        await session.post("hi")
        await at_rest(session)
        types = [each.type for each in await logged(session)]
    assert types == ["user", "agent", "tool", "compact", "agent", "tool", "compact", "agent"]


@pytest.mark.parametrize(
    ("steps", "told"),
    [
        ([TOO_LONG], ["Too long: type '/compact'."]),
        ([says("Hello."), TOO_LONG, says("In short."), TOO_LONG], ["Too long: type '/compact'."]),
        (
            [says("Hello."), TOO_LONG, ProviderError("Overloaded.")],
            [
                "The conversation could not be summed up, and stays as it is: Overloaded.",
                "Too long: type '/compact'.",
            ],
        ),
    ],
    ids=["nothing to sum up", "too long all the same", "no summary"],
)
async def test_where_that_does_not_help_the_error_is_told(
    store: HouseStore, tmp_path: Path, steps: list[Step], told: list[str]
) -> None:
    desk = Desk(tmp_path, *steps)
    async with desk.session(store) as session:
        states = watch_states(session)
        for words in ("hi", "more")[: 1 if len(steps) == 1 else 2]:
            await session.post(words)
            await at_rest(session)
        assert [each.content for each in await logged(session) if each.type == "error"] == told
        assert states[-2:] == [AgentState.ERROR, AgentState.WAITING_FOR_USER_INPUT]
    assert desk.model.steps == []


async def test_a_sub_agent_s_conversation_that_is_too_long_is_summed_up_too(store: HouseStore, tmp_path: Path) -> None:
    steps = [
        calls("subagent", input='{"task": "find it"}'),
        calls("look", id="1"),
        *(TOO_LONG, says("Looked."), says("It is there."), says("Done.")),
    ]
    desk = Desk(tmp_path, *steps, tools=[FakeTool("look")])
    async with desk.session(store) as session:
        await session.post("hi")
        await at_rest(session)
        (compact,) = [each for each in await logged(session) if each.type == "compact"]
        assert compact.parent_conversation_id == session.id
    assert roles(desk.model.requests[-1]) == ["hi", "call subagent", "subagent: It is there."]


@pytest.mark.parametrize("failure", [ProviderError("Overloaded.", retry_after_s=5), ProviderError("The key is wrong.")])
async def test_what_fewer_words_cannot_help_is_not_asked_again_in_short(
    store: HouseStore, tmp_path: Path, failure: ProviderError
) -> None:
    desk = Desk(tmp_path, says("Hello."), failure)
    async with desk.session(store) as session:
        for words in ("hi", "/compact"):
            await session.post(words)
            await at_rest(session)
        assert (await lines(session))[-1].endswith(f"stays as it is: {failure}")
    assert len(desk.model.requests) == 2


async def test_an_answer_that_calls_tools_is_no_summary_and_is_asked_for_again_without_them(
    store: HouseStore, tmp_path: Path
) -> None:
    looks = calls("a", text="Let me look at calc.py once more first.", cost=0.25)
    desk = Desk(tmp_path, says("Hello."), looks, says("We greeted."), says("Yes."), tools=[FakeTool("a")])
    async with desk.session(store) as session:
        for words in ("hi", "/compact", "and?"):
            await session.post(words)
            await at_rest(session)
        log = await logged(session)
        assert [each.content for each in log if each.type == "compact"] == ["We greeted."]
        assert session.usage.total_cost_usd == 0.25, "what was of no use was paid for all the same"
    assert [each.may_call for each in desk.model.requests] == [True, True, False, True]
    assert desk.model.requests[1].tools == desk.model.requests[2].tools != ()
    assert roles(desk.model.requests[-1]) == [f"{SUMMARY_OPENS}\n\nWe greeted.\n\nand?"]


async def test_where_it_calls_them_even_so_all_stays_as_it_was(store: HouseStore, tmp_path: Path) -> None:
    looks = calls("a", text="Let me look first.")
    untold = msgspec.structs.replace(says("I look."), stop_reason="tool_use")
    desk = Desk(tmp_path, says("Hello."), looks, untold, says("Yes."))
    async with desk.session(store) as session:
        for words in ("hi", "/compact", "and?"):
            await session.post(words)
            await at_rest(session)
        told = await lines(session)
        assert [each for each in told if each.startswith("error: ") and "called tools" in each]
    assert roles(desk.model.requests[-1]) == ["hi", "Hello.", "and?"]


async def test_where_no_server_counts_the_conversation_is_summed_up_by_an_estimate(
    store: HouseStore, tmp_path: Path
) -> None:
    words = "word " * 1000
    answers = [msgspec.structs.replace(says(words), usage=Usage()) for _ in range(3)]
    desk = Desk(tmp_path, *answers[:2], says("In short."), answers[2], context_window=3000)
    desk.model.context_window = 0
    async with desk.session(store) as session:
        used = []
        for number in range(3):
            await session.post(f"go on {number}")
            await at_rest(session)
            used.append(session.snapshot().context_used)
        assert [each.type for each in await logged(session)].count("compact") == 1
    assert 1250 < used[0] < used[1] < 3000
    assert roles(desk.model.requests[2])[-1].endswith(SUMMARISE)


async def test_that_a_window_is_not_known_is_told_once_a_model(store: HouseStore, tmp_path: Path) -> None:
    async def told(**options: int) -> list[str]:
        desk = Desk(tmp_path, says("Hello."), says("Yes."), **options)  # type: ignore[arg-type]
        desk.model.context_window = 0
        desk.model.takes_asides = False  # type: ignore[attr-defined]
        async with desk.session(HouseStore()) as session:
            for words in ("hi", "and?"):
                await session.post(words)
                await at_rest(session)
            return [each for each in await lines(session) if "--context-window" in each]

    assert len(await told()) == 1
    assert await told(context_window=8000) == []


async def test_what_is_too_long_even_to_be_summed_up_is_tried_in_short(store: HouseStore, tmp_path: Path) -> None:
    # As a server says it that has no code for it.
    too_long = ProviderError("The server refused the request: too many tokens.", about_request=True)
    large = FakeTool("a", "x" * 100_000)
    desk = Desk(tmp_path, calls("a"), too_long, says("In short."), says("Done."), tools=[large])
    async with desk.session(store) as session:
        await session.post("hi")
        await at_rest(session)
        assert [each.type for each in await logged(session)] == ["user", "agent", "tool", "compact", "agent"]
    assert estimated_tokens(desk.model.requests[2].turns) < 2000


async def test_a_summary_can_be_cancelled_and_the_words_are_heard_with_the_next(
    store: HouseStore, tmp_path: Path
) -> None:
    desk = Desk(tmp_path, says("Long.", tokens=900), tells("In sh", cost=0.5), says("In short."), says("Next."))
    async with desk.session(store) as session:
        await session.post("hi")
        await at_rest(session)
        await session.post("more")
        await wait_all_tasks_blocked()
        assert session.snapshot().agent_state == "Compacting"
        assert session.snapshot().outstanding_llm_calls == 1
        await session.cancel("no")
        assert session.state is AgentState.WAITING_FOR_USER_INPUT
        assert (await lines(session))[-2:] == [
            "auto: The summary of the conversation was cut off.",
            "error: Cancelled: no",
        ]
        assert session.usage.total_cost_usd == 0.5
        await session.post("even more")
        await at_rest(session)
    assert roles(desk.model.requests[-1])[0] == f"{SUMMARY_OPENS}\n\nIn short.\n\neven more"
    assert roles(desk.model.requests[-2])[2].startswith("more\n\n"), "what was said for the cancelled turn is summed up"


async def test_a_summary_that_the_budget_ended_is_told_and_so_is_the_turn(store: HouseStore, tmp_path: Path) -> None:
    steps = [says("Long.", tokens=900), tells("In sh", cost=2), says("In short."), says("Next.")]
    desk = Desk(tmp_path, *steps, budget=Budget(dollars=1.0))
    async with desk.session(store) as session:
        await session.post("hi")
        await at_rest(session)
        await session.post("/compact")
        await at_rest(session)
        assert (await lines(session))[-1].startswith("budget: Spent $2.00 of $1.00.")
        await session.post("more")
        await at_rest(session)
        assert (await lines(session))[-1] == "agent: Next."


async def test_a_summary_before_a_turn_that_takes_the_whole_budget_ends_it(store: HouseStore, tmp_path: Path) -> None:
    steps = [says("Long.", tokens=900), says("In short.", cost=2), says("Next.")]
    desk = Desk(tmp_path, *steps, budget=Budget(dollars=1.0))
    async with desk.session(store) as session:
        await session.post("hi")
        await at_rest(session)
        await session.post("more")
        await at_rest(session)
        told = await lines(session)
        assert told[-2] == "compact: In short."
        assert told[-1].startswith("budget: Spent $2.00 of $1.00.")
        await session.post("go on")
        await at_rest(session)
    assert roles(desk.model.requests[-1]) == [f"{SUMMARY_OPENS}\n\nIn short.\n\nmore\n\ngo on"]


async def test_a_summary_that_took_the_whole_budget_is_kept_as_one(store: HouseStore, tmp_path: Path) -> None:
    desk = Desk(tmp_path, says("Hello."), says("In short.", cost=2), budget=Budget(dollars=1.0))
    async with desk.session(store) as session:
        for words in ("hi", "/compact"):
            await session.post(words)
            await at_rest(session)
        assert [each.type for each in await logged(session)][-2:] == ["compact", "budget"]
    assert (await store.sessions())[0].facts.first_message_index == 3


async def test_a_sub_agent_s_conversation_is_summed_up_by_itself(store: HouseStore, tmp_path: Path) -> None:
    large = FakeTool("look", "x" * 4000)
    steps = [
        calls("subagent", input='{"task": "find it"}'),
        calls("look", id="1"),
        says("Looked."),
        says("It is there."),
        says("Done."),
    ]
    desk = Desk(tmp_path, *steps, tools=[large])
    async with desk.session(store) as session:
        await session.post("hi")
        await at_rest(session)
        (compact,) = [each for each in await logged(session) if each.type == "compact"]
        assert compact.parent_conversation_id == session.id
        assert session.snapshot().first_message_index == 0
    assert roles(desk.model.requests[3])[0].startswith(f"{SUMMARY_OPENS}\n\nLooked.")
    assert roles(desk.model.requests[4]) == ["hi", "call subagent", "subagent: It is there."]


async def test_a_sub_agent_that_cannot_be_summed_up_goes_on_and_tries_it_once(
    store: HouseStore, tmp_path: Path
) -> None:
    no = ProviderError("No.", about_request=True)
    steps = [
        calls("subagent", input='{"task": "find it"}'),
        calls("look", id="1"),
        *(no, no),
        calls("look", id="2"),
        says("It is there."),
        says("Done."),
    ]
    desk = Desk(tmp_path, *steps, tools=[FakeTool("look", "x" * 4000)])
    async with desk.session(store) as session:
        await session.post("hi")
        await at_rest(session)
        (error,) = [each for each in await logged(session) if each.type == "error"]
        assert error.content == "The conversation could not be summed up, and stays as it is: No."
        assert error.parent_conversation_id == session.id
    assert roles(desk.model.requests[-1]) == ["hi", "call subagent", "subagent: It is there."]


def test_what_is_shortened_keeps_its_two_ends_and_its_shape() -> None:
    picture = ImageRef("b", "image/png")
    turns = (
        UserTurn(text="go " * 20_000, images=(picture,)),
        AgentTurn(text="ok", tool_calls=(ToolCall(name="a", input="[" + "1," * 5000, tool_call_id="1"),)),
        UserTurn(
            outcomes=(Outcome(tool_call_id="1", name="a", text="b" * 5000 + "e", images=(picture,)),), text="short"
        ),
    )
    first, second, third = shortened(turns)
    assert isinstance(third, UserTurn)
    assert isinstance(second, AgentTurn)
    assert len(third.outcomes[0].text) < MAX_OUTCOME_CHARS + 100
    assert (third.outcomes[0].text[0], third.outcomes[0].text[-1], third.text) == ("b", "e", "short")
    assert "characters left out" in first.text
    assert "characters left out" in second.tool_calls[0].input
    assert third.outcomes[0].images == ()
    assert shortened((second,))[0].tool_calls[0].tool_call_id == "1"  # type: ignore[union-attr]
