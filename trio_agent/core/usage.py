"""What a model's answers cost: of one response, and summed."""

from __future__ import annotations

import msgspec


class Usage(msgspec.Struct, frozen=True, kw_only=True):
    """Tokens and dollars of one model response. `input_tokens` does not count what was read from or written to a cache."""

    input_tokens: int = 0
    cache_creation_input_tokens: int = 0
    cache_read_input_tokens: int = 0
    output_tokens: int = 0
    cost_usd: float = 0.0

    def costing(self, cost_usd: float) -> Usage:
        """The same tokens at another cost."""
        return msgspec.structs.replace(self, cost_usd=cost_usd)

    @property
    def context_tokens(self) -> int:
        """How much of the model's context window this exchange filled."""
        return self.input_tokens + self.cache_creation_input_tokens + self.cache_read_input_tokens + self.output_tokens


class CumulativeUsage(msgspec.Struct, frozen=True, kw_only=True):
    """The usage of a session so far. `messages` counts model responses, `tool_uses` the calls of each tool by name.

    Source: the seed's CumulativeUsage. `start_time` is RFC 3339.
    """

    start_time: str = ""
    messages: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    cache_read_input_tokens: int = 0
    cache_creation_input_tokens: int = 0
    total_cost_usd: float = 0.0
    tool_uses: dict[str, int] = {}

    def plus(self, usage: Usage, tools: tuple[str, ...] = ()) -> CumulativeUsage:
        """The sum after one more response, which called `tools` (names, one a call)."""
        tool_uses = dict(self.tool_uses)
        for name in tools:
            tool_uses[name] = tool_uses.get(name, 0) + 1
        return CumulativeUsage(
            start_time=self.start_time,
            messages=self.messages + 1,
            input_tokens=self.input_tokens + usage.input_tokens,
            output_tokens=self.output_tokens + usage.output_tokens,
            cache_read_input_tokens=self.cache_read_input_tokens + usage.cache_read_input_tokens,
            cache_creation_input_tokens=self.cache_creation_input_tokens + usage.cache_creation_input_tokens,
            total_cost_usd=self.total_cost_usd + usage.cost_usd,
            tool_uses=tool_uses,
        )
