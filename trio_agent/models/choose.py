"""From the name a user writes to the model it means."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from trio_agent.core.errors import ConfigError
from trio_agent.core.price import Price
from trio_agent.models import anthropic, gemini, openai
from trio_agent.models.demo import DemoModel
from trio_agent.models.scripted import ScriptedModel
from trio_agent.models.streamed import StreamedModel
from trio_agent.models.wire import Wire
from trio_agent.seams import Model


class _MakeWire(Protocol):
    def __call__(self, model: str, key: str, *, base_url: str, price: Price | None) -> Wire: ...


@dataclass(frozen=True, slots=True)
class Provider:
    """`key_variables` are looked at in their order. `default` is the model of a user who names none."""

    wire: _MakeWire
    key_variables: tuple[str, ...]
    default: str

    def key(self, environment: Mapping[str, str]) -> str:
        """Empty where there is none. Raises ConfigError for what cannot be a key, without showing it."""
        for variable in self.key_variables:
            if key := environment.get(variable, "").strip():
                if not key.isascii() or not key.isprintable():
                    raise ConfigError(f"the value of {variable} is no key: it holds characters that no key has")
                return key
        return ""


# In the order in which a key in the environment makes one the default.
PROVIDERS: dict[str, Provider] = {
    "anthropic": Provider(anthropic.AnthropicWire, (anthropic.KEY_VARIABLE,), anthropic.DEFAULT_MODEL),
    "openai": Provider(openai.openai_wire, (openai.KEY_VARIABLE,), openai.DEFAULT_MODEL),
    "gemini": Provider(gemini.GeminiWire, (gemini.KEY_VARIABLE, gemini.OTHER_KEY_VARIABLE), gemini.DEFAULT_MODEL),
    "openai-responses": Provider(openai.ResponsesWire, (openai.KEY_VARIABLE,), openai.DEFAULT_MODEL),
    "openai-chat": Provider(openai.ChatWire, (openai.KEY_VARIABLE,), openai.DEFAULT_MODEL),
}

_THERE_IS = ", ".join(f"{name}/MODEL" for name in PROVIDERS) + ", scripted:FILE or demo"


def default_model_name(environment: Mapping[str, str]) -> str:
    """The model of the first provider with a key in `environment`, or else the one that needs none."""
    for name, provider in PROVIDERS.items():
        if any(environment.get(variable, "").strip() for variable in provider.key_variables):
            return f"{name}/{provider.default}"
    return "demo"


def chosen_model(
    name: str, first: str, environment: Mapping[str, str], base_url: str | None = None, price: Price | None = None
) -> Model:
    """The model called `name`, or where that is empty `first`, the one that the program was started with.

    What `base_url` and `price` say they say of `first`. Another provider's model is asked where that provider is, or its key
    would go to a server that it is not for; a model elsewhere has a price of its own, or a limit in dollars would not hold.
    """
    if not name or name == first:
        return make_model(first, environment, base_url, price)
    if base_url is not None and _family(name) == _family(first):
        return make_model(name, environment, base_url, price)
    return make_model(name, environment)


def _family(name: str) -> str:
    """`openai` of `openai/MODEL` and of `openai-chat/MODEL` alike."""
    return name.partition("/")[0].partition("-")[0]


def make_model(
    name: str, environment: Mapping[str, str], base_url: str | None = None, price: Price | None = None
) -> Model:
    """The model called `name`, with its key from `environment`, at `base_url` where that is not None.

    `price` is what the user says its tokens cost. Raises ConfigError for an unknown name, a missing key and a bad script.
    """
    if name == "demo":
        return DemoModel()
    kind, colon, path = name.partition(":")
    if kind == "scripted" and colon:
        if not path:
            raise ConfigError("scripted: needs the name of a file: scripted:FILE")
        return ScriptedModel(path)
    kind, _, model = name.partition("/")
    provider = PROVIDERS.get(kind)
    if provider is None or not model:
        raise ConfigError(f"no model is called {name!r}: choose {_THERE_IS}")
    key = provider.key(environment)
    if not key and base_url is None:
        variable = provider.key_variables[0]
        raise ConfigError(f"the model {name} needs a key: set {variable}, or choose --model demo")
    return StreamedModel(provider.wire(model, key, base_url=base_url or "", price=price))
