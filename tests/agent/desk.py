"""What the tests of the coding agent are made with: a model that answers as told, tools that do as told, a workspace that
gives out the commits it is handed. The session, its log and its states are the real ones."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
import trio
import trio.testing

from tests.runtime.house import NOW, PROJECT
from trio_agent.agent.coding_agent import CodingAgent, ToolsOf
from trio_agent.core.budget import Budget
from trio_agent.core.errors import NotFound, ProviderError, RepositoryError
from trio_agent.core.message import Commit, ToolCall
from trio_agent.core.usage import Usage
from trio_agent.runtime.hall import open_hall
from trio_agent.runtime.session import Session
from trio_agent.seams import (
    Answer,
    Delivery,
    Formatted,
    Model,
    ModelRequest,
    Newer,
    OnText,
    OnUsage,
    Ran,
    Store,
    Survey,
    Tool,
    Toolbench,
    ToolResult,
    ToolSpec,
    unheard,
)
from trio_agent.stores.blobs import MemoryBlobs


@dataclass(frozen=True)
class Telling:
    """A step that tells its usage while it answers."""

    answer: Callable[[ModelRequest, OnText, OnUsage], Awaitable[Answer]]


Step = Answer | ProviderError | Telling | Callable[[ModelRequest, OnText], Awaitable[Answer]]


def says(text: str, *, cost: float = 0.0, tokens: int = 10) -> Answer:
    usage = Usage(input_tokens=tokens, output_tokens=1, cost_usd=cost)
    return Answer(text=text, stop_reason="end_turn", usage=usage, model="fake-1")


def calls(*names: str, cost: float = 0.0, text: str = "", input: str = "{}", id: str | None = None) -> Answer:
    """An answer that calls the tools `names`; each call's id is `id-` and the tool's name, or `id` for all."""
    tool_calls = tuple(
        ToolCall(name=name, input=input, tool_call_id=f"id-{name}" if id is None else id) for name in names
    )
    return msgspec.structs.replace(says(text, cost=cost), tool_calls=tool_calls, stop_reason="tool_use")


def tells(text: str, *, then: Exception | None = None, cost: float = 0.25, thinking: str = "") -> Telling:
    """A step that tells a part of an answer, and what that cost, and then fails or hangs."""

    async def answer(request: ModelRequest, on_text: OnText, on_usage: OnUsage) -> Answer:
        if thinking:
            on_text("thinking", thinking)
        for word in text.split(" "):
            on_text("content", f"{word} ")
        on_usage(Usage(input_tokens=7, output_tokens=2, cost_usd=cost))
        await trio.lowlevel.checkpoint()
        if then is not None:
            raise then
        await trio.sleep_forever()
        raise AssertionError

    return Telling(answer)


class FakeModel:
    """Answers by `steps`, one a request, and keeps the requests."""

    name = "fake"
    context_window = 1000
    priced = True

    def __init__(self, *steps: Step) -> None:
        self.steps = list(steps)
        self.requests: list[ModelRequest] = []

    async def answer(self, request: ModelRequest, on_text: OnText, on_usage: OnUsage = unheard) -> Answer:
        self.requests.append(request)
        await trio.lowlevel.checkpoint()
        step = self.steps.pop(0)
        if isinstance(step, ProviderError):
            raise step
        if isinstance(step, Answer):
            on_text("content", step.text)
            on_usage(step.usage)
            return step
        if isinstance(step, Telling):
            return await step.answer(request, on_text, on_usage)
        return await step(request, on_text)


class FakeTool:
    """A tool called `name` that does `work`."""

    def __init__(self, name: str, work: Callable[[bytes, Toolbench], Awaitable[ToolResult]] | str = "ok") -> None:
        self.spec = ToolSpec(name=name, description="", input_schema={"type": "object"})
        self._work = work
        self.runs = 0

    async def run(self, input: bytes, bench: Toolbench) -> ToolResult:
        self.runs += 1
        await trio.lowlevel.checkpoint()
        if isinstance(self._work, str):
            return ToolResult(text=self._work)
        return await self._work(input, bench)


async def hangs(input: bytes, bench: Toolbench) -> ToolResult:
    """A tool's work that has no end."""
    await trio.sleep_forever()
    raise AssertionError


def meeting() -> FakeTool:
    """A tool that ends once it runs twice at the same time."""
    both, running = trio.Event(), 0

    async def meet(input: bytes, bench: Toolbench) -> ToolResult:
        nonlocal running
        running += 1
        if running == 2:
            both.set()
        await both.wait()
        return ToolResult(text="met")

    return FakeTool("meet", meet)


