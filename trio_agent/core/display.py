"""Kinds of `display` that mean something to the program itself, beside what they show to people."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

from trio_agent.core.budget import Whose
from trio_agent.core.message import Message

StoppedBy = Literal["user", "budget", "restart", "failure"]
"""What kept a tool call from finishing: none of these is a failure of the tool."""


def notice_display() -> dict[str, Any]:
    """The `display` of an `auto` message that the model is told too."""
    return {"kind": "notice"}


def cut_off_display(why: str) -> dict[str, Any]:
    """The `display` of an answer that broke off; `why` goes on from "cut off:"."""
    return {"kind": "cut_off", "why": why}


def stopped_display(by: StoppedBy) -> dict[str, Any]:
    """The `display` of the result of a tool call that did not finish, or was not begun; its text says more."""
    return {"kind": "stopped", "by": by}


def budget_display(whose: Whose) -> dict[str, Any]:
    """The `display` of a `budget` message: whose budget was reached."""
    return {"kind": "budget", "whose": whose}


def compaction_display(words_from: int) -> dict[str, Any]:
    """The `display` of a summary. The user's words from the index `words_from` on are not in it, wherever they stand."""
    return {"kind": "compaction", "words_from": words_from}


def answered(display: dict[str, Any] | None, prompts: Sequence[int]) -> dict[str, Any] | None:
    """`display` of a tool's result, for which the user's messages with these indices were answers to the tool's questions."""
    return {"kind": "answered", **(display or {}), "answered_by": list(prompts)} if prompts else display


def words_from(message: Message) -> int:
    """From which index on the user's words are not in the summary `message`."""
    match message.display:
        case {"kind": "compaction", "words_from": int(index)}:
            return index
        case _:
            return message.idx


def question_display(tool_call_id: str, question: str, options: Sequence[str]) -> dict[str, Any]:
    """The `display` of a tool's question to the user, who may choose one of `options` or say something else."""
    return {"kind": "question", "tool_call_id": tool_call_id, "question": question, "options": list(options)}
