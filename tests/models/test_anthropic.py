"""Anthropic's wire as a whole: where it goes, and what it asks for."""

from __future__ import annotations

import json
from typing import Any

import httpx2
import pytest
from trio.testing import MockClock

from tests.models.listener import Listener, asking
from tests.models.transport import Far, ok
from tests.standins.anthropic_server import answer_events, encode_event
from trio_agent.core.price import Price
from trio_agent.core.usage import Usage
from trio_agent.models.anthropic import AnthropicWire
from trio_agent.models.streamed import StreamedModel

WIRE = AnthropicWire("claude-sonnet-5-5", "sk-secret")


def stream(**answer: Any) -> bytes:
    return b"".join(map(encode_event, answer_events(answer, "claude-sonnet-5-5")))


async def test_the_request_carries_the_key_and_the_version_and_goes_to_the_api() -> None:
    far = Far(ok(stream(text="Hello.")))
    answer = await far.model(WIRE).answer(asking("hi"), Listener())
    (request,) = far.requests
    assert (request.method, str(request.url)) == ("POST", "https://api.anthropic.com/v1/messages")
    assert request.headers["x-api-key"] == "sk-secret"
    assert request.headers["anthropic-version"] == "2026-10-21"
    assert request.headers["content-type"] == "application/json"
    body = json.loads(request.content)
    assert (body["model"], body["max_tokens"], body["stream"]) == ("claude-sonnet-5-5", 64_000, True)
    assert answer.text == "Hello."


@pytest.mark.parametrize("base", ["http://llama:1/base", "http://llama:1/base/", "http://llama:1/base/v1"])
def test_another_server_is_asked_where_it_is(base: str) -> None:
    assert AnthropicWire("m", "", base_url=base).endpoint.url == "http://llama:1/base/v1/messages"


@pytest.mark.parametrize(
    ("model", "asked"),
    [("claude-sonnet-5-5", True), ("claude-fable-5-2", True), ("claude-opus-4-8", False), ("llama", False)],
)
def test_only_models_that_think_anyhow_are_asked_to_tell_of_it(model: str, asked: bool) -> None:
    assert ("thinking" in json.loads(AnthropicWire(model, "k").encode(asking("hi")))) == asked


async def test_thoughts_that_a_server_cannot_tell_of_are_not_asked_for_again(autojump_clock: MockClock) -> None:
    error = {"type": "error", "error": {"type": "invalid_request_error", "message": "thinking: Extra inputs"}}
    far = Far(httpx2.Response(400, json=error), ok(stream(text="Hello.")))
    model = far.model(AnthropicWire("claude-sonnet-5-5", "k"))
    for _ in range(2):
        assert (await model.answer(asking("hi"), Listener())).text == "Hello."
    assert ["thinking" in json.loads(request.content) for request in far.requests] == [True, False, False]


def test_a_model_knows_its_name_its_window_and_whether_it_has_a_price() -> None:
    model = StreamedModel(WIRE)
    assert (model.name, model.context_window, model.priced) == ("anthropic/claude-sonnet-5-5", 1_000_000, True)
    unknown = StreamedModel(AnthropicWire("llama", "k"))
    assert (unknown.context_window, unknown.priced) == (0, False)


async def test_what_the_user_says_of_the_price_counts() -> None:
    price = Price(input=100, output=1000, cache_write=0, cache_read=0)
    model = Far(ok(stream(text="x"))).model(AnthropicWire("llama", "k", price=price))
    assert model.priced
    answer = await model.answer(asking("hi"), Listener())
    assert answer.usage == Usage(input_tokens=100, output_tokens=10, cost_usd=0.02)
