from __future__ import annotations

import functools
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager

import pytest
import trio
import trio.testing

from tests.runtime.house import HouseStore, at_rest, at_work, lines, logged, watch_states
from trio_agent import from_iterator
from trio_agent.core.errors import ConfigError, StoreFull
from trio_agent.core.machine import AgentState
from trio_agent.core.message import Message, ToolCall
from trio_agent.iterator_agent import CLOSE_S, Answering
from trio_agent.runtime.session import Session
from trio_agent.seams import SessionHandle


@asynccontextmanager
async def answered_by(fn: Answering, store: HouseStore | None = None) -> AsyncIterator[Session]:
    async with at_work(store or HouseStore(), from_iterator(fn)) as session:
        yield session


async def hello(message: str) -> AsyncIterator[str]:
    yield "Hello "
    yield message


async def hang(message: str) -> AsyncIterator[str]:
    yield "so far"
    await trio.sleep_forever()


async def test_what_is_yielded_is_one_message_that_ends_the_turn(autojump_clock: trio.testing.MockClock) -> None:
    async with answered_by(hello) as session:
        states = watch_states(session)
        await session.post("world")
        await at_rest(session)
        assert await lines(session) == ["user: world", "agent: Hello world"]
        answer = (await logged(session))[1]
        assert answer.end_of_turn
        assert states == [
            AgentState.WAITING_FOR_USER_INPUT,
            AgentState.SENDING_TO_LLM,
            AgentState.PROCESSING_LLM_RESPONSE,
            AgentState.END_OF_TURN,
            AgentState.WAITING_FOR_USER_INPUT,
        ]


async def test_the_ending_message_tells_how_long_the_turn_took(autojump_clock: trio.testing.MockClock) -> None:
    async def slow(message: str) -> AsyncIterator[str]:
        await trio.sleep(3)
        yield "done"

    async with answered_by(slow) as session:
        await session.post("go")
        await at_rest_in_time(session)
        assert (await logged(session))[1].turnDuration == pytest.approx(3e9)


async def at_rest_in_time(session: Session) -> None:
    """For turns that wait on the clock: `at_rest` would look before they have."""
    while session.running or session.prompts.ready:
        await session.signal.wait_past(session.signal.version)


async def test_text_is_shown_as_it_is_yielded(autojump_clock: trio.testing.MockClock) -> None:
    async with answered_by(hang) as session:
        await session.post("go")
        await trio.testing.wait_all_tasks_blocked()
        assert session.live.parts["content"].since(0) == "so far"
        assert session.state is AgentState.PROCESSING_LLM_RESPONSE
        await session.cancel("enough")
        assert session.live.parts == {}


async def test_messages_are_recorded_as_they_stand_between_the_texts(autojump_clock: trio.testing.MockClock) -> None:
    call = ToolCall(name="dice", input="{}", tool_call_id="1")

    async def rolling(message: str) -> AsyncIterator[str | Message]:
        yield "I roll."
        yield Message(type="agent", tool_calls=(call,))
        yield Message(type="tool", tool_name="dice", tool_call_id="1", tool_result="4")
        yield "It is "
        yield "4."

    async with answered_by(rolling) as session:
        await session.post("roll")
        await at_rest(session)
        assert await lines(session) == ["user: roll", "agent: I roll.", "agent: ", "tool: 4", "agent: It is 4."]
        assert [message.end_of_turn for message in await logged(session)] == [False, False, False, False, True]


async def test_a_message_is_in_the_log_when_the_generator_goes_on(autojump_clock: trio.testing.MockClock) -> None:
    seen: list[list[str]] = []

    async def looking(message: str, session: SessionHandle) -> AsyncIterator[str | Message]:
        yield Message(content="one")
        seen.append([each.content for each in await session.history()])

    async with answered_by(looking) as session:
        await session.post("go")
        await at_rest(session)
    assert seen == [["go", "one"]]


async def test_a_generator_that_says_nothing_ends_its_turn(autojump_clock: trio.testing.MockClock) -> None:
    async def mute(message: str) -> AsyncIterator[str]:
        return
        yield

    store = HouseStore()
    async with answered_by(mute, store) as session:
        await session.post("hello?")
        await at_rest(session)
        assert session.state is AgentState.WAITING_FOR_USER_INPUT
    async with answered_by(mute, store) as session:
        assert await lines(session) == ["user: hello?"]


