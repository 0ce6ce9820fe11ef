"""What a session is called: by the user's first words at once, and by the model's name for them when that comes."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from pathlib import Path

import pytest
import trio
from trio.testing import MockClock, wait_all_tasks_blocked

from tests.agent.desk import Desk, FakeModel, FakeTool, Step, calls, says, tells
from tests.runtime.house import HouseStore, at_rest, lines, logged
from tests.standins.anthropic_server import serve_anthropic
from tests.standins.gemini_server import serve_gemini
from tests.standins.openai_server import serve_openai
from tests.standins.planned_server import Plan, PlannedServer
from trio_agent.agent.naming import INSTRUCTIONS, MAX_WORDS_CHARS, NAME_S, name_in
from trio_agent.core.budget import Budget
from trio_agent.core.errors import ProviderError
from trio_agent.models.anthropic import AnthropicWire
from trio_agent.models.gemini import GeminiWire
from trio_agent.models.openai import ChatWire, ResponsesWire
from trio_agent.models.streamed import StreamedModel
from trio_agent.models.wire import Wire
from trio_agent.seams import Answer, ModelRequest, OnText, OnUsage, Toolbench, ToolResult, unheard


@pytest.fixture
def store() -> HouseStore:
    return HouseStore()


class NamingModel(FakeModel):
    """One that takes asides, and answers those by `name`: its words, or what it does instead."""

    takes_asides = True

    def __init__(self, *steps: Step) -> None:
        super().__init__(*steps)
        self.asides: list[ModelRequest] = []
        self.name_given: Step = says("Fix Word Count", cost=0.01)

    async def answer(self, request: ModelRequest, on_text: OnText, on_usage: OnUsage = unheard) -> Answer:
        if request.system != INSTRUCTIONS:
            return await super().answer(request, on_text, on_usage)
        self.asides.append(request)
        return await FakeModel(self.name_given).answer(request, on_text, on_usage)


class Asked(StreamedModel):
    """One that takes asides though its server is no provider's: a stand-in."""

    takes_asides = True


class NamedDesk(Desk):
    model: NamingModel

    def __init__(self, tmp_path: Path, *steps: Step, budget: Budget | None = None) -> None:
        super().__init__(tmp_path, budget=budget)
        self.model = NamingModel(*steps)


def after(event: trio.Event, answer: Answer) -> Callable[[ModelRequest, OnText], Awaitable[Answer]]:
    """A step that waits."""

    async def step(request: ModelRequest, on_text: OnText) -> Answer:
        on_text("content", "half ")
        await event.wait()
        return answer

    return step


async def test_the_model_s_name_takes_the_place_of_the_first_words(store: HouseStore, tmp_path: Path) -> None:
    asked = trio.Event()
    desk = NamedDesk(tmp_path, after(asked, calls("bash")), says("Done."), says("More."))

    async def commit(input: bytes, bench: Toolbench) -> ToolResult:
        desk.workspace.commit("a")
        return ToolResult(text="ok")

    desk.tools.append(FakeTool("bash", commit))
    async with desk.session(store) as session:
        await session.post("Why does the count of words go wrong?")
        await wait_all_tasks_blocked()
        state = session.snapshot()
        assert (state.title, state.slug) == ("Fix Word Count", "fix-word-count"), "before the first answer is there"
        asked.set()
        await at_rest(session)
        assert session.snapshot().branch_name == "trio-agent/fix-word-count"
        (told,) = [each for each in await logged(session) if each.usage and each.type == "auto"]
        assert (told.content, told.model) == ("This session is called: Fix Word Count", "fake")
        assert session.usage.total_cost_usd == pytest.approx(0.01)
        await session.post("More")
        await at_rest(session)
    assert len(desk.model.asides) == 1, "once a session"
    (turn,) = desk.model.asides[0].turns
    assert turn.text == "Why does the count of words go wrong?"
    assert desk.model.asides[0].tools == ()
    again = NamedDesk(tmp_path, says("Hello."))
    async with again.session(store) as session:
        assert session.snapshot().title == "Fix Word Count"
        await session.post("hi")
        await at_rest(session)
    assert again.model.asides == []


