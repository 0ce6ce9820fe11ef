"""How much a model can take in, and how much it can say.

Source: the model pages at https://platform.claude.com/docs/en/models/overview, as they stood in October 2026.
"""

from __future__ import annotations

from dataclasses import dataclass

from trio_agent.models.prices import undated


@dataclass(frozen=True, slots=True)
class Limits:
    """Tokens. `context_window` is 0 where unknown; `max_output` is what to ask for, thinking included."""

    context_window: int
    max_output: int


# The models could say twice that in one answer; but one that says so much has lost its way, and it is paid for.
_LARGE = Limits(context_window=1_000_000, max_output=64_000)
_SMALL = Limits(context_window=200_000, max_output=64_000)

# Of a model we know nothing about, on a server that may be a laptop: what nearly all of them can do.
_UNKNOWN = Limits(context_window=0, max_output=8_192)

_LIMITS = {
    "claude-fable-5": _LARGE,
    "claude-mythos-5": _LARGE,
    "claude-fable-5-1": _LARGE,
    "claude-mythos-5-1": _LARGE,
    "claude-opus-5-5": _LARGE,
    "claude-opus-5": _LARGE,
    "claude-opus-4-8": _LARGE,
    "claude-opus-4-7": _LARGE,
    "claude-opus-4-6": _LARGE,
    "claude-opus-4-5": _SMALL,
    "claude-sonnet-5-5": _LARGE,
    "claude-sonnet-5": _LARGE,
    "claude-sonnet-4-6": _LARGE,
    "claude-sonnet-4-5": _SMALL,
    "claude-haiku-5-5": _LARGE,
    "claude-haiku-4-5": _SMALL,
}


def limits_of(model: str) -> Limits:
    return _LIMITS.get(undated(model), _UNKNOWN)
