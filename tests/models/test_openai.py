"""OpenAI's two wires as a whole: where they go, and what they learn from a refusal."""

from __future__ import annotations

import json
from typing import Any

import httpx2
import pytest
import trio
from trio.testing import MockClock

from tests.models.listener import Listener, asking
from tests.models.transport import Far, ok
from tests.standins.openai_events import chat_chunks, encode_chunk, encode_event, response_events
from trio_agent.core.errors import ProviderError
from trio_agent.core.price import Price
from trio_agent.models.openai import ChatWire, ResponsesWire, openai_wire
from trio_agent.models.streamed import MAX_TRIES, StreamedModel

RESPONSES = ResponsesWire("gpt-6.2-sol", "sk-secret", prefix="openai")
CHAT = ChatWire("gpt-4.1", "sk-secret")


def responses_stream(**answer: Any) -> bytes:
    return b"".join(map(encode_event, response_events(answer, "gpt-6.2-sol")))


def chat_stream(**answer: Any) -> bytes:
    return b"".join(map(encode_chunk, chat_chunks(answer, "gpt-4.1")))


async def test_a_request_to_openai_carries_the_key_and_goes_to_the_responses_api() -> None:
    far = Far(ok(responses_stream(text="Hello.")))
    answer = await far.model(RESPONSES).answer(asking("hi"), Listener())
    (request,) = far.requests
    assert (request.method, str(request.url)) == ("POST", "https://api.openai.com/v1/responses")
    assert request.headers["authorization"] == "Bearer sk-secret"
    assert request.headers["content-type"] == "application/json"
    body = json.loads(request.content)
    assert (body["model"], body["max_output_tokens"], body["store"]) == ("gpt-6.2-sol", 64_000, False)
    assert (answer.text, answer.model) == ("Hello.", "openai/gpt-6.2-sol")


async def test_a_request_by_chat_goes_to_the_completions() -> None:
    far = Far(ok(chat_stream(text="Hello.")))
    answer = await far.model(CHAT).answer(asking("hi"), Listener())
    assert str(far.requests[0].url) == "https://api.openai.com/v1/chat/completions"
    assert (answer.text, answer.model) == ("Hello.", "openai-chat/gpt-4.1")


def test_a_model_that_is_not_known_is_asked_without_a_bound_and_without_phases() -> None:
    body = json.loads(ResponsesWire("gpt-9", "k").encode(asking("hi")))
    assert "max_output_tokens" not in body


@pytest.mark.parametrize(
    ("base", "url"),
    [
        ("http://localhost:11434", "http://localhost:11434/v1/chat/completions"),
        ("http://localhost:11434/", "http://localhost:11434/v1/chat/completions"),
        ("http://localhost:11434/v1", "http://localhost:11434/v1/chat/completions"),
        ("https://gateway.example/api/v1/", "https://gateway.example/api/v1/chat/completions"),
        ("https://far.example/v1beta/openai", "https://far.example/v1beta/openai/chat/completions"),
    ],
)
def test_another_server_is_asked_where_it_is_by_chat(base: str, url: str) -> None:
    endpoint = openai_wire("llama", "", base_url=base).endpoint
    assert (endpoint.name, endpoint.url) == ("openai/llama", url)
    assert "authorization" not in endpoint.headers


def test_another_server_may_be_asked_by_the_responses_api() -> None:
    endpoint = ResponsesWire("llama", "", base_url="http://localhost:8000").endpoint
    assert (endpoint.name, endpoint.url) == ("openai-responses/llama", "http://localhost:8000/v1/responses")


async def test_a_stream_cut_off_is_asked_for_again_and_what_was_shown_is_void(autojump_clock: MockClock) -> None:
    for wire, whole in ((RESPONSES, responses_stream(text="whole")), (CHAT, chat_stream(text="whole"))):
        far = Far(ok(whole[:-60]), ok(whole[:-60], httpx2.ReadError("reset")), ok(whole))
        listener = Listener()
        answer = await far.model(wire).answer(asking("hi"), listener)
        assert (answer.text, listener.said["content"], listener.restarts) == ("whole", "whole", 2)


async def test_summaries_that_are_refused_are_left_out_of_the_next_try(autojump_clock: MockClock) -> None:
    error = {"error": {"message": "verify", "param": "reasoning.summary", "code": "unsupported_value"}}
    far = Far(httpx2.Response(400, json=error), ok(responses_stream(text="Hello.")))
    model = far.model(ResponsesWire("gpt-6.2-sol", "k"))
    for _ in range(2):
        assert (await model.answer(asking("hi"), Listener())).text == "Hello."
    assert ["reasoning" in json.loads(request.content) for request in far.requests] == [True, False, False]


async def test_a_question_on_its_way_when_another_is_refused_is_asked_again_too() -> None:
    asked: list[bool] = []
    both = trio.Event()

    async def handle(request: httpx2.Request) -> httpx2.Response:
        asked.append("reasoning" in json.loads(request.content))
        if not asked[-1]:
            return ok(responses_stream(text="Hello."))
        if len(asked) == 2:
            both.set()
        await both.wait()
        return httpx2.Response(400, json={"error": {"message": "verify", "param": "reasoning.summary"}})

    wire = ResponsesWire("gpt-6.2-sol", "k")
    model = StreamedModel(wire, transport=httpx2.MockTransport(handle), uniform=lambda low, high: 0)
    listeners = [Listener(), Listener()]
    async with trio.open_nursery() as nursery:
        for listener in listeners:
            nursery.start_soon(model.answer, asking("hi"), listener)
    assert [listener.said["content"] for listener in listeners] == ["Hello.", "Hello."]
    assert asked == [True, True, False, False]


async def test_a_wrong_key_is_told_at_once_and_not_shown() -> None:
    error = {"error": {"message": "Incorrect API key provided", "code": "invalid_api_key"}}
    for wire in (RESPONSES, CHAT):
        far = Far(httpx2.Response(401, json=error))
        with pytest.raises(ProviderError, match="set OPENAI_API_KEY to a valid one") as caught:
            await far.model(wire).answer(asking("hi"), Listener())
        assert len(far.requests) == 1
        assert "sk-secret" not in f"{caught.value!r}{wire.endpoint!r}"


async def test_an_overloaded_server_is_asked_five_times(autojump_clock: MockClock) -> None:
    far = Far(httpx2.Response(503, json={"error": {"message": "busy", "code": "slow_down"}}))
    with pytest.raises(ProviderError, match="OpenAI is overloaded"):
        await far.model(RESPONSES).answer(asking("hi"), Listener())
    assert len(far.requests) == MAX_TRIES


def test_a_model_knows_its_name_its_window_and_whether_it_has_a_price() -> None:
    model = StreamedModel(RESPONSES)
    assert (model.name, model.context_window, model.priced) == ("openai/gpt-6.2-sol", 1_050_000, True)
    unknown = StreamedModel(openai_wire("llama", "", base_url="http://localhost:1"))
    assert (unknown.name, unknown.context_window, unknown.priced) == ("openai/llama", 0, False)
    free = Price(input=0, output=0, cache_write=0, cache_read=0)
    assert StreamedModel(openai_wire("llama", "", base_url="http://localhost:1", price=free)).priced