class FakeWorkspace:
    """Gives out `fresh` at the next delivery. `slow` is where it waits: in `deliver` or `survey`."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.notes: dict[str, str] = {"kind": "fake"}
        self.fresh: list[str] = []
        self.slugs: list[str] = []
        self.surveyed = Survey(initial_commit="1" * 40)
        self.refusal: RepositoryError | None = None
        self.survey_hangs = False
        self.problem = ""
        self.late = False
        self.files: tuple[str, ...] = ()
        self.theirs: Newer | None = None

    def commit(self, name: str) -> None:
        self.fresh.insert(0, name)

    async def deliver(self, slug: str) -> Delivery:
        self.slugs.append(slug)
        await trio.lowlevel.checkpoint()
        if self.refusal is not None:
            raise self.refusal
        # No checkpoint from here: given out is given out.
        names, self.fresh = self.fresh, []
        late, self.late = self.late, False
        if not names:
            return Delivery(branch=f"trio-agent/{slug}", late=True) if late else Delivery()
        self.notes["announced"] = names[0]
        branch = "" if self.problem else f"trio-agent/{slug}"
        made = [Commit(hash=name * 40, subject=f"Commit {name}", body="") for name in names]
        made[0] = msgspec.structs.replace(made[0], pushed_branch=branch)
        return Delivery(commits=tuple(made), branch=branch, problem=self.problem, late=late, files=self.files)

    async def diff(self, commit: str) -> str:
        await trio.lowlevel.checkpoint()
        return f"diff of {commit}"

    async def survey(self) -> Survey:
        await trio.lowlevel.checkpoint()
        if self.survey_hangs:
            await trio.sleep_forever()
        return self.surveyed

    async def move_base(self, commit: str) -> str:
        await trio.lowlevel.checkpoint()
        if commit == "nonsense":
            raise NotFound("no commit nonsense")
        self.surveyed = msgspec.structs.replace(self.surveyed, initial_commit=commit or "2" * 40, lines_added=0)
        self.notes["base"] = self.surveyed.initial_commit
        return self.surveyed.initial_commit

    async def newer(self) -> Newer | None:
        await trio.lowlevel.checkpoint()
        return self.theirs

    def expect(self, newer: Newer) -> None:
        self.notes["expected"] = newer.commit


class FakeWorkspaces:
    def __init__(self, workspace: FakeWorkspace) -> None:
        self.workspace = workspace
        self.opened: list[dict[str, str]] = []
        self.removed: list[str] = []
        self.open_hangs = False

    async def open(self, session_id: str, notes: Mapping[str, str]) -> FakeWorkspace:
        await trio.lowlevel.checkpoint()
        self.opened.append(dict(notes))
        if self.open_hangs:
            await trio.sleep_forever()
        return self.workspace

    async def remove(self, session_id: str) -> None:
        await trio.lowlevel.checkpoint()
        self.removed.append(session_id)


class Desk:
    """A coding agent with its fakes."""

    def __init__(
        self,
        tmp_path: Path,
        *steps: Step,
        tools: Sequence[Tool] = (),
        budget: Budget | None = None,
        session_budget: Budget | None = None,
        context_window: int = 0,
    ) -> None:
        self.model = FakeModel(*steps)
        self.tools = list(tools)
        self.tools_closed = 0
        self.workspace = FakeWorkspace(tmp_path)
        self.workspaces = FakeWorkspaces(self.workspace)
        self.blobs = MemoryBlobs()
        self.asked_models: list[str] = []
        self.ran: list[list[str]] = []
        self.runs = Ran(exit_status=0, output="merged\n")
        self.program_hangs = False
        self.formatted: list[list[str]] = []
        self.formats: list[Formatted] = []
        self.formatting_hangs = False
        self.agent = CodingAgent(
            make_model=self._make_model,
            open_tools=self._open_tools,
            workspaces=self.workspaces,
            blobs=self.blobs,
            budget=budget or Budget(),
            session_budget=session_budget,
            context_window=context_window,
            sandbox="none",
            run_program=self._run_program,
            format_files=self._format_files,
        )

    async def _run_program(self, argv: Sequence[str], workspace: Path) -> Ran:
        self.ran.append(list(argv))
        await trio.lowlevel.checkpoint()
        if self.program_hangs:
            await trio.sleep_forever()
        return self.runs

    async def _format_files(self, workspace: Path, files: Sequence[str]) -> Formatted:
        self.formatted.append(list(files))
        await trio.lowlevel.checkpoint()
        if self.formatting_hangs:
            await trio.sleep_forever()
        return self.formats.pop(0) if self.formats else Formatted()

    def _make_model(self, name: str) -> Model:
        self.asked_models.append(name)
        return self.model

    def _tools_of(self, model: Model) -> Sequence[Tool]:
        return self.tools

    @asynccontextmanager
    async def _open_tools(self) -> AsyncIterator[ToolsOf]:
        await trio.lowlevel.checkpoint()
        try:
            yield self._tools_of
        finally:
            self.tools_closed += 1

    @asynccontextmanager
    async def session(self, store: Store) -> AsyncIterator[Session]:
        """The newest session, with the agent waiting for words."""
        async with open_hall(store, self.agent, project=PROJECT, clock=lambda: NOW) as hall:
            session = await hall.newest()
            await trio.testing.wait_all_tasks_blocked()
            yield session


def roles(request: ModelRequest) -> list[Any]:
    """The conversation as a model is asked, in short."""
    short: list[Any] = []
    for turn in request.turns:
        short += [f"{outcome.name}: {outcome.text}" for outcome in getattr(turn, "outcomes", ())]
        if turn.text:
            short.append(turn.text)
        short += [f"call {call.name}" for call in getattr(turn, "tool_calls", ())]
    return short
