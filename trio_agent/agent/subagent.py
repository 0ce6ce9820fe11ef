"""The `subagent` tool: a part of the work, done by the same model in a conversation of its own.

It shares the session's log, its workspace, its budget and its cancel scope; what it says stands in the log under an id of
its own. It streams no live text of the next message: what it writes is shown as the output of the call that made it.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from typing import Annotated

import msgspec
from msgspec import Meta

from trio_agent.agent.conversation import REFUSED, Conversation, not_summed_up
from trio_agent.agent.stop import Stop
from trio_agent.agent.workroom import Workroom
from trio_agent.core.errors import CallerError, ConversationTooLong, ProviderError, ToolError
from trio_agent.core.message import Message
from trio_agent.core.wire import decode_json
from trio_agent.seams import Answer, Part, Tool, Toolbench, ToolResult, ToolSpec
from trio_agent.tasks import opened

NAME = "subagent"
MAX_TASK_CHARS = 100_000

OF_THE_AGENT = frozenset({NAME, "ask_user", "todo_write"})
"""Tools that only the user's own conversation has: no agent below a sub-agent, one plan, one who speaks with the user."""

DESCRIPTION = """Give a part of the work to a sub-agent: the same model with a fresh memory and the same tools, in the same \
directory. It sees nothing of this conversation, so the task must say everything it needs: what to find out or do, where, and \
what to answer. It returns its last answer. Use it for what can be done on its own and would fill this conversation with \
detail (searching a large code base, reading many files, checking one thing thoroughly); several calls in one answer run at \
the same time. Do not let two of them change the same files."""

INSTRUCTIONS = """

You are a sub-agent: another agent gave you the task below, and your last answer goes back to it, as its only news of what \
you did. So say in it all that was asked for, with the names of files and lines, and what you changed. There is nobody to \
ask."""


class SubagentInput(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    task: Annotated[
        str, Meta(min_length=1, max_length=MAX_TASK_CHARS, description="The whole task, and what to answer.")
    ]


_SCHEMA = msgspec.json.schema_components([SubagentInput])[1][SubagentInput.__name__]

# `title` is the Struct's Python name, which tells a model nothing.
SPEC = ToolSpec(name=NAME, description=DESCRIPTION, input_schema={k: v for k, v in _SCHEMA.items() if k != "title"})


class Subagent:
    """Makes sub-agents in `room`."""

    def __init__(self, room: Workroom) -> None:
        self._room = room

    @property
    def spec(self) -> ToolSpec:
        return SPEC

    async def run(self, input: bytes, bench: Toolbench) -> ToolResult:
        try:
            task = decode_json(input, SubagentInput).task
        except CallerError as exc:
            raise ToolError(f'The input does not fit this tool: {exc}. Expected {{"task": "…"}}') from exc
        conversation = self._conversation(bench)
        await conversation.record(Message(type="user", content=task))
        try:
            with opened("subagent", conversation.id):
                return await _work(conversation, bench)
        except ProviderError as exc:
            raise ToolError(f"The sub-agent could not go on: {exc}") from exc

    def _conversation(self, bench: Toolbench) -> Conversation:
        def show(part: Part, text: str, *, restart: bool = False) -> None:
            if part == "content":
                bench.emit(f"\n(begun anew)\n{text}" if restart else text)

        def tools() -> Sequence[Tool]:
            return [each for each in self._room.tools(self._room.model) if each.spec.name not in OF_THE_AGENT]

        return Conversation(
            self._room,
            (),
            tools=tools,
            instructions=self._room.instructions + INSTRUCTIONS,
            show=show,
            stop=lambda: Stop(cancelled=bench.cancel_reason, over=self._room.spending.over()),
            conversation_id=f"{self._room.session.id}-{secrets.token_hex(4)}",
            parent=self._room.session.id,
        )


async def _work(conversation: Conversation, bench: Toolbench) -> ToolResult:
    summing_up = True
    while True:
        answer = await _ask(conversation)
        if answer.text:
            bench.emit("\n")
        if not answer.tool_calls:
            display = {"kind": NAME, "conversation_id": conversation.id}
            if answer.stop_reason == "max_tokens":
                return ToolResult(text=f"{answer.text}\n[cut off: it had no more room]", error=True, display=display)
            if answer.stop_reason == "refusal":
                return ToolResult(text=answer.text or REFUSED, error=True, display=display)
            return ToolResult(text=answer.text, display=display)
        await conversation.run_tools(answer)
        if summing_up and conversation.is_full:
            summing_up = await _sum_up(conversation)


async def _ask(conversation: Conversation) -> Answer:
    try:
        return await conversation.ask()
    except ConversationTooLong:
        if not conversation.has_answers or not await _sum_up(conversation, but_last_words=True):
            raise
    return await conversation.ask()


async def _sum_up(conversation: Conversation, *, but_last_words: bool = False) -> bool:
    """Whether there is a summary. Once is enough, where it fails: the next question may still fit."""
    try:
        await conversation.compact(but_last_words=but_last_words)
    except ProviderError as exc:
        await conversation.record(Message(type="error", content=not_summed_up(exc)))
        return False
    return True
