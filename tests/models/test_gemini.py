"""Gemini's wire as a whole: where it goes, and what it remembers."""

from __future__ import annotations

import json
from typing import Any

import httpx2
import pytest
from trio.testing import MockClock

from tests.models.listener import Listener, after, asking
from tests.models.transport import Far, ok
from tests.standins.gemini_chunks import answer_chunks, encode_chunk, signature_of
from trio_agent.core.errors import ProviderError
from trio_agent.core.price import Price
from trio_agent.core.usage import Usage
from trio_agent.models.catalogue import facts_of
from trio_agent.models.gemini import DEFAULT_MODEL, GeminiWire
from trio_agent.models.gemini_signatures import UNSIGNED
from trio_agent.models.streamed import StreamedModel

WIRE = GeminiWire(DEFAULT_MODEL, "a-secret")
LS = [{"name": "bash", "input": {"command": "ls"}}]


def stream(**answer: Any) -> bytes:
    return b"".join(map(encode_chunk, answer_chunks(answer, DEFAULT_MODEL)))


async def test_the_request_carries_the_key_and_goes_to_the_model() -> None:
    far = Far(ok(stream(text="Hello.")))
    answer = await far.model(WIRE).answer(asking("hi"), Listener())
    (request,) = far.requests
    url = f"https://generativelanguage.googleapis.com/v1/models/{DEFAULT_MODEL}:streamGenerateContent?alt=sse"
    assert (request.method, str(request.url)) == ("POST", url)
    assert request.headers["x-goog-api-key"] == "a-secret"
    assert request.headers["content-type"] == "application/json"
    assert json.loads(request.content)["contents"] == [{"role": "user", "parts": [{"text": "hi"}]}]
    assert answer.text == "Hello."


@pytest.mark.parametrize(
    ("base", "model", "begins"),
    [
        ("http://llama:1/base", "m", "http://llama:1/base/v1/models/m:"),
        ("http://llama:1/base/", "m", "http://llama:1/base/v1/models/m:"),
        ("http://llama:1/base/v1", "m", "http://llama:1/base/v1/models/m:"),
        ("http://llama:1/v1beta", "m", "http://llama:1/v1beta/models/m:"),
        ("", "gemini-flash-latest", "https://generativelanguage.googleapis.com/v1beta/models/gemini-flash-latest:"),
        ("http://llama:1", "../a?b=c", "http://llama:1/v1/models/..%2Fa%3Fb%3Dc:"),
    ],
)
def test_the_address_is_that_of_the_server_the_version_and_the_model(base: str, model: str, begins: str) -> None:
    assert GeminiWire(model, "", base_url=base).endpoint.url == f"{begins}streamGenerateContent?alt=sse"


def signatures_in(request: httpx2.Request) -> list[str]:
    contents = json.loads(request.content)["contents"]
    return [part["thoughtSignature"] for content in contents for part in content["parts"] if "thoughtSignature" in part]


async def test_a_call_goes_back_with_the_signature_it_came_with() -> None:
    far = Far(ok(stream(tool_calls=LS)), ok(stream(text="Two files.")))
    model = far.model(GeminiWire(DEFAULT_MODEL, "k"))
    first = await model.answer(asking("Look."), Listener())
    await model.answer(after(asking("Look."), first, "a b"), Listener())
    assert signatures_in(far.requests[1]) == [signature_of(1)]


async def test_another_model_and_a_program_begun_anew_do_not_know_the_signature_and_go_on_without() -> None:
    far = Far(ok(stream(tool_calls=LS)), ok(stream(text="Two files.")))
    first = await far.model(GeminiWire(DEFAULT_MODEL, "k")).answer(asking("Look."), Listener())
    await far.model(GeminiWire(DEFAULT_MODEL, "k")).answer(after(asking("Look."), first, "a b"), Listener())
    assert signatures_in(far.requests[1]) == [UNSIGNED]


async def test_a_signature_that_is_refused_is_not_sent_again(autojump_clock: MockClock) -> None:
    error = {"error": {"code": 400, "status": "INVALID_ARGUMENT", "message": "Corrupted thought signature."}}
    far = Far(ok(stream(tool_calls=LS)), httpx2.Response(400, json=error), ok(stream(text="Two files.")))
    model = far.model(GeminiWire(DEFAULT_MODEL, "k"))
    first = await model.answer(asking("Look."), Listener())
    assert (await model.answer(after(asking("Look."), first, "a b"), Listener())).text == "Two files."
    assert [signatures_in(each) for each in far.requests[1:]] == [[signature_of(1)], [UNSIGNED]]


async def test_where_no_signature_was_sent_another_try_does_not_help() -> None:
    error = {"error": {"code": 400, "status": "INVALID_ARGUMENT", "message": "Thought signature is not valid."}}
    far = Far(httpx2.Response(400, json=error))
    with pytest.raises(ProviderError, match="Thought signature is not valid"):
        await far.model(GeminiWire(DEFAULT_MODEL, "k")).answer(asking("hi"), Listener())
    assert len(far.requests) == 1


async def test_usage_is_heard_while_the_answer_comes() -> None:
    listener = Listener()
    usage = {"promptTokenCount": 1000, "cachedContentTokenCount": 600, "thoughtsTokenCount": 20}
    model = Far(ok(stream(text="one two", usage=usage))).model(WIRE)
    answer = await model.answer(asking("hi"), listener, listener.on_usage)
    assert listener.usages[0].output_tokens == 0
    assert listener.usages[-1] == answer.usage
    assert (answer.usage.input_tokens, answer.usage.cache_read_input_tokens) == (400, 600)
    assert answer.usage.output_tokens == 30


def test_a_model_knows_its_name_its_window_and_whether_it_has_a_price() -> None:
    model = StreamedModel(WIRE)
    assert (model.name, model.context_window, model.priced) == (f"gemini/{DEFAULT_MODEL}", 1_048_576, True)
    unknown = StreamedModel(GeminiWire("gemma-4-31b-it", "k"))
    assert (unknown.context_window, unknown.priced) == (0, False)
    assert StreamedModel(GeminiWire("m", "k", price=Price(input=1, output=1, cache_write=1, cache_read=1))).priced


@pytest.mark.parametrize(
    ("usage", "dollars"),
    [
        (Usage(input_tokens=200_000, output_tokens=1_000_000), 0.4 + 12),
        (Usage(input_tokens=100_000, cache_read_input_tokens=100_001), 0.4 + 0.0400004),
    ],
)
def test_a_long_question_to_a_model_of_two_prices_costs_the_higher(usage: Usage, dollars: float) -> None:
    price = facts_of("gemini-3.1-pro-preview").price
    assert price is not None
    assert price.cost_usd(usage) == pytest.approx(dollars)
