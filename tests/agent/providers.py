"""What real providers would refuse of a question to a model: by the rules of every stand-in, on the wire of each."""

from __future__ import annotations

from collections.abc import Callable

from tests.standins import anthropic_rules, gemini_rules, openai_rules
from trio_agent.models import anthropic_request, chat_request, gemini_request, responses_request
from trio_agent.models.gemini_signatures import Signatures
from trio_agent.seams import ModelRequest

JSON = {"content-type": "application/json"}


def _anthropic(request: ModelRequest) -> object:
    body = anthropic_request.encode_request(request, model="claude-x", max_tokens=1000)
    headers = {**JSON, "x-api-key": "key", "anthropic-version": anthropic_request.API_VERSION}
    return anthropic_rules.objection(b"POST", b"/v1/messages", headers, body)


def _responses(request: ModelRequest) -> object:
    body = responses_request.encode_request(request, model="gpt-x", max_tokens=1000, phases=True, summaries=True)
    return openai_rules.objection(b"POST", openai_rules.RESPONSES, {**JSON, "authorization": "Bearer key"}, body)


def _chat(request: ModelRequest) -> object:
    body = chat_request.encode_request(request, model="gpt-x", usage=True)
    return openai_rules.objection(b"POST", openai_rules.CHAT, {**JSON, "authorization": "Bearer key"}, body)


def _gemini(request: ModelRequest) -> object:
    body = gemini_request.encode_request(request, model="gemini-4-x", signatures=Signatures())
    target = b"/v1/models/gemini-4-x:streamGenerateContent?alt=sse"
    return gemini_rules.objection(b"POST", target, {**JSON, "x-goog-api-key": "key"}, body)


PROVIDERS: dict[str, Callable[[ModelRequest], object]] = {
    "anthropic": _anthropic,
    "openai": _responses,
    "openai chat": _chat,
    "gemini": _gemini,
}


def assert_every_provider_takes(request: ModelRequest) -> None:
    refused = {name: objection for name, check in PROVIDERS.items() if (objection := check(request)) is not None}
    assert not refused, f"{refused} {request.turns}"