async def test_each_of_several_messages_is_answered_and_the_last_answer_ends_the_turn(
    autojump_clock: trio.testing.MockClock,
) -> None:
    store = HouseStore()
    async with answered_by(hello, store) as session:
        store.gate = trio.Event()
        async with trio.open_nursery() as nursery:
            for name in ("Ada", "Bob"):
                nursery.start_soon(session.post, name)
            await trio.testing.wait_all_tasks_blocked()
            store.gate.set()
        await at_rest(session)
        answers = [message for message in await logged(session) if message.type == "agent"]
        assert sorted(answer.content for answer in answers) == ["Hello Ada", "Hello Bob"]
        assert [answer.end_of_turn for answer in answers] == [False, True]


async def test_what_is_said_meanwhile_is_answered_next(autojump_clock: trio.testing.MockClock) -> None:
    go_on = trio.Event()

    async def waiting(message: str) -> AsyncIterator[str]:
        await go_on.wait()
        yield message

    async with answered_by(waiting) as session:
        await session.post("one")
        await trio.testing.wait_all_tasks_blocked()
        await session.post("two")
        go_on.set()
        await at_rest(session)
        assert await lines(session) == ["user: one", "user: two", "agent: one", "agent: two"]


async def test_a_generator_that_wants_the_session_gets_it(autojump_clock: trio.testing.MockClock) -> None:
    async def counting(message: str, session: SessionHandle) -> AsyncIterator[str]:
        yield f"{len(await session.history())} so far"

    async with answered_by(counting) as session:
        for _ in range(2):
            await session.post("count")
            await at_rest(session)
        assert [each.content for each in await logged(session) if each.type == "agent"] == ["1 so far", "3 so far"]


async def test_an_exception_becomes_an_error_and_what_was_said_is_kept(autojump_clock: trio.testing.MockClock) -> None:
    async def failing(message: str) -> AsyncIterator[str]:
        yield "half an ans"
        raise KeyError("it broke")

    async with answered_by(failing) as session:
        await session.post("go")
        await at_rest(session)
        said = await logged(session)
        assert (said[1].content, said[1].end_of_turn) == ("half an ans", False)
        assert said[1].display == {"kind": "cut_off", "why": "the agent failed"}
        assert said[2].type == "error"
        assert "KeyError: 'it broke'" in said[2].content
        assert len(said) == 3
        await session.post("again")
        await at_rest(session)
        assert len(await logged(session)) == 6


async def test_a_cancelled_answer_is_kept_as_far_as_it_came(autojump_clock: trio.testing.MockClock) -> None:
    store = HouseStore()
    async with answered_by(hang, store) as session:
        states = watch_states(session)
        await session.post("go")
        await trio.testing.wait_all_tasks_blocked()
        await session.cancel("enough")
        said = await logged(session)
        assert [message.content for message in said] == ["go", "so far", "Cancelled: enough"]
        assert (said[1].end_of_turn, said[1].display) == (False, {"kind": "cut_off", "why": "cancelled: enough"})
        assert AgentState.CANCELLED in states
    async with answered_by(hello, store) as session:
        assert len(await logged(session)) == 3
        await session.post("next")
        await at_rest(session)
        assert (await lines(session))[-1] == "agent: Hello next"


async def test_a_generator_that_was_running_when_the_process_died_is_told_as_interrupted(
    autojump_clock: trio.testing.MockClock,
) -> None:
    store = HouseStore()
    async with answered_by(hang, store) as session:
        await session.post("go")
        await trio.testing.wait_all_tasks_blocked()
        store.refusal = StoreFull("as good as dead")
    store.refusal = None
    async with answered_by(hello, store) as session:
        said = await logged(session)
        assert [message.type for message in said] == ["user", "error"]
        assert "restarted" in said[1].content


async def test_cancelled_in_the_middle_a_generator_is_closed_before_the_cancel_is_answered(
    autojump_clock: trio.testing.MockClock,
) -> None:
    closed: list[str] = []

    async def tidy(message: str) -> AsyncIterator[str]:
        try:
            yield "so far"
            await trio.sleep_forever()
        finally:
            closed.append(message)

    async with answered_by(tidy) as session:
        await session.post("go")
        await trio.testing.wait_all_tasks_blocked()
        await session.cancel()
        assert closed == ["go"]


