"""What the messages of a log alone tell of its session: what an agent at work would have said of it."""

from __future__ import annotations

import msgspec

from trio_agent.core.machine import AgentState
from trio_agent.core.message import Message
from trio_agent.core.state import Facts, TodoItem
from trio_agent.runtime.account import Account

MAX_TITLE_CHARS = 80


class _Plan(msgspec.Struct, frozen=True):
    """The input of `todo_write`."""

    tasks: tuple[TodoItem, ...]


class Recollection:
    """Sees every message of a log once, in order. `created` is when its session was made, RFC 3339."""

    def __init__(self, created: str) -> None:
        self.account = Account(created)
        self.facts = Facts()
        self._calls: dict[str, str] = {}

    def see(self, message: Message) -> None:
        self.account.see(message)
        self.facts = facts_after(self.facts, message)
        self._calls |= {call.tool_call_id: call.name for call in message.tool_calls}
        self._calls.pop(message.tool_call_id, None)
        if self.state is AgentState.WAITING_FOR_USER_INPUT:
            self._calls.clear()

    @property
    def state(self) -> AgentState:
        """What the agent went on to do."""
        # Nothing is kept beside the messages, so they must say it alone.
        if not self.account.in_turn(0, 0):
            return AgentState.WAITING_FOR_USER_INPUT
        return AgentState.RUNNING_TOOL if self._calls else AgentState.PROCESSING_LLM_RESPONSE

    @property
    def tools(self) -> tuple[str, ...]:
        """The tools that were running, one a call."""
        return tuple(self._calls.values())


def facts_after(facts: Facts, message: Message) -> Facts:
    """`facts` once `message` was recorded. The lines changed, the sandbox and the folder stand in no message."""
    if message.type == "user" and not facts.title:
        return msgspec.structs.replace(facts, title=_title(message.content))
    if message.type == "agent" and message.usage is not None and not message.parent_conversation_id:
        used = message.usage.context_tokens
        return msgspec.structs.replace(facts, context_used=used, model=message.model or facts.model)
    if message.commits and message.commits[0].pushed_branch:
        return msgspec.structs.replace(facts, branch_name=message.commits[0].pushed_branch)
    if message.tool_name == "todo_write" and not message.tool_error:
        return msgspec.structs.replace(facts, todo=_plan(message.input, facts.todo))
    return facts


def _title(words: str) -> str:
    """The first line, cut where it is too long."""
    line = " ".join(words.strip().partition("\n")[0].split())
    return line if len(line) <= MAX_TITLE_CHARS else line[: MAX_TITLE_CHARS - 1] + "…"


def _plan(given: str, before: tuple[TodoItem, ...]) -> tuple[TodoItem, ...]:
    try:
        return msgspec.json.decode(given, type=_Plan).tasks
    except msgspec.DecodeError:
        return before  # a tool of the same name with another input
