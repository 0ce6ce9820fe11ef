"""From the name a user writes to the model it means."""

from __future__ import annotations

from collections.abc import Mapping

from trio_agent.core.errors import ConfigError
from trio_agent.models.anthropic import AnthropicModel
from trio_agent.models.anthropic_failure import KEY_VARIABLE
from trio_agent.models.demo import DemoModel
from trio_agent.models.scripted import ScriptedModel
from trio_agent.seams import Model

DEFAULT_ANTHROPIC_MODEL = "claude-sonnet-5-5"

_THERE_IS = "anthropic/MODEL, scripted:FILE or demo"


def default_model_name(environment: Mapping[str, str]) -> str:
    """The model of the first provider with a key in `environment`, or else the one that needs none."""
    return f"anthropic/{DEFAULT_ANTHROPIC_MODEL}" if environment.get(KEY_VARIABLE, "").strip() else "demo"


def make_model(name: str, environment: Mapping[str, str], base_url: str | None = None) -> Model:
    """The model called `name`, with its key from `environment`, at `base_url` where that is not None.

    Raises ConfigError for an unknown name, a missing key and a bad script.
    """
    if name == "demo":
        return DemoModel()
    provider, colon, path = name.partition(":")
    if provider == "scripted" and colon:
        if not path:
            raise ConfigError("scripted: needs the name of a file: scripted:FILE")
        return ScriptedModel(path)
    provider, _, model = name.partition("/")
    if provider == "anthropic" and model:
        key = environment.get(KEY_VARIABLE, "").strip()
        if not key and base_url is None:
            raise ConfigError(f"the model {name} needs a key: set {KEY_VARIABLE}, or choose --model demo")
        if not key.isascii() or not key.isprintable():
            raise ConfigError(f"the value of {KEY_VARIABLE} is no key: it holds characters that no key has")
        return AnthropicModel(model, key, base_url=base_url)
    if provider in ("openai", "gemini") and model:
        raise ConfigError(f"this version does not speak {provider} yet: choose {_THERE_IS}")
    raise ConfigError(f"no model is called {name!r}: choose {_THERE_IS}")
