"""OpenAI's two APIs, and servers that speak one of them.

At OpenAI itself the Responses API is asked: its newer models take no tools by the older one. Other servers are asked by Chat
Completions, which nearly all of them speak.
"""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urlsplit

from trio_agent import __version__
from trio_agent.core.errors import ProviderError
from trio_agent.core.price import Price
from trio_agent.models import chat_answer, chat_request, responses_answer, responses_request
from trio_agent.models.endpoint import Endpoint, checked_base_url
from trio_agent.models.failure import again
from trio_agent.models.openai_failure import concerns, error_of, failure_of
from trio_agent.models.wire import Wire
from trio_agent.seams import ModelRequest

KEY_VARIABLE = "OPENAI_API_KEY"
BASE_URL = "https://api.openai.com/v1"
DEFAULT_MODEL = "gpt-6.2-sol"


def openai_wire(model: str, key: str, *, base_url: str = "", price: Price | None = None) -> Wire:
    """The wire of `openai/MODEL`."""
    wire = ChatWire if base_url else ResponsesWire
    return wire(model, key, base_url=base_url, price=price, prefix="openai")


class ResponsesWire:
    """The Responses API: the model that the server calls `model`, paid for with `key`.

    `base_url` is that of another server, with its path, or without one for the usual `/v1`; ConfigError where it is none.
    `prefix` is what stands before the model's name as the user writes it.
    """

    def __init__(
        self, model: str, key: str, *, base_url: str = "", price: Price | None = None, prefix: str = "openai-responses"
    ) -> None:
        self.endpoint = _endpoint(prefix, model, key, "responses", base_url, price)
        self._summaries = True

    def encode(self, request: ModelRequest) -> bytes:
        facts = self.endpoint.facts
        return responses_request.encode_request(
            request,
            model=self.endpoint.model,
            max_tokens=facts.max_output if facts.known else 0,
            phases=facts.phases,
            summaries=self._summaries,
        )

    def reader(self) -> responses_answer.AnswerReader:
        return responses_answer.AnswerReader(self.endpoint)

    def failure(self, status: int, headers: Mapping[str, str], body: bytes, now: float) -> ProviderError:
        error = error_of(body)
        failure = failure_of(status, headers, error, endpoint=self.endpoint, now=now)
        if status == 400 and concerns(error, "reasoning.summary"):
            # Models that do not think refuse to be asked for it, and accounts that are not verified may not: then without.
            self._summaries = False
            return again(failure)
        return failure


class ChatWire:
    """The Chat Completions API; otherwise like ResponsesWire."""

    def __init__(
        self, model: str, key: str, *, base_url: str = "", price: Price | None = None, prefix: str = "openai-chat"
    ) -> None:
        self.endpoint = _endpoint(prefix, model, key, "chat/completions", base_url, price)
        self._usage = True

    def encode(self, request: ModelRequest) -> bytes:
        return chat_request.encode_request(request, model=self.endpoint.model, usage=self._usage)

    def reader(self) -> chat_answer.AnswerReader:
        return chat_answer.AnswerReader(self.endpoint)

    def failure(self, status: int, headers: Mapping[str, str], body: bytes, now: float) -> ProviderError:
        error = error_of(body)
        failure = failure_of(status, headers, error, endpoint=self.endpoint, now=now)
        if status in (400, 422) and concerns(error, "stream_options"):
            # A server that does not know the question cannot tell the usage either way.
            self._usage = False
            return again(failure)
        return failure


def _endpoint(prefix: str, model: str, key: str, path: str, base_url: str, price: Price | None) -> Endpoint:
    root = checked_base_url(base_url) if base_url else BASE_URL
    if not urlsplit(root).path:
        root += "/v1"
    headers = {"content-type": "application/json", "user-agent": f"trio-agent/{__version__}"}
    if key:
        headers["authorization"] = f"Bearer {key}"
    return Endpoint(
        name=f"{prefix}/{model}",
        model=model,
        provider="OpenAI",
        key_variable=KEY_VARIABLE,
        url=f"{root}/{path}",
        base_url=base_url,
        headers=headers,
        price=price,
    )
