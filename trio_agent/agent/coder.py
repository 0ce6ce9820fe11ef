"""The coding agent: a model with tools, at work in a repository.

A turn reads: ask; if tools were called, run them, look for commits, look at the budget, take along what the user said
meanwhile, and ask again; else the turn is over. What breaks a turn off (a cancellation, a budget, a failing provider) leaves a
log from which the next turn can go on, because every tool call has its result written down.
"""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager

import msgspec
import trio

from trio_agent.agent.instructions import instructions
from trio_agent.agent.progress import Progress
from trio_agent.agent.slug import slug_of, title_of
from trio_agent.agent.spending import Spending
from trio_agent.agent.toolbox import Toolbox
from trio_agent.core.budget import Budget
from trio_agent.core.errors import ProviderError
from trio_agent.core.machine import AgentState
from trio_agent.core.message import Message, ToolCall
from trio_agent.core.transcript import transcript
from trio_agent.seams import (
    Answer,
    Attendant,
    Model,
    ModelRequest,
    SessionHandle,
    Tool,
    Workspace,
    Workspaces,
    rfc3339,
)

CUT_OFF = "The answer was cut off: the model had no more room for it. Type 'continue' to let it go on."
TRY_AGAIN = "Type 'continue' to try again."
CLEANUP_S = 5.0  # for git, after a turn that was broken off


class CodingAgent:
    """The Agent that comes with the program: one Coder a session."""

    def __init__(
        self,
        *,
        make_model: Callable[[str], Model],
        open_tools: Callable[[Model], AbstractAsyncContextManager[Sequence[Tool]]],
        workspaces: Workspaces,
        budget: Budget,
        sandbox: str,
    ) -> None:
        """`make_model` takes a name, empty for the default; `sandbox` is the name of what commands run in.

        `open_tools` gives a session its tools; leaving ends what they left running.
        """
        self._make_model = make_model
        self._open_tools = open_tools
        self._workspaces = workspaces
        self._budget = budget
        self._sandbox = sandbox

    @asynccontextmanager
    async def attend(self, session: SessionHandle, history: Sequence[Message]) -> AsyncIterator[Attendant]:
        model = self._make_model(session.model)
        # At once, for a workspace can take minutes to make: a client must not read "no budget" meanwhile.
        session.show(
            msgspec.structs.replace(
                session.facts,
                model=model.name,
                context_window=model.context_window,
                context_used=_context_used(history),
                budget=self._budget,
                sandbox=self._sandbox,
            )
        )
        workspace = await self._workspaces.open(session.id, session.notes)
        survey = await workspace.survey()
        facts = msgspec.structs.replace(
            session.facts,
            working_dir=str(workspace.path),
            initial_commit=survey.initial_commit,
            git_origin=survey.origin,
            diff_lines_added=survey.lines_added,
            diff_lines_removed=survey.lines_removed,
        )
        await session.describe(facts, workspace.notes)
        system = instructions(workspace.path, survey, self._sandbox)
        async with self._open_tools(model) as tools:
            toolbox = Toolbox(session, tools, workspace.path)
            yield Coder(session, history, model, toolbox, workspace, system, self._budget)

    async def forget(self, session_id: str) -> None:
        await self._workspaces.remove(session_id)


