"""A session at work: words in, turns, and what becomes of a turn that fails."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import msgspec
import pytest
import trio
import trio.testing
from trio.testing import MockClock, wait_all_tasks_blocked

from tests.runtime.house import HouseAgent, HouseStore, at_rest, at_work, auto, calling, lines, logged, watch_states
from trio_agent.core.errors import (
    Conflict,
    IllegalTransition,
    InvalidContent,
    RepositoryError,
    StoreDown,
    StoreError,
    StoreFull,
)
from trio_agent.core.machine import TRANSITIONS, AgentState
from trio_agent.core.message import Message
from trio_agent.core.state import Facts
from trio_agent.core.usage import Usage
from trio_agent.runtime.session import Session
from trio_agent.seams import SessionHandle

REACHED_IN_TURNS = [state for state in TRANSITIONS if state not in (AgentState.READY, AgentState.COMPACTING)]


@pytest.fixture
def store() -> HouseStore:
    return HouseStore()


def state_of(session: Session) -> str:
    return session.snapshot().agent_state


# ------------------------------------------------------------------------------------------------------------ turns


async def test_words_are_recorded_and_answered_in_a_turn(store: HouseStore) -> None:
    async with at_work(store, HouseAgent()) as session:
        assert state_of(session) == "WaitingForUserInput"
        receipt = await session.post("hello")
        assert receipt.messages[0].conversation_id == session.id
        await at_rest(session)
        assert await lines(session) == ["user: hello", "agent: to hello"]
        assert state_of(session) == "WaitingForUserInput"


async def test_words_without_words_are_refused(store: HouseStore) -> None:
    async with at_work(store, HouseAgent()) as session:
        for text in ("", " \n\t"):
            with pytest.raises(InvalidContent):
                await session.post(text)
        assert await lines(session) == []


async def test_a_repeated_post_is_answered_once(store: HouseStore) -> None:
    async with at_work(store, HouseAgent()) as session:
        for _ in range(2):
            await session.post("hello", key="a-key-of-a-client", digest="1")
            await at_rest(session)
        assert await lines(session) == ["user: hello", "agent: to hello"]


async def test_a_post_that_the_store_refuses_is_not_answered(store: HouseStore) -> None:
    agent = HouseAgent()
    async with at_work(store, agent) as session:
        store.refusal = StoreFull("the disk is full")
        with pytest.raises(StoreFull):
            await session.post("lost")
        await wait_all_tasks_blocked()
        store.refusal = None
        await session.post("hello")
        await at_rest(session)
        assert agent.heard == [["hello"]]


async def test_words_during_a_turn_can_be_taken_along_by_it(store: HouseStore) -> None:
    asked = trio.Event()
    taken: list[str] = []

    async def turn(session: SessionHandle, prompts: Sequence[Message]) -> None:
        await asked.wait()
        taken.extend(prompt.content for prompt in session.take_prompts())
        taken.extend(prompt.content for prompt in session.take_prompts())
        await session.record(Message(type="agent", content="done", end_of_turn=True))

    agent = HouseAgent(turn)
    async with at_work(store, agent) as session:
        await session.post("begin")
        await wait_all_tasks_blocked()
        await session.post("and this")
        await session.post("and that")
        asked.set()
        await at_rest(session)
    assert taken == ["and this", "and that"]
    assert agent.heard == [["begin"]], "what was taken along starts no turn of its own"


async def test_words_that_no_turn_took_along_start_the_next(store: HouseStore) -> None:
    asked = trio.Event()

    async def turn(session: SessionHandle, prompts: Sequence[Message]) -> None:
        await asked.wait()

    agent = HouseAgent(turn)
    async with at_work(store, agent) as session:
        await session.post("begin")
        await wait_all_tasks_blocked()
        await session.post("later")
        await session.post("still later")
        asked.set()
        await at_rest(session)
    assert agent.heard == [["begin"], ["later", "still later"]]


async def test_a_post_whose_client_went_away_after_it_began_is_answered(store: HouseStore) -> None:
    async with at_work(store, HouseAgent()) as session:
        store.gate = trio.Event()
        scope = trio.CancelScope()

        async def post() -> None:
            with scope:
                await session.post("hello")

        async with trio.open_nursery() as nursery:
            nursery.start_soon(post)
            await wait_all_tasks_blocked()
            scope.cancel()
            store.gate.set()
        await at_rest(session)
        assert await lines(session) == ["user: hello", "agent: to hello"]


async def test_an_ended_session_takes_no_words(store: HouseStore) -> None:
    async with at_work(store, HouseAgent()) as session:
        session.end()
        with pytest.raises(Conflict):
            await session.post("hello")


# ---------------------------------------------------------------------------------------------------------- failure


async def test_a_turn_that_fails_is_told_and_the_session_lives_on(store: HouseStore) -> None:
    async def turn(session: SessionHandle, prompts: Sequence[Message]) -> None:
        if prompts[0].content == "break":
            await session.record(calling("bash"))
            raise KeyError("a bug")
        await session.record(Message(type="agent", content="fine", end_of_turn=True))

    async with at_work(store, HouseAgent(turn)) as session:
        await session.post("break")
        await at_rest(session)
        told = await lines(session)
        assert told[:2] == ["user: break", "agent: "]
        assert told[2] == "tool: Did not finish: the turn failed."
        assert (await logged(session))[2].display == {"kind": "stopped", "by": "failure"}
        assert told[3].startswith("error: The agent failed: KeyError: 'a bug'")
        assert state_of(session) == "WaitingForUserInput"
        await session.post("go on")
        await at_rest(session)
        assert (await lines(session))[-1] == "agent: fine"


async def test_a_failure_in_a_task_of_the_turn_is_told_by_its_cause(store: HouseStore) -> None:
    async def turn(session: SessionHandle, prompts: Sequence[Message]) -> None:
        async def fail() -> None:
            await trio.lowlevel.checkpoint()
            raise RepositoryError("git is not there")

        async with trio.open_nursery() as nursery:
            nursery.start_soon(fail)

    async with at_work(store, HouseAgent(turn)) as session:
        await session.post("hello")
        await at_rest(session)
        assert (await lines(session))[-1] == "error: The agent failed: git is not there. Type 'continue' to try again."


async def test_a_disk_that_is_full_in_mid_turn_ends_the_turn_and_not_the_session(store: HouseStore) -> None:
    async def turn(session: SessionHandle, prompts: Sequence[Message]) -> None:
        if prompts[0].content == "fill":
            await session.record(calling("bash"))
            store.refusal = StoreFull("the disk is full: make room, then try again")
        await session.record(Message(type="agent", content="fine", end_of_turn=True))

    async with at_work(store, HouseAgent(turn)) as session:
        await session.post("fill")
        await at_rest(session)
        assert await lines(session) == ["user: fill", "agent: "]
        assert state_of(session) == "WaitingForUserInput"
        store.refusal = None
        await session.post("go on")
        await at_rest(session)
        assert (await lines(session))[2:] == ["user: go on", "agent: fine"]


async def test_what_is_too_large_for_the_disk_is_told_where_a_few_words_have_room(store: HouseStore) -> None:
    async def turn(session: SessionHandle, prompts: Sequence[Message]) -> None:
        raise StoreFull("the disk is full: make room, then try again")

    async with at_work(store, HouseAgent(turn)) as session:
        await session.post("hello")
        await at_rest(session)
        assert (await lines(session))[-1].startswith("error: The turn was stopped: the disk is full: make room")


@pytest.mark.parametrize("refusal", [RepositoryError("git refused"), OSError(28, "No space left"), StoreDown("gone")])
async def test_an_agent_that_fails_to_attend_is_asked_again_at_the_next_message_and_only_then(
    store: HouseStore, refusal: Exception
) -> None:
    agent = HouseAgent()
    agent.refusal = refusal
    async with at_work(store, agent) as session:
        assert agent.attempts == 1
        (told,) = await lines(session)
        assert told.startswith("error: ")
        assert told.endswith("Send another message to try again.")
        await session.post("first")
        await at_rest(session)
        assert agent.attempts == 2
        assert [line.split(":")[0] for line in await lines(session)] == ["error", "user", "error"]
        agent.refusal = None
        await session.post("second")
        await at_rest(session)
        assert agent.attempts == 3
        assert agent.heard == [["first", "second"]], "what nobody could answer is answered with what comes next"
        assert session.attendant is not None


async def test_an_agent_that_is_asked_again_is_given_the_log_without_what_it_is_about_to_hear(
    store: HouseStore,
) -> None:
    agent = HouseAgent()
    agent.refusal = RepositoryError("git refused")
    async with at_work(store, agent) as session:
        agent.refusal = None
        await session.post("hello")
        await at_rest(session)
    assert agent.histories == [["git refused. Send another message to try again."]]
    assert agent.heard == [["hello"]]


# ------------------------------------------------------------------------------------------------------------ state


async def test_an_illegal_transition_fails_loudly(store: HouseStore) -> None:
    async def turn(session: SessionHandle, prompts: Sequence[Message]) -> None:
        session.enter(AgentState.RUNNING_TOOL)

    async with at_work(store, HouseAgent(turn)) as session:
        with pytest.raises(IllegalTransition):
            session.enter(AgentState.RUNNING_TOOL)
        await session.post("hello")
        await at_rest(session)
        assert "no arrow from SendingToLLM to RunningTool" in (await lines(session))[-1]
        assert state_of(session) == "WaitingForUserInput"


@pytest.mark.parametrize("ending", ["returns", "raises", "cancelled"])
@pytest.mark.parametrize("reached", REACHED_IN_TURNS, ids=lambda state: state.value)
async def test_a_turn_that_breaks_off_in_any_state_ends_waiting_by_the_table_s_arrows(
    store: HouseStore, reached: AgentState, ending: str
) -> None:
    async def turn(handle: SessionHandle, prompts: Sequence[Message]) -> None:
        assert isinstance(handle, Session)
        handle.go_to(reached)
        if ending == "raises":
            raise ValueError("broken off")
        if ending == "cancelled":
            await trio.sleep_forever()

    async with at_work(store, HouseAgent(turn)) as session:
        states = watch_states(session)
        await session.post("hello")
        await wait_all_tasks_blocked()
        if ending == "cancelled":
            await session.cancel()
        await at_rest(session)
        assert session.state is AgentState.WAITING_FOR_USER_INPUT
    for before, after in itertools.pairwise(states):
        assert after in TRANSITIONS[before], (before, after)


async def test_what_the_agent_does_is_counted_in_the_state(store: HouseStore) -> None:
    goes_on = trio.Event()

    async def turn(session: SessionHandle, prompts: Sequence[Message]) -> None:
        message = await session.record(calling("bash", "patch"))
        async with session.asking_model(), session.running_tool(message.tool_calls[0]):
            await goes_on.wait()

    async with at_work(store, HouseAgent(turn)) as session:
        await session.post("hello")
        await wait_all_tasks_blocked()
        state = session.snapshot()
        assert (state.outstanding_llm_calls, state.outstanding_tool_calls) == (1, ("bash",))
        goes_on.set()
        await at_rest(session)
        state = session.snapshot()
        assert (state.outstanding_llm_calls, state.outstanding_tool_calls) == (0, ())


async def test_connected_clients_are_counted(store: HouseStore) -> None:
    async with at_work(store, HouseAgent()) as session:
        version = session.signal.version
        async with session.watched(), session.watched():
            assert session.snapshot().streams == 2
            assert session.signal.version > version
        assert session.snapshot().streams == 0


async def test_usage_is_summed_with_the_uses_of_each_tool_and_found_again(store: HouseStore) -> None:
    used = Usage(input_tokens=10, output_tokens=3, cache_read_input_tokens=5, cost_usd=0.25)

    async def turn(session: SessionHandle, prompts: Sequence[Message]) -> None:
        await session.record(msgspec.structs.replace(calling("bash", "patch", "bash"), usage=used))
        await session.record(Message(type="agent", content="done", end_of_turn=True, usage=used))

    async with at_work(store, HouseAgent(turn)) as session:
        await session.post("hello")
        await at_rest(session)
        total = session.snapshot().total_usage
    assert (total.messages, total.input_tokens, total.output_tokens) == (2, 20, 6)
    assert (total.total_cost_usd, total.tool_uses) == (0.5, {"bash": 2, "patch": 1})
    async with at_work(store, HouseAgent()) as session:
        assert session.snapshot().total_usage == total


async def test_facts_that_were_described_are_kept_and_those_that_were_shown_are_seen(store: HouseStore) -> None:
    async with at_work(store, HouseAgent()) as session:
        await session.describe(Facts(title="A title"), {"branch": "b"})
        session.show(Facts(title="Shown"))
        assert session.snapshot().title == "Shown"
        await session.describe(session.facts)
        assert session.notes == {"branch": "b"}
    async with at_work(store, HouseAgent()) as session:
        assert session.facts.title == "Shown"
        assert session.notes == {"branch": "b"}


async def test_changes_made_at_once_do_not_undo_each_other(store: HouseStore) -> None:
    async with at_work(store, HouseAgent()) as session:
        store.gate = trio.Event()
        async with trio.open_nursery() as nursery:
            nursery.start_soon(session.describe, Facts(slug="a-slug"), {"branch": "b"})
            await wait_all_tasks_blocked()
            nursery.start_soon(lambda: session.keep(title="The user's"))
            await wait_all_tasks_blocked()
            store.gate.set()
        assert (session.kept.title, session.kept.facts.slug) == ("The user's", "a-slug")
        assert (await store.sessions())[0] == session.kept


async def test_text_that_is_written_is_dropped_when_the_answer_is_recorded_and_when_the_turn_ends(
    store: HouseStore,
) -> None:
    goes_on = trio.Event()

    async def turn(session: SessionHandle, prompts: Sequence[Message]) -> None:
        session.write("content", "Hel")
        await session.record(auto("in between"))
        await goes_on.wait()
        await session.record(Message(type="agent", content="Hello"))
        assert isinstance(session, Session)
        assert not session.live.parts
        session.write("content", "never finished")

    async with at_work(store, HouseAgent(turn)) as session:
        await session.post("hello")
        await wait_all_tasks_blocked()
        assert session.live.parts["content"].since(0) == "Hel"
        goes_on.set()
        await at_rest(session)
        assert (await lines(session))[-1] == "agent: Hello"
        assert not session.live.parts


async def test_no_text_is_left_where_the_state_says_that_nobody_works(store: HouseStore) -> None:
    """Clients take text off the screen with such a State: what came after it would go on where nothing stands."""
    beside: list[tuple[AgentState, bool]] = []

    async def turn(session: SessionHandle, prompts: Sequence[Message]) -> None:
        session.write("content", "never finished")
        store.refusal = StoreFull("no room")
        raise RuntimeError("broken off")

    async def look(session: Session) -> None:
        while True:
            await session.signal.wait_past(session.signal.version)
            beside.append((session.state, bool(session.live.parts)))

    async with at_work(store, HouseAgent(turn)) as session, trio.open_nursery() as nursery:
        nursery.start_soon(look, session)
        await session.post("hello")
        await at_rest(session)
        nursery.cancel_scope.cancel()
    assert any(written for _, written in beside)
    assert (AgentState.WAITING_FOR_USER_INPUT, True) not in beside


async def test_text_is_dropped_where_an_agent_ends_its_turn_itself(store: HouseStore) -> None:
    async def turn(session: SessionHandle, prompts: Sequence[Message]) -> None:
        session.write("content", "never finished")
        session.end_turn(AgentState.ERROR)
        assert isinstance(session, Session)
        assert not session.live.parts

    async with at_work(store, HouseAgent(turn)) as session:
        await session.post("hello")
        await at_rest(session)
        assert (await lines(session)) == ["user: hello"]


async def test_every_text_of_a_message_is_made_fit_for_the_wire(store: HouseStore) -> None:
    async with at_work(store, HouseAgent()) as session:
        await session.record(Message(type="tool", tool_result="a\ud800", display={"kind": "x", "lines": ["\udfff"]}))
        (message,) = await logged(session)
    assert message.tool_result == "a\ufffd"
    assert message.display == {"kind": "x", "lines": ["\ufffd"]}


async def test_a_message_costs_no_more_in_a_long_log(store: HouseStore, autojump_clock: MockClock) -> None:
    async with at_work(store, HouseAgent()) as session:
        for _ in range(2000):
            await session.record(auto("a"))
        reads, saves = store.reads, store.saves
        await session.record(auto("b"))
        session.state_json(session.log.cursor)
        assert (store.reads, store.saves, store.groups[-1]) == (reads, saves, 1)


async def test_store_errors_reach_those_who_record(store: HouseStore) -> None:
    async with at_work(store, HouseAgent()) as session:
        store.refusal = StoreDown("gone")
        with pytest.raises(StoreError):
            await session.record(auto("a"))
        with pytest.raises(StoreError):
            await session.keep(title="new")
        assert session.kept.title == ""
