"""What a model's tokens cost.

Source: https://platform.claude.com/docs/en/about-claude/pricing and the model pages it links to, as they stood in October
2026. Cache writes are those that live five minutes, the only ones this program asks for. A model that is not listed there
is not listed here: what it costs is unknown, and counts as nothing.
"""

from __future__ import annotations

import re

import msgspec

from trio_agent.core.usage import Usage

PRICES_AS_OF = "2026-10-16"


class Price(msgspec.Struct, frozen=True, kw_only=True):
    """Dollars for a million tokens. `long` holds instead for a prompt of more than `long_from` tokens, caches included."""

    input: float
    output: float
    cache_write: float
    cache_read: float
    long_from: int = 0
    long: Price | None = None

    def cost_usd(self, usage: Usage) -> float:
        """What `usage` comes to. Its own `cost_usd` does not count."""
        prompt = usage.input_tokens + usage.cache_creation_input_tokens + usage.cache_read_input_tokens
        if self.long is not None and prompt > self.long_from:
            return self.long.cost_usd(usage)
        return (
            usage.input_tokens * self.input
            + usage.output_tokens * self.output
            + usage.cache_creation_input_tokens * self.cache_write
            + usage.cache_read_input_tokens * self.cache_read
        ) / 1_000_000


_FABLE_5 = Price(input=10, output=50, cache_write=12.5, cache_read=1)
_FABLE_5_1 = Price(input=10, output=50, cache_write=12.5, cache_read=0.25)
_OPUS = Price(input=5, output=25, cache_write=6.25, cache_read=0.5)
_SONNET_4 = Price(input=3, output=15, cache_write=3.75, cache_read=0.3)

_PRICES = {
    "claude-fable-5": _FABLE_5,
    "claude-mythos-5": _FABLE_5,
    "claude-fable-5-1": _FABLE_5_1,
    "claude-mythos-5-1": _FABLE_5_1,
    "claude-opus-5-5": Price(input=4, output=20, cache_write=5, cache_read=0.2),
    "claude-opus-5": _OPUS,
    "claude-opus-4-8": _OPUS,
    "claude-opus-4-7": _OPUS,
    "claude-opus-4-6": _OPUS,
    "claude-opus-4-5": _OPUS,
    "claude-sonnet-5-5": Price(input=2, output=10, cache_write=2.5, cache_read=0.1),
    "claude-sonnet-5": Price(input=2, output=10, cache_write=2.5, cache_read=0.2),
    "claude-sonnet-4-6": _SONNET_4,
    "claude-sonnet-4-5": _SONNET_4,
    "claude-haiku-5-5": Price(
        input=0.1,
        output=0.5,
        cache_write=0.125,
        cache_read=0.01,
        long_from=100_000,
        long=Price(input=0.5, output=2.5, cache_write=0.625, cache_read=0.05),
    ),
    "claude-haiku-4-5": Price(input=1, output=5, cache_write=1.25, cache_read=0.1),
}

_DATE = re.compile(r"-20[0-9]{6}\Z")


def price_of(model: str) -> Price | None:
    """The price of `model` at its own provider, or None where it is unknown."""
    return _PRICES.get(undated(model))


def undated(model: str) -> str:
    """The name of a model without the date of its making: `claude-x-20250929` is a `claude-x`."""
    return _DATE.sub("", model)