class Coder:
    """The Attendant of one session."""

    def __init__(
        self,
        session: SessionHandle,
        history: Sequence[Message],
        model: Model,
        toolbox: Toolbox,
        workspace: Workspace,
        system: str,
        budget: Budget,
    ) -> None:
        self._session = session
        # In the order the model heard it: the user's words stand where they were taken up, not where they were posted.
        self._heard = list(history)
        self._call_ids = {call.tool_call_id for message in history for call in message.tool_calls}
        self._model = model
        self._toolbox = toolbox
        self._workspace = workspace
        self._progress = Progress(session, history, workspace)
        self._system = system
        self._budget = budget

    async def diff(self, commit: str) -> str:
        return await self._workspace.diff(commit)

    async def turn(self, prompts: Sequence[Message]) -> None:
        self._heard += prompts
        await self._take_name(prompts)
        spending = Spending(self._budget, trio.current_time)
        whole = False
        try:
            over = True
            with trio.CancelScope(deadline=spending.deadline):
                over = await self._work(spending)
            if over:
                # Outside the scope: once its deadline is past, nothing in it could be recorded.
                await self._over_budget(spending)
            whole = True
        except ProviderError as exc:
            await self._session.record(Message(type="error", content=f"{exc} {TRY_AGAIN}"))
            self._session.end_turn(AgentState.ERROR)
        finally:
            if not whole:
                # What a turn committed before it was cancelled, or failed, arrives now and not with the next turn.
                with trio.move_on_after(CLEANUP_S, shield=True):
                    await self._progress.deliver()

    async def _work(self, spending: Spending) -> bool:
        """Work until the model has no more to do, or the budget is reached: then True."""
        while True:
            answer = await self._ask(spending)
            if spending.breach():
                return True
            if not answer.tool_calls:
                if answer.stop_reason == "max_tokens":
                    await self._session.record(Message(type="error", content=CUT_OFF))
                await self._progress.deliver()
                self._session.enter(AgentState.END_OF_TURN)
                return False
            self._session.enter(AgentState.TOOL_USE_REQUESTED)
            self._session.enter(AgentState.CHECKING_FOR_CANCELLATION)
            await trio.lowlevel.checkpoint()
            self._session.enter(AgentState.RUNNING_TOOL)
            await self._toolbox.run(answer.tool_calls, self._heard.append)
            self._session.enter(AgentState.CHECKING_GIT_COMMITS)
            await self._progress.deliver()
            self._session.enter(AgentState.CHECKING_BUDGET)
            if spending.breach():
                return True
            self._session.enter(AgentState.GATHERING_ADDITIONAL_MESSAGES)
            self._heard += self._session.take_prompts()
            self._session.enter(AgentState.SENDING_TOOL_RESULTS)

    async def _ask(self, spending: Spending) -> Answer:
        request = ModelRequest(system=self._system, turns=transcript(self._heard), tools=self._toolbox.specs)
        begun, begun_s = time.time(), trio.current_time()
        async with self._session.asking_model():
            answer = await self._model.answer(request, self._session.write)
        self._session.enter(AgentState.PROCESSING_LLM_RESPONSE)
        answer = msgspec.structs.replace(answer, tool_calls=self._distinct(answer.tool_calls))
        spending.add(answer.usage)
        last = not answer.tool_calls
        message = Message(
            type="agent",
            end_of_turn=last,
            content=answer.text or ("(The model refused to answer.)" if answer.stop_reason == "refusal" else ""),
            thinking=answer.thinking,
            tool_calls=answer.tool_calls,
            usage=answer.usage,
            model=answer.model,
            start_time=rfc3339(begun),
            end_time=rfc3339(time.time()),
            # By the clock that is never set: a length of time is not the difference of two wall-clock times.
            elapsed=int((trio.current_time() - begun_s) * 1e9),
            turnDuration=spending.elapsed_ns if last else 0,
        )
        self._heard.append(await self._session.record(message))
        used = answer.usage.context_tokens
        self._session.show(msgspec.structs.replace(self._session.facts, context_used=used))
        return answer

    async def _over_budget(self, spending: Spending) -> None:
        await self._session.close_open_calls("Not finished: the budget of this turn was reached.")
        await self._session.record(Message(type="budget", content=spending.breach(), end_of_turn=True))
        await self._progress.deliver()
        self._session.end_turn(AgentState.BUDGET_EXCEEDED)

    def _distinct(self, calls: Sequence[ToolCall]) -> tuple[ToolCall, ...]:
        """`calls` under ids that no call of this session has had: results, and a user's stop button, go by them."""
        distinct = []
        for call in calls:
            name, number = call.tool_call_id or "call", 1
            while name in self._call_ids:
                number += 1
                name = f"{call.tool_call_id or 'call'}-{number}"
            self._call_ids.add(name)
            distinct.append(msgspec.structs.replace(call, tool_call_id=name))
        return tuple(distinct)

    async def _take_name(self, prompts: Sequence[Message]) -> None:
        """The session is called after the user's first words."""
        facts = self._session.facts
        if prompts and not facts.title:
            words = prompts[0].content
            await self._session.describe(msgspec.structs.replace(facts, title=title_of(words), slug=slug_of(words)))


def _context_used(history: Sequence[Message]) -> int:
    """How much of the context window the last answer filled."""
    return next((message.usage.context_tokens for message in reversed(history) if message.usage is not None), 0)
