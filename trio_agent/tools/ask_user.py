"""The `ask_user` tool: a question to the user, whose next message is the answer."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta

from trio_agent.seams import Toolbench, ToolResult, ToolSpec
from trio_agent.tools.tool_input import decode_input, describe_tool

MAX_QUESTION_CHARS = 4000
MAX_OPTIONS = 8
MAX_OPTION_CHARS = 200

DESCRIPTION = """Ask the user one question and wait for the answer. For what only they can decide (what they want, a choice \
between ways that differ for them, leave to do what cannot be undone) and not for what you can find out yourself. Offer \
options where there are a few likely answers; the user may say something else. Nothing goes on while you wait: ask early."""

Option = Annotated[str, Meta(min_length=1, max_length=MAX_OPTION_CHARS)]


class AskUserInput(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    question: Annotated[
        str, Meta(min_length=1, max_length=MAX_QUESTION_CHARS, description="The question, as the user reads it.")
    ]
    options: Annotated[
        tuple[Option, ...], Meta(max_length=MAX_OPTIONS, description="Likely answers, a few words each.")
    ] = ()


class AskUser:
    @property
    def spec(self) -> ToolSpec:
        return describe_tool("ask_user", DESCRIPTION, AskUserInput)

    async def run(self, input: bytes, bench: Toolbench) -> ToolResult:
        asked = decode_input(input, AskUserInput)
        answer = await bench.ask(asked.question, asked.options)
        return ToolResult(text=f"The user answered: {answer}", display={"kind": "answer", "answer": answer})