async def test_naming_delays_nothing_and_ends_with_the_turn(store: HouseStore, tmp_path: Path) -> None:
    desk = NamedDesk(tmp_path, says("Hello."))
    desk.model.name_given = tells("Fix Word", cost=0.02)  # and hangs
    async with desk.session(store) as session:
        await session.post("Count words")
        await at_rest(session)
        state = session.snapshot()
        assert (state.title, state.slug, state.outstanding_llm_calls) == ("Count words", "count-words", 0)
        assert (await lines(session))[1] == "agent: Hello."
        assert state.total_usage.total_cost_usd == pytest.approx(0.02), "what was asked in vain was paid for"


async def test_a_cancelled_turn_leaves_no_naming_behind(store: HouseStore, tmp_path: Path) -> None:
    desk = NamedDesk(tmp_path, tells("never ending"))
    desk.model.name_given = tells("never ending too")
    async with desk.session(store) as session:
        await session.post("Count words")
        await wait_all_tasks_blocked()
        assert session.snapshot().outstanding_llm_calls == 2
        await session.cancel()
        assert session.snapshot().outstanding_llm_calls == 0
        assert session.snapshot().total_usage.total_cost_usd == pytest.approx(0.5)


async def test_a_model_that_is_slow_with_names_is_not_waited_for(
    store: HouseStore, tmp_path: Path, autojump_clock: MockClock
) -> None:
    asked = trio.Event()
    desk = NamedDesk(tmp_path, after(asked, says("Done.")))
    desk.model.name_given = tells("never ending")
    async with desk.session(store) as session:
        await session.post("Count words")
        await trio.sleep(NAME_S + 1)
        assert session.snapshot().outstanding_llm_calls == 1
        asked.set()
        await at_rest(session)
        assert session.snapshot().title == "Count words"


@pytest.mark.parametrize(
    "given",
    [ProviderError("overloaded"), says(""), says("I am sorry, but I cannot help with that, for it is not a task.")],
)
async def test_without_a_name_the_first_words_stay(store: HouseStore, tmp_path: Path, given: Step) -> None:
    asked = trio.Event()
    desk = NamedDesk(tmp_path, after(asked, says("Done.")))
    desk.model.name_given = given
    async with desk.session(store) as session:
        await session.post("Count words")
        await wait_all_tasks_blocked()
        asked.set()
        await at_rest(session)
        assert (session.snapshot().title, session.snapshot().slug) == ("Count words", "count-words")
        assert await lines(session) == ["user: Count words", "agent: Done."]


async def test_a_name_tears_no_answer_that_is_being_written(store: HouseStore, tmp_path: Path) -> None:
    named, asked = trio.Event(), trio.Event()
    desk = NamedDesk(tmp_path, after(asked, says("half and whole")))
    desk.model.name_given = after(named, says("Fix Word Count", cost=0.01))
    async with desk.session(store) as session:
        await session.post("Count words")
        await wait_all_tasks_blocked()
        written = session.live.parts["content"]
        named.set()
        await wait_all_tasks_blocked()
        assert session.snapshot().title == "Fix Word Count"
        assert session.live.parts["content"] is written, "a message in between would take its place"
        assert await lines(session) == ["user: Count words"]
        asked.set()
        await at_rest(session)
        assert await lines(session) == [
            "user: Count words",
            "agent: half and whole",
            "auto: This session is called: Fix Word Count",
        ]


async def test_a_branch_that_has_commits_keeps_its_name(store: HouseStore, tmp_path: Path) -> None:
    named, asked = trio.Event(), trio.Event()
    desk = NamedDesk(tmp_path, calls("bash"), after(asked, says("Done.")))
    desk.model.name_given = after(named, says("Fix Word Count"))

    async def commit(input: bytes, bench: Toolbench) -> ToolResult:
        desk.workspace.commit("a")
        return ToolResult(text="ok")

    desk.tools.append(FakeTool("bash", commit))
    async with desk.session(store) as session:
        await session.post("Count words")
        await wait_all_tasks_blocked()
        named.set()
        await wait_all_tasks_blocked()
        asked.set()
        await at_rest(session)
        state = session.snapshot()
        assert (state.title, state.slug, state.branch_name) == (
            "Fix Word Count",
            "count-words",
            "trio-agent/count-words",
        )


