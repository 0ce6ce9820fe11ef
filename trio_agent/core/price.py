"""What a model's tokens cost."""

from __future__ import annotations

import math

import msgspec

from trio_agent.core.usage import Usage


class Price(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
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


def read_price(text: str) -> Price:
    """A price as a user writes it: `IN,OUT`, or `IN,OUT,CACHE_WRITE,CACHE_READ`. Without the last two, a cache saves nothing.

    Raises ValueError, with a sentence for the user.
    """
    try:
        numbers = [float(part) for part in text.split(",")]
    except ValueError:
        numbers = []
    if len(numbers) not in (2, 4) or not all(math.isfinite(each) and each >= 0 for each in numbers):
        raise ValueError("a price is IN,OUT or IN,OUT,CACHE_WRITE,CACHE_READ: dollars for a million tokens")
    write, read = numbers[2:] or (numbers[0], numbers[0])
    return Price(input=numbers[0], output=numbers[1], cache_write=write, cache_read=read)
