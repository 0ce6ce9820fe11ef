"""Which of a session's tools a model is told of: as many as every provider takes, and of two with one name the first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from trio_agent.seams import Tool

MAX_TOOLS = 128
"""Of one question, whatever the model, for it can be switched at any time. OpenAI refuses more, and the question with them."""

MAX_NAMED = 20
"""Of those left out, as they are told."""


@dataclass(frozen=True, slots=True)
class ToldTools:
    """`left_out` are the names of those that a model is not told of."""

    tools: tuple[Tool, ...]
    left_out: tuple[str, ...] = ()

    @property
    def remark(self) -> str:
        """What the user and the model are told of it; empty where nothing is left out."""
        if not self.left_out:
            return ""
        named, more = self.left_out[:MAX_NAMED], len(self.left_out) - MAX_NAMED
        return (
            f"A model is told of {MAX_TOOLS} tools at most, each with a name of its own. Left out, so that they cannot be "
            f"called: {', '.join(named)}{f' and {more} more' if more > 0 else ''}. "
            "They are there again where the config file names fewer MCP servers."
        )


def told_tools(tools: Sequence[Tool]) -> ToldTools:
    """The first MAX_TOOLS of `tools`, which begin with our own: what is left out is a server's."""
    told: dict[str, Tool] = {}
    left_out = []
    for tool in tools:
        name = tool.spec.name
        if name in told or len(told) >= MAX_TOOLS:
            left_out.append(name)
        else:
            told[name] = tool
    return ToldTools(tuple(told.values()), tuple(left_out))
