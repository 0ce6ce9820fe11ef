"""An agent that looks at the user's words before they become a turn; and words that come while it asks for some."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager

import pytest
import trio
from trio.testing import wait_all_tasks_blocked

from tests.runtime.house import HouseAgent, HouseStore, at_rest, at_work, calling, lines, logged, watch_states
from trio_agent.core.machine import AgentState
from trio_agent.core.message import Message
from trio_agent.runtime.session import Session
from trio_agent.seams import Attendant, SessionHandle


@pytest.fixture
def store() -> HouseStore:
    return HouseStore()


Prepare = Callable[[SessionHandle, Sequence[Message]], object]


class Careful(HouseAgent):
    """An agent that does what begins with a slash by itself."""

    def __init__(self) -> None:
        super().__init__()
        self.goes_on = trio.Event()
        self.goes_on.set()
        self.failure: Exception | None = None

    @asynccontextmanager
    async def attend(self, session: SessionHandle, history: Sequence[Message]) -> AsyncIterator[Attendant]:
        async with super().attend(session, history) as attendant:

            async def prepare(prompts: Sequence[Message]) -> Sequence[Message]:
                await self.goes_on.wait()
                if self.failure is not None:
                    raise self.failure
                for prompt in prompts:
                    if prompt.content.startswith("/"):
                        session.enter(AgentState.COMPACTING)
                        await session.record(Message(type="auto", content=f"did {prompt.content}"))
                        session.enter(AgentState.WAITING_FOR_USER_INPUT)
                return [prompt for prompt in prompts if not prompt.content.startswith("/")]

            attendant.prepare = prepare  # type: ignore[attr-defined]
            yield attendant


async def test_what_is_left_becomes_a_turn(store: HouseStore) -> None:
    agent = Careful()
    agent.goes_on = trio.Event()
    async with at_work(store, agent) as session:
        states = watch_states(session)
        await session.post("/do")
        await session.post("hello")
        await wait_all_tasks_blocked()
        assert session.running
        assert session.state is AgentState.WAITING_FOR_USER_INPUT
        agent.goes_on.set()
        await at_rest(session)
        assert agent.heard == [["hello"]]
        assert await lines(session) == ["user: /do", "user: hello", "auto: did /do", "agent: to hello"]
    assert [state.value for state in states[1:5]] == [
        "Compacting",
        "WaitingForUserInput",
        "SendingToLLM",
        "ProcessingLLMResponse",
    ]


async def test_where_nothing_is_left_there_is_no_turn_and_nothing_was_interrupted(store: HouseStore) -> None:
    agent = Careful()
    async with at_work(store, agent) as session:
        states = watch_states(session)
        await session.post("/do")
        await at_rest(session)
        told = await lines(session)
        assert AgentState.SENDING_TO_LLM not in states
    assert agent.heard == []
    async with at_work(store, Careful()) as session:
        assert await lines(session) == told == ["user: /do", "auto: did /do"]


async def test_it_is_cancelled_like_a_turn(store: HouseStore) -> None:
    agent = Careful()
    agent.goes_on = trio.Event()
    async with at_work(store, agent) as session:
        await session.post("hello")
        await wait_all_tasks_blocked()
        assert session.cancel_reason == ""
        await session.cancel("stop")
        assert await lines(session) == ["user: hello", "error: Cancelled: stop"]
        assert session.state is AgentState.WAITING_FOR_USER_INPUT


async def test_it_fails_like_a_turn(store: HouseStore) -> None:
    agent = Careful()
    agent.failure = RuntimeError("a bug")
    async with at_work(store, agent) as session:
        await session.post("hello")
        await at_rest(session)
        assert (await lines(session))[1].startswith("error: The agent failed: RuntimeError: a bug.")
        assert session.state is AgentState.WAITING_FOR_USER_INPUT


async def test_a_process_that_dies_in_it_says_that_the_words_were_interrupted(store: HouseStore) -> None:
    agent = Careful()
    agent.goes_on = trio.Event()
    async with at_work(store, agent) as session:
        await session.post("hello")
        await wait_all_tasks_blocked()
    async with at_work(store, HouseAgent()) as session:
        assert (await lines(session))[-1].startswith("error: trio-agent was restarted")


async def test_why_a_turn_is_stopped_is_known_while_it_stops(store: HouseStore) -> None:
    reasons: list[str] = []

    async def turn(session: SessionHandle, prompts: Sequence[Message]) -> None:
        reasons.append(session.cancel_reason)
        try:
            await trio.sleep_forever()
        finally:
            reasons.append(session.cancel_reason)

    async with at_work(store, HouseAgent(turn)) as session:
        await session.post("hello")
        await wait_all_tasks_blocked()
        await session.cancel("enough")
        assert reasons == ["", "enough"]
        assert session.cancel_reason == ""


async def test_words_of_a_turn_that_was_cancelled_before_it_began_wait_for_the_next(store: HouseStore) -> None:
    agent = HouseAgent()
    async with at_work(store, agent) as session:
        # While something else of the session is kept, it cannot be noted that a turn begins.
        async with trio.open_nursery() as nursery, session._keeping:
            await session.post("first")
            await wait_all_tasks_blocked()
            assert session.running
            nursery.start_soon(session.cancel)
            await wait_all_tasks_blocked()
        assert agent.heard == []
        await session.post("second")
        await at_rest(session)
    assert agent.heard == [["first", "second"]]


async def test_a_reply_is_the_first_message_after_the_question_and_is_given_out_once(store: HouseStore) -> None:
    got: list[str] = []

    async def turn(session: SessionHandle, prompts: Sequence[Message]) -> None:
        assert isinstance(session, Session)
        if prompts[0].content != "hello":
            got.append(f"turn on {prompts[0].content}")
            return
        await session.post("before")
        question = await session.record(Message(type="auto", content="which?"))
        got.append((await session.wait_reply(question)).content)
        got.append((await session.wait_reply(question)).content)
        assert session.kept.taken <= 1, "what waits has not been taken up"

    async with at_work(store, HouseAgent(turn)) as session:
        await session.post("hello")
        await wait_all_tasks_blocked()
        await session.post("red")
        await wait_all_tasks_blocked()
        await session.post("blue")
        await at_rest(session)
        assert got == ["red", "blue", "turn on before"]
        assert session.kept.taken == 5


async def test_a_reply_that_nobody_waits_for_any_more_is_a_prompt(store: HouseStore) -> None:
    async def turn(session: SessionHandle, prompts: Sequence[Message]) -> None:
        if prompts[0].content == "hello":
            await session.wait_reply(await session.record(Message(type="auto", content="which?")))

    agent = HouseAgent(turn)
    async with at_work(store, agent) as session:
        await session.post("hello")
        await wait_all_tasks_blocked()
        await session.cancel()
        await session.post("red")
        await at_rest(session)
    assert agent.heard == [["hello"], ["red"]]


async def test_words_are_taken_along_up_to_one_that_must_wait(store: HouseStore) -> None:
    taken: list[list[str]] = []

    async def turn(session: SessionHandle, prompts: Sequence[Message]) -> None:
        assert isinstance(session, Session)
        if prompts[0].content == "hello":
            for words in ("a", "b", "/c", "d"):
                await session.post(words)
            for _ in range(2):
                along = session.take_prompts(until=lambda message: message.content.startswith("/"))
                taken.append([message.content for message in along])

    agent = HouseAgent(turn)
    async with at_work(store, agent) as session:
        await session.post("hello")
        await at_rest(session)
    assert taken == [["a", "b"], []]
    assert agent.heard == [["hello"], ["/c", "d"]]


async def test_the_history_is_the_log_without_what_waits(store: HouseStore) -> None:
    seen: list[list[str]] = []

    async def turn(session: SessionHandle, prompts: Sequence[Message]) -> None:
        assert isinstance(session, Session)
        if prompts[0].content == "hello":
            await session.post("later")
            await session.record(calling("bash"))
            (closed,) = await session.close_open_calls("over")
            assert closed == (await logged(session))[-1]
            seen.append([f"{each.type} {each.content}{each.tool_result}" for each in await session.history()])

    async with at_work(store, HouseAgent(turn)) as session:
        await session.post("hello")
        await at_rest(session)
    assert seen == [["user hello", "agent ", "tool over"]]


async def test_a_model_that_was_chosen_is_kept(store: HouseStore) -> None:
    async with at_work(store, HouseAgent()) as session:
        await session.choose_model("other")
        assert session.model == "other"
    async with at_work(store, HouseAgent()) as session:
        assert session.model == "other"


async def test_a_sub_agent_s_answer_leaves_the_text_that_is_being_written(store: HouseStore) -> None:
    async def turn(session: SessionHandle, prompts: Sequence[Message]) -> None:
        session.write("content", "half an ans")
        await session.record(Message(type="agent", conversation_id="sub", parent_conversation_id=session.id))
        await trio.sleep_forever()

    async with at_work(store, HouseAgent(turn)) as session:
        await session.post("hello")
        await wait_all_tasks_blocked()
        assert "content" in session.live.parts
