"""The coding agent: a model with tools, at work in a repository; one Coder a session."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path

import msgspec
import trio

from trio_agent.agent.allowance import Allowance
from trio_agent.agent.call_ids import CallIds
from trio_agent.agent.coder import Coder
from trio_agent.agent.conversation import Conversation
from trio_agent.agent.instructions import instructions
from trio_agent.agent.naming import open_naming
from trio_agent.agent.orders import Orders
from trio_agent.agent.progress import Progress, first_survey, forked, left_out, surveyed
from trio_agent.agent.questions import Questions
from trio_agent.agent.repository_orders import RepositoryOrders
from trio_agent.agent.repository_words import repository_words
from trio_agent.agent.shown_files import show_none
from trio_agent.agent.spending import Spending
from trio_agent.agent.stop import Stop
from trio_agent.agent.subagent import Subagent
from trio_agent.agent.tidying import Tidying
from trio_agent.agent.workroom import Workroom
from trio_agent.core.budget import Budget
from trio_agent.core.errors import NotFound
from trio_agent.core.message import Message
from trio_agent.core.redaction import BY_SHAPE
from trio_agent.seams import (
    Attendant,
    Blobs,
    FormatFiles,
    Model,
    ReadFileIn,
    RunProgram,
    SessionHandle,
    Terminal,
    Tool,
    Workspaces,
)

ToolsOf = Callable[[Model], Sequence[Tool]]
OpenTerminals = Callable[[Path], AbstractAsyncContextManager[Callable[[int], Terminal]]]
"""Opens what finds the terminals of a workspace by their number; leaving ends them."""


class CodingAgent:
    """The Agent that comes with the program."""

    def __init__(
        self,
        *,
        make_model: Callable[[str], Model],
        open_tools: Callable[[], AbstractAsyncContextManager[ToolsOf]],
        workspaces: Workspaces,
        blobs: Blobs,
        budget: Budget,
        session_budget: Budget | None = None,
        context_window: int = 0,
        sandbox: str,
        run_program: RunProgram | None = None,
        format_files: FormatFiles | None = None,
        read_file: ReadFileIn = show_none,
        redact: Callable[[str], str] = BY_SHAPE.redact,
        open_terminals: OpenTerminals | None = None,
    ) -> None:
        """`make_model` takes a name, empty for the default; `sandbox` is the name of what commands run in.

        `budget` is that of each turn, `session_budget` of all turns of a session together, None without limits;
        `context_window` is that of models that do not tell theirs, in tokens, 0 where it is not known. `open_tools` gives a
        session what tells its tools for a model; leaving ends what they left running. Without `run_program`, nothing is
        pulled; without `format_files`, commits stay as they are; without
        `read_file`, users are shown no file but in diffs, and an AGENTS.md is not read; `redact` takes the secrets out of it.
        Without `open_terminals`, users have none.
        """
        self._make_model = make_model
        self._open_tools = open_tools
        self._workspaces = workspaces
        self._blobs = blobs
        self._budget = budget
        self._session_budget = session_budget or Budget()
        self._usual_window = context_window
        self._sandbox = sandbox
        self._run_program = run_program
        self._format_files = format_files
        self._read_file = read_file
        self._redact = redact
        self._open_terminals = open_terminals or _no_terminals

    @asynccontextmanager
    async def attend(self, session: SessionHandle, history: Sequence[Message]) -> AsyncIterator[Attendant]:
        model = self._make_model(session.model)
        # At once, for a workspace can take minutes to make: a client must not read "no budget" meanwhile.
        session.show(
            msgspec.structs.replace(
                session.facts,
                model=model.name,
                context_window=model.context_window or self._usual_window,
                budget=self._budget,
                sandbox=self._sandbox,
            )
        )
        workspace = await self._workspaces.open(session.id, session.notes)
        survey, trouble = await first_survey(workspace)
        allowance = Allowance(self._session_budget, history, trio.current_time)
        async with self._open_tools() as tools, self._open_terminals(workspace.path) as find_terminal:
            room = Workroom(
                session=session,
                workspace=workspace.path,
                blobs=self._blobs,
                instructions=instructions(workspace.path, survey, self._sandbox)
                + await repository_words(workspace.path, self._read_file, self._redact),
                model=model,
                tools=tools,
                call_ids=CallIds(history),
                questions=Questions(session),
                spending=Spending(self._budget, trio.current_time, within=allowance.spending),
                usual_window=self._usual_window,
            )
            conversation = _conversation(room, history)
            facts = msgspec.structs.replace(
                # Where git cannot tell how it stands now, what it told last is nearer than nothing.
                session.facts if trouble else surveyed(session.facts, survey),
                working_dir=str(workspace.path),
                context_used=conversation.context_used,
            )
            await session.describe(facts, workspace.notes)
            # Once: a session that is taken up again has it in its log.
            for remark in (left_out(survey), forked(survey)):
                if remark and not any(each.content == remark for each in history):
                    await conversation.notice(remark)
            async with open_naming(room) as naming:
                progress = Progress(session, history, workspace, conversation.notice)
                await progress.begin(trouble)
                repository = RepositoryOrders(room, conversation, workspace, progress, self._run_program)
                yield Coder(
                    room,
                    conversation,
                    workspace,
                    self._read_file,
                    progress,
                    Tidying(room, conversation, self._format_files),
                    naming,
                    Orders(room, conversation, self._make_model, repository),
                    self._budget,
                    find_terminal,
                    allowance,
                )

    def fork(self, notes: Mapping[str, str], history: Sequence[Message]) -> dict[str, str]:
        commits = [message.commits[0].hash for message in history if message.commits]
        return self._workspaces.fork(notes, commits[-1] if commits else "")

    async def forget(self, session_id: str) -> None:
        await self._workspaces.remove(session_id)


@asynccontextmanager
async def _no_terminals(workspace: Path) -> AsyncIterator[Callable[[int], Terminal]]:
    def find(number: int) -> Terminal:
        raise NotFound("the agent of this session offers no terminals")

    await trio.lowlevel.checkpoint()
    yield find


def _conversation(room: Workroom, history: Sequence[Message]) -> Conversation:
    """The user's own conversation."""
    subagent = Subagent(room)
    return Conversation(
        room,
        history,
        # Our own first: where there are more than a model can be told of, the last are left out.
        tools=lambda: [subagent, *room.tools(room.model)],
        instructions=room.instructions,
        show=room.session.write,
        stop=lambda: Stop(cancelled=room.session.cancel_reason, over=room.spending.over()),
    )
