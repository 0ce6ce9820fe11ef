"""A language model, and what it is asked and answers. Part of the seams."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Literal, Protocol, runtime_checkable

import msgspec

from trio_agent.core.message import ToolCall
from trio_agent.core.transcript import Turn
from trio_agent.core.usage import Usage


class ToolSpec(msgspec.Struct, frozen=True, kw_only=True):
    """A tool as a model is told of it. `input_schema` is a JSON Schema object."""

    name: str
    description: str
    input_schema: dict[str, Any]


class ModelRequest(msgspec.Struct, frozen=True, kw_only=True):
    """One question to a model: the standing instructions, the conversation so far, the tools it may call.

    `images` holds the bytes of the blobs that the turns refer to. One that is missing there is told as missing. Without
    `may_call` the tools are told, for the conversation has calls of them, but the answer is to be words.
    """

    system: str
    turns: tuple[Turn, ...]
    tools: tuple[ToolSpec, ...] = ()
    images: Mapping[str, bytes] = {}
    may_call: bool = True


StopReason = Literal["end_turn", "tool_use", "max_tokens", "refusal"]


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """A model's whole answer. `usage` counts its own tokens; its cost is that of tries that broke off before it too."""

    text: str
    stop_reason: StopReason
    usage: Usage
    model: str
    thinking: str = ""
    tool_calls: tuple[ToolCall, ...] = ()


Part = Literal["content", "thinking"]


class OnText(Protocol):
    """Called with text as it arrives. `restart` says that the part's text so far is void (the request was tried again)."""

    def __call__(self, part: Part, text: str, *, restart: bool = False) -> None: ...


OnUsage = Callable[[Usage], None]
"""Called with the usage of an answer so far, whenever the provider tells more: never less of the cost than before.

After a request was tried again the tokens are those of the last try, and the cost, as far as it is known, that of all.
"""


def unheard(usage: Usage) -> None:
    """For callers who need the usage with the whole answer only."""


class Model(Protocol):
    """A language model at some provider."""

    @property
    def name(self) -> str:
        """As a user writes it: `anthropic/claude-…`, `demo`."""
        ...

    @property
    def context_window(self) -> int:
        """Tokens; 0 where unknown."""
        ...

    @property
    def priced(self) -> bool:
        """Whether the cost in its usage is known. Where it is not, it is told as 0, and no limit in dollars is ever met."""
        ...

    async def answer(self, request: ModelRequest, on_text: OnText, on_usage: OnUsage = unheard) -> Answer:
        """Ask, and return the whole answer; both listeners hear of it while it comes. Cancelling closes the connection.

        Raises ProviderError: after its own retries, or at once where trying again is pointless.
        """
        ...


@runtime_checkable
class TakesAsides(Protocol):
    """A Model that may be asked small things beside the conversation, such as a name for it.

    One whose answers are laid out beforehand, each for the question that comes next, is none: it would give a wrong answer,
    and the conversation would lack it.
    """

    @property
    def takes_asides(self) -> bool:
        """Not where the server may answer one question at a time: the conversation would wait for the aside."""
        ...