async def test_a_generator_that_never_waits_can_be_cancelled_and_its_finally_may_wait(
    autojump_clock: trio.testing.MockClock,
) -> None:
    closed: list[float] = []

    async def chattering(message: str) -> AsyncIterator[str]:
        try:
            while True:
                yield "x"
        finally:
            await trio.sleep(CLOSE_S / 2)
            closed.append(trio.current_time())

    async with answered_by(chattering) as session:
        await session.post("go")
        while not session.live.parts:
            await session.signal.wait_past(session.signal.version)
        await session.cancel("enough")
        assert len(closed) == 1
        said = await logged(session)
        assert set(said[1].content) == {"x"}
        assert said[2].content == "Cancelled: enough"


async def test_a_generator_that_does_not_close_is_left_after_a_while(autojump_clock: trio.testing.MockClock) -> None:
    async def clinging(message: str) -> AsyncIterator[str]:
        try:
            while True:
                yield "x"
        finally:
            await trio.sleep_forever()

    async with answered_by(clinging) as session:
        await session.post("go")
        while not session.live.parts:
            await session.signal.wait_past(session.signal.version)
        begun = trio.current_time()
        await session.cancel("enough")
        assert trio.current_time() - begun == pytest.approx(CLOSE_S, abs=0.1)
        assert (await lines(session))[-1] == "error: Cancelled: enough"


@pytest.mark.parametrize("waits", [False, True])
async def test_the_last_words_of_a_cancelled_generator_are_kept(
    autojump_clock: trio.testing.MockClock, waits: bool
) -> None:
    async def polite(message: str) -> AsyncIterator[str]:
        try:
            while True:
                yield "x"
                if waits:
                    await trio.sleep_forever()
        finally:
            yield "!"

    async with answered_by(polite) as session:
        await session.post("go")
        while not session.live.parts:
            await session.signal.wait_past(session.signal.version)
        await trio.testing.wait_all_tasks_blocked() if waits else await trio.lowlevel.checkpoint()
        await session.cancel("enough")
        said = await logged(session)
        assert said[1].content.endswith("x!")
        assert said[2].content == "Cancelled: enough"


async def test_a_generator_that_swallows_its_cancellation_is_cancelled_all_the_same(
    autojump_clock: trio.testing.MockClock,
) -> None:
    async def deaf(message: str) -> AsyncIterator[str]:
        try:
            await trio.sleep_forever()
        except trio.Cancelled:
            return
        yield ""

    async with answered_by(deaf) as session:
        await session.post("go")
        await trio.testing.wait_all_tasks_blocked()
        await session.cancel("enough")
        assert await lines(session) == ["user: go", "error: Cancelled: enough"]


async def test_a_generator_may_yield_within_a_timeout_of_its_own(autojump_clock: trio.testing.MockClock) -> None:
    async def timed(message: str) -> AsyncIterator[str]:
        with trio.move_on_after(1) as scope:
            while True:
                yield "."
                await trio.sleep(0.4)
        yield f" {scope.cancelled_caught}"

    async with answered_by(timed) as session:
        await session.post("go")
        await at_rest_in_time(session)
        assert (await lines(session))[1] == "agent: ... True"


async def test_a_timeout_that_strikes_while_an_item_is_taken_strikes_in_the_generator(
    autojump_clock: trio.testing.MockClock,
) -> None:
    async def spent(message: str) -> AsyncIterator[str]:
        with trio.CancelScope() as scope:
            scope.cancel()
            yield "one"
            yield "never"
        yield " two"

    async with answered_by(spent) as session:
        await session.post("go")
        await at_rest(session)
        assert (await lines(session))[1] == "agent: one two"


async def test_a_generator_may_yield_within_a_nursery(autojump_clock: trio.testing.MockClock) -> None:
    async def parallel(message: str) -> AsyncIterator[str]:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(trio.sleep_forever)
            while True:
                yield "."
                if message == "fail":
                    nursery.start_soon(failing_task)
                    await trio.sleep_forever()

    async def failing_task() -> None:
        await trio.lowlevel.checkpoint()
        raise ValueError("in a child")

    async with answered_by(parallel) as session:
        await session.post("fail")
        await at_rest(session)
        assert "ValueError: in a child" in (await lines(session))[-1]
        await session.post("go")
        while not session.live.parts:
            await session.signal.wait_past(session.signal.version)
        await session.cancel("enough")
        assert (await lines(session))[-1] == "error: Cancelled: enough"


