"""Where a model is asked, and what is to be known about it and said of it. Plain values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from trio_agent.core.errors import ConfigError
from trio_agent.core.price import Price
from trio_agent.core.usage import Usage
from trio_agent.models.catalogue import ModelFacts, facts_of

# A model may think for minutes, and a server of one's own may read for minutes, before there is a word.
# The providers' own clients wait as long.
IDLE_S = 600.0

_LOOPBACK = ("localhost", "127.0.0.1", "::1")


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """A model at an address.

    `name` is what the user calls the model, `model` what the server does. `base_url` is the user's own server, empty for the
    provider's. Without any byte for `idle_s` seconds a stream is taken for dead. `price` is the user's word on what tokens
    cost; None leaves it to the catalogue.
    """

    name: str
    model: str
    provider: str
    key_variable: str
    url: str
    headers: Mapping[str, str] = field(repr=False)  # the key is among them
    base_url: str = ""
    idle_s: float = IDLE_S
    price: Price | None = None

    @property
    def facts(self) -> ModelFacts:
        return facts_of(self.model)

    @property
    def server(self) -> str:
        """What to call the other side in a sentence that begins with it."""
        return f"The server at {self.base_url}" if self.base_url else self.provider

    @property
    def whereabouts(self) -> str:
        """What to check where it cannot be reached."""
        return "--base-url, and that the server runs" if self.base_url else "the network"

    @property
    def on_this_machine(self) -> bool:
        return urlsplit(self.url).hostname in _LOOPBACK

    def answered_by(self, answering: str) -> str:
        """The name of the model that answered, by what the server called it, as a user would write it."""
        return f"{self.name.removesuffix(self.model)}{answering}"

    def price_of(self, answering: str) -> Price | None:
        """What tokens of this answer cost, by the name that the server gave the model; None where that is unknown."""
        return self.price or facts_of(answering).price or self.facts.price

    def costed(self, usage: Usage, answering: str) -> Usage:
        """`usage` with what it costs; nothing where that is unknown."""
        price = self.price_of(answering)
        return usage.costing(price.cost_usd(usage) if price else 0.0)


def checked_base_url(base_url: str) -> str:
    """`base_url` without a slash at its end. Raises ConfigError where it is no address of a server."""
    try:
        parts = urlsplit(base_url)
        fine = parts.scheme in ("http", "https") and bool(parts.hostname) and (parts.port or 1) > 0
    except ValueError:
        fine = False
    if not fine or any(not "!" <= character <= "~" for character in base_url):
        raise ConfigError(f"--base-url {base_url} is no address: it should look like http://HOST:PORT")
    return base_url.rstrip("/")
