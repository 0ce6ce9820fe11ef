"""What is known of the providers' models: how much they take in, how much they say, what their tokens cost.

The data stands beside this file, one file a provider, each with its date and source. A model that is not listed there is not
known: its limits are guessed low, and what it costs is unknown.
"""

from __future__ import annotations

import re
from datetime import date
from functools import cache
from importlib import resources

import msgspec

from trio_agent.core.price import Price


class ModelFacts(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Tokens. `context_window` is 0 and `price` None where unknown; `max_output` is what to ask for, thinking included.

    `phases` says that the model, one of OpenAI's, wants to be told which of its own words were asides; `summaries` that, one
    of Anthropic's, it thinks anyhow, and tells of it when asked.
    """

    context_window: int = 0
    # Of a model we know nothing about, on a server that may be a laptop: what nearly all of them can do.
    max_output: int = 8_192
    price: Price | None = None
    phases: bool = False
    summaries: bool = False

    @property
    def known(self) -> bool:
        return self.context_window > 0


class Catalogue(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One provider's models by name. `sources` are addresses; `as_of` is when they were read."""

    sources: tuple[str, ...]
    as_of: date
    models: dict[str, ModelFacts]


PROVIDERS = ("anthropic", "openai", "gemini")

_DATE = re.compile(r"-20[0-9]{2}-?[01][0-9]-?[0-3][0-9]\Z")
_UNKNOWN = ModelFacts()


@cache
def catalogue_of(provider: str) -> Catalogue:
    """What is known of the models of one of PROVIDERS."""
    data = resources.files(__package__).joinpath(f"{provider}.toml").read_bytes()
    return msgspec.toml.decode(data, type=Catalogue)


def facts_of(model: str) -> ModelFacts:
    """What is known of `model`, at whichever provider; the names of no two of them are alike."""
    for provider in PROVIDERS:
        models = catalogue_of(provider).models
        if facts := models.get(model) or models.get(undated(model)):
            return facts
    return _UNKNOWN


def undated(model: str) -> str:
    """The name of a model without the date of its making: `claude-x-20250929` is a `claude-x`."""
    return _DATE.sub("", model)