async def test_a_generator_hears_that_the_disk_is_full(autojump_clock: trio.testing.MockClock) -> None:
    store = HouseStore()

    async def careful(message: str) -> AsyncIterator[str | Message]:
        store.refusal = StoreFull("no room")
        try:
            yield Message(content="lost")
        except StoreFull:
            store.refusal = None
            yield "There was no room."

    async with answered_by(careful, store) as session:
        await session.post("go")
        await at_rest(session)
        assert await lines(session) == ["user: go", "agent: There was no room."]


@pytest.mark.parametrize(
    ("item", "complaint"),
    [(b"bytes", "not bytes"), (None, "not NoneType"), (Message(type="user", content="me"), "users")],
)
async def test_what_is_neither_text_nor_a_message_is_told_to_the_user(
    autojump_clock: trio.testing.MockClock, item: str, complaint: str
) -> None:
    async def odd(message: str) -> AsyncIterator[str]:
        yield item

    async with answered_by(odd) as session:
        await session.post("go")
        await at_rest(session)
        assert [message.type for message in await logged(session)] == ["user", "error"]
        assert complaint in (await lines(session))[1]


async def test_it_makes_no_commits(autojump_clock: trio.testing.MockClock) -> None:
    async with answered_by(hello) as session:
        assert session.attendant is not None
        assert await session.attendant.diff("") == ""


def sync_generator(message: str) -> Iterator[str]:
    yield message


async def coroutine(message: str) -> str:
    return message


async def takes_nothing() -> AsyncIterator[str]:
    yield ""


async def takes_three(message: str, session: SessionHandle, more: str) -> AsyncIterator[str]:
    yield more


@pytest.mark.parametrize(
    ("fn", "complaint"),
    [
        (sync_generator, "sync_generator is not an `async def`"),
        (coroutine, "coroutine has no `yield`"),
        (takes_nothing, r"it takes \(\)"),
        (takes_three, "takes_three"),
        (hello("called"), "is not an `async def`"),
    ],
)
def test_what_cannot_be_an_agent_is_refused_when_it_is_given(fn: Answering, complaint: str) -> None:
    with pytest.raises(ConfigError, match=complaint):
        from_iterator(fn)


class Greeter:
    async def __call__(self, message: str) -> AsyncIterator[str]:
        yield "called"

    async def method(self, message: str, session: SessionHandle) -> AsyncIterator[str]:
        yield "method of " + session.id


async def greet(greeting: str, message: str, *, mark: str = "!") -> AsyncIterator[str]:
    yield f"{greeting} {message}{mark}"


async def with_default(message: str, mark: str = "?") -> AsyncIterator[str]:
    yield message + mark


@pytest.mark.parametrize(
    ("fn", "answer"),
    [
        (Greeter(), "called"),
        (Greeter().method, "method of"),
        (functools.partial(greet, "Hello"), "Hello you!"),
        (with_default, "you?"),
    ],
)
async def test_anything_that_makes_such_a_generator_will_do(
    autojump_clock: trio.testing.MockClock, fn: Answering, answer: str
) -> None:
    async with answered_by(fn) as session:
        await session.post("you")
        await at_rest(session)
        assert answer in (await lines(session))[1]


@pytest.mark.parametrize("end", [SystemExit(3), GeneratorExit(), KeyboardInterrupt()])
async def test_what_would_end_the_program_fails_the_turn_alone(end: BaseException) -> None:
    async def quitting(message: str) -> AsyncIterator[str]:
        yield "so far"
        if message == "go":
            raise end

    async with answered_by(quitting) as session:
        for words in ("go", "again"):
            await session.post(words)
            await at_rest(session)
        told = await lines(session)
    assert told[:2] == ["user: go", "agent: so far"]
    assert told[2].startswith(f"error: The agent failed: RuntimeError: it raised {type(end).__name__}.")
    assert told[3:] == ["user: again", "agent: so far"]