async def test_a_name_is_no_response_of_the_budget_but_its_dollars_count(store: HouseStore, tmp_path: Path) -> None:
    asked = trio.Event()
    desk = NamedDesk(tmp_path, after(asked, says("Done.")), budget=Budget(responses=2))
    async with desk.session(store) as session:
        await session.post("Count words")
        await wait_all_tasks_blocked()
        asked.set()
        await at_rest(session)
        assert "budget" not in "".join(await lines(session))
    desk = NamedDesk(tmp_path, after(trio.Event(), says("Never.")), budget=Budget(dollars=0.01))
    async with desk.session(HouseStore()) as session:
        await session.post("Count words")
        await at_rest(session)
        assert [line for line in await lines(session) if line.startswith("budget: ")]


async def test_a_model_with_answers_laid_out_is_asked_nothing_beside(store: HouseStore, tmp_path: Path) -> None:
    desk = Desk(tmp_path, says("Hello."))
    async with desk.session(store) as session:
        await session.post("Count words")
        await at_rest(session)
        assert await lines(session) == ["user: Count words", "agent: Hello."]
    assert len(desk.model.requests) == 1


@pytest.mark.parametrize(
    ("serve", "wire"),
    [
        (serve_anthropic, AnthropicWire),
        (serve_openai, ResponsesWire),
        (serve_openai, ChatWire),
        (serve_gemini, GeminiWire),
    ],
    ids=["anthropic", "openai", "openai chat", "gemini"],
)
async def test_every_provider_is_asked_for_a_name_in_words_it_takes(
    store: HouseStore,
    tmp_path: Path,
    serve: Callable[[Plan], AbstractAsyncContextManager[PlannedServer]],
    wire: Callable[..., Wire],
) -> None:
    desk = Desk(tmp_path)
    async with serve([{"text": "one two three", "hang_after": 2}]) as server:
        server.name = "Fix Word Count"
        desk.model = Asked(wire("a-model", "a-key", base_url=server.url))  # type: ignore[assignment]
        async with desk.session(store) as session:
            await session.post("Count words")
            while session.snapshot().title != "Fix Word Count":
                await session.signal.wait_past(session.signal.version)
            await session.cancel()
        assert server.complaints == []


async def test_a_server_of_the_user_s_own_is_asked_nothing_beside(store: HouseStore, tmp_path: Path) -> None:
    desk = Desk(tmp_path, context_window=100_000)
    async with serve_openai([{"text": "Hello."}]) as server:
        server.name = "Fix Word Count"
        desk.model = StreamedModel(ChatWire("a-model", "a-key", base_url=server.url))  # type: ignore[assignment]
        async with desk.session(store) as session:
            await session.post("Count words")
            await at_rest(session)
            assert session.snapshot().title == "Count words"
            assert await lines(session) == ["user: Count words", "agent: Hello."]
    assert StreamedModel(ResponsesWire("a-model", "a-key")).takes_asides


async def test_only_the_beginning_of_long_words_is_sent(store: HouseStore, tmp_path: Path) -> None:
    desk = NamedDesk(tmp_path, says("Hello."))
    async with desk.session(store) as session:
        await session.post("word " * MAX_WORDS_CHARS)
        await at_rest(session)
    assert len(desk.model.asides[0].turns[0].text) == MAX_WORDS_CHARS


@pytest.mark.parametrize(
    ("answer", "name"),
    [
        ("Fix flaky tests", "Fix flaky tests"),
        ('  "Fix  flaky tests."\n', "Fix flaky tests"),
        ("**Fix flaky tests**", "Fix flaky tests"),
        ("`fix-flaky-tests`", "fix-flaky-tests"),
        ("# Fix flaky tests", "Fix flaky tests"),
        ("", ""),
        ("日本語", ""),
        ("Sure! Here it is:\nFix flaky tests", ""),
        ("one two three four five six seven eight nine", ""),
        ("x" * 61, ""),
        ("Fix \x1b[31mtests", ""),
        ("Fix \u202etests", ""),
    ],
)
def test_what_of_an_answer_is_a_name(answer: str, name: str) -> None:
    assert name_in(answer) == name
