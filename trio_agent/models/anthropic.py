"""Anthropic's Messages API, and servers that speak it."""

from __future__ import annotations

from collections.abc import Mapping

from trio_agent import __version__
from trio_agent.core.errors import ProviderError
from trio_agent.core.price import Price
from trio_agent.models.anthropic_answer import AnswerReader
from trio_agent.models.anthropic_failure import failure_of
from trio_agent.models.anthropic_request import API_VERSION, encode_request
from trio_agent.models.endpoint import IDLE_S, Endpoint, checked_base_url
from trio_agent.models.failure import again
from trio_agent.seams import ModelRequest

KEY_VARIABLE = "ANTHROPIC_API_KEY"
BASE_URL = "https://api.anthropic.com"
DEFAULT_MODEL = "claude-sonnet-5-5"

# Pings come every few seconds, also while the model thinks.
PINGED_IDLE_S = 120.0


class AnthropicWire:
    """The wire of the model that the provider calls `model`, paid for with `key`.

    `base_url` is that of another server with the same API; ConfigError where it is none.
    """

    def __init__(self, model: str, key: str, *, base_url: str = "", price: Price | None = None) -> None:
        root = checked_base_url(base_url).removesuffix("/v1") if base_url else BASE_URL
        self.endpoint = Endpoint(
            name=f"anthropic/{model}",
            model=model,
            provider="Anthropic",
            key_variable=KEY_VARIABLE,
            url=f"{root}/v1/messages",
            base_url=base_url,
            headers={
                "x-api-key": key,
                "anthropic-version": API_VERSION,
                "content-type": "application/json",
                "user-agent": f"trio-agent/{__version__}",
            },
            idle_s=IDLE_S if base_url else PINGED_IDLE_S,
            price=price,
        )
        self._summaries = self.endpoint.facts.summaries

    def encode(self, request: ModelRequest) -> bytes:
        facts = self.endpoint.facts
        return encode_request(
            request, model=self.endpoint.model, max_tokens=facts.max_output, summaries=self._summaries
        )

    def reader(self) -> AnswerReader:
        return AnswerReader(self.endpoint)

    def failure(self, status: int, headers: Mapping[str, str], body: bytes, now: float) -> ProviderError:
        failure = failure_of(status, headers, body, endpoint=self.endpoint, now=now)
        if status == 400 and self.endpoint.facts.summaries and b"thinking" in body:
            # A server that only goes by the model's name may not know how to ask for its thoughts: then without.
            self._summaries = False
            return again(failure)
        return failure
