"""What OpenAI's two APIs, under two names, tell of the tokens that an answer used."""

from __future__ import annotations

import msgspec

from trio_agent.core.usage import Usage


class PromptDetails(msgspec.Struct, frozen=True):
    """Of the prompt's tokens those that were read from the cache, and those that were written to it."""

    cached_tokens: int | None = None
    cache_write_tokens: int | None = None


def usage_of(prompt: int | None, details: PromptDetails | None, output: int | None) -> Usage:
    """`prompt` counts all of it, the cache included; `output` thinking too. None where the server does not tell."""
    told = details or PromptDetails()
    read, written = told.cached_tokens or 0, told.cache_write_tokens or 0
    return Usage(
        input_tokens=max(0, (prompt or 0) - read - written),
        cache_creation_input_tokens=written,
        cache_read_input_tokens=read,
        output_tokens=output or 0,
    )
