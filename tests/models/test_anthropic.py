"""The client against a transport of its own, on a clock that jumps."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable
from itertools import pairwise
from typing import Any

import httpx2
import pytest
import trio
from hypothesis import given
from hypothesis import strategies as st
from trio.testing import MockClock

from tests.models.listener import Listener, asking
from tests.standins.anthropic_server import answer_events, encode_event
from trio_agent.core.errors import ConfigError, ProviderError
from trio_agent.models.anthropic import (
    FIRST_WAIT_S,
    IDLE_S,
    MAX_RETRY_AFTER_S,
    MAX_TRIES,
    MAX_WAIT_S,
    AnthropicModel,
)
from trio_agent.seams import Answer

EVENT_STREAM = {"content-type": "text/event-stream"}

Handler = Callable[[httpx2.Request], httpx2.Response]


class Chunks(httpx2.AsyncByteStream):
    """A response body in the pieces given; a number is a pause in seconds, an exception is raised."""

    def __init__(self, *pieces: bytes | float | Exception) -> None:
        self._pieces = pieces

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for piece in self._pieces:
            if isinstance(piece, bytes):
                yield piece
            elif isinstance(piece, Exception):
                raise piece
            else:
                await trio.sleep(piece)


class Provider:
    """Answers with `responses`, one a request; the last one again and again. `asked_at` is by Trio's clock."""

    def __init__(self, *responses: httpx2.Response | Exception) -> None:
        self.requests: list[httpx2.Request] = []
        self.asked_at: list[float] = []
        self._responses = list(responses)

    def __call__(self, request: httpx2.Request) -> httpx2.Response:
        self.requests.append(request)
        self.asked_at.append(trio.current_time())
        response = self._responses.pop(0) if len(self._responses) > 1 else self._responses[0]
        if isinstance(response, Exception):
            raise response
        # A response can be read but once, and the last one is given again and again.
        return httpx2.Response(response.status_code, headers=response.headers, stream=response.stream)

    def model(
        self, uniform: Callable[[float, float], float] = lambda low, high: high, **options: Any
    ) -> AnthropicModel:
        transport = httpx2.MockTransport(self)
        return AnthropicModel("claude-sonnet-5-5", "sk-secret", transport=transport, uniform=uniform, **options)

    @property
    def waits(self) -> list[float]:
        return [round(after - before, 6) for before, after in pairwise(self.asked_at)]


def wire(**answer: Any) -> bytes:
    return b"".join(map(encode_event, answer_events(answer, "claude-sonnet-5-5")))


def ok(*pieces: bytes | float | Exception) -> httpx2.Response:
    return httpx2.Response(200, headers=EVENT_STREAM, stream=Chunks(*pieces))


def error(status: int, kind: str, **headers: str) -> httpx2.Response:
    body = {"type": "error", "error": {"type": kind, "message": "as planned"}}
    return httpx2.Response(
        status, headers={name.replace("_", "-"): value for name, value in headers.items()}, json=body
    )


async def test_the_request_carries_the_key_and_the_version_and_goes_to_the_api() -> None:
    provider = Provider(ok(wire(text="Hello.")))
    answer = await provider.model().answer(asking("hi"), Listener())
    (request,) = provider.requests
    assert (request.method, str(request.url)) == ("POST", "https://api.anthropic.com/v1/messages")
    assert request.headers["x-api-key"] == "sk-secret"
    assert request.headers["anthropic-version"] == "2026-10-21"
    assert request.headers["content-type"] == "application/json"
    body = json.loads(request.content)
    assert (body["model"], body["max_tokens"], body["stream"]) == ("claude-sonnet-5-5", 64_000, True)
    assert answer.text == "Hello."


@pytest.mark.parametrize("base", ["http://llama:1/base", "http://llama:1/base/", "http://llama:1/base/v1"])
async def test_another_server_is_asked_where_it_is(base: str) -> None:
    provider = Provider(ok(wire(text="Hello.")))
    await provider.model(base_url=base).answer(asking("hi"), Listener())
    assert str(provider.requests[0].url) == "http://llama:1/base/v1/messages"


WIRES = [
    wire(text="Grüße, 🌍!\u2028 Done", thinking="Hm 🤔"),
    wire(text="I look.", tool_calls=[{"name": "bash", "input": {"command": "echo 🌍"}}, {"name": "todo", "input": {}}]),
    wire(text="a b", stop_reason="refusal").replace(b"\n", b"\r\n"),
]


def outcome(answer: Answer, listener: Listener) -> object:
    return answer, listener.said


@pytest.mark.parametrize("whole", WIRES)
def test_the_answer_is_the_same_wherever_the_stream_is_cut_in_two(whole: bytes) -> None:
    async def main() -> None:
        outcomes = []
        model = Provider(*(ok(whole[:cut], whole[cut:]) for cut in range(len(whole)))).model()
        for _ in range(len(whole)):
            listener = Listener()
            outcomes.append(outcome(await model.answer(asking("hi"), listener), listener))
        assert all(each == outcomes[0] for each in outcomes)

    trio.run(main)


@given(st.sampled_from(WIRES), st.lists(st.integers(0, 3000), max_size=30))
def test_the_answer_is_the_same_however_the_stream_is_cut(whole: bytes, cuts: list[int]) -> None:
    async def main() -> None:
        listener, reference = Listener(), Listener()
        places = [0, *sorted(cuts), len(whole)]
        model = Provider(ok(*(whole[begin:end] for begin, end in pairwise(places))), ok(whole)).model()
        answer = await model.answer(asking("hi"), listener)
        assert outcome(answer, listener) == outcome(await model.answer(asking("hi"), reference), reference)

    trio.run(main, clock=MockClock(autojump_threshold=0))


@pytest.mark.parametrize("whole", WIRES)
def test_no_beginning_of_a_stream_is_taken_for_an_answer(whole: bytes) -> None:
    async def main() -> None:
        lengths = range(whole.rindex(b"}"))
        provider = Provider(*(ok(whole[:length]) for length in lengths for _ in range(MAX_TRIES)))
        model = provider.model()
        for _ in lengths:
            with pytest.raises(ProviderError, match="broke off"):
                await model.answer(asking("hi"), Listener())
        assert len(provider.requests) == MAX_TRIES * len(lengths)

    trio.run(main, clock=MockClock(autojump_threshold=0))


async def test_a_stream_cut_off_is_asked_for_again_and_what_was_shown_is_void(autojump_clock: MockClock) -> None:
    events = answer_events({"text": "one two", "thinking": "hm"}, "claude-sonnet-5-5")
    cut = b"".join(map(encode_event, events[:-3]))
    provider = Provider(ok(cut), ok(cut, httpx2.ReadError("reset")), ok(wire(text="whole")))
    listener = Listener()
    answer = await provider.model().answer(asking("hi"), listener)
    assert answer.text == "whole"
    assert listener.said == {"content": "whole", "thinking": ""}
    assert listener.restarts == 4  # two parts, twice


@pytest.mark.parametrize(
    "response",
    [
        error(408, "timeout_error"),
        error(409, "conflict_error"),
        error(429, "rate_limit_error"),
        error(500, "api_error"),
        httpx2.Response(502, content=b"<html>"),
        error(529, "overloaded_error"),
        httpx2.ConnectError("refused"),
        httpx2.ConnectTimeout("slow"),
        httpx2.RemoteProtocolError("closed"),
        ok(b'event: error\ndata: {"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}\n\n'),
    ],
    ids=lambda response: str(getattr(response, "status_code", type(response).__name__)),
)
async def test_what_may_pass_is_tried_again(response: httpx2.Response | Exception, autojump_clock: MockClock) -> None:
    provider = Provider(response, ok(wire(text="at last")))
    answer = await provider.model().answer(asking("hi"), Listener())
    assert answer.text == "at last"
    assert provider.waits == [FIRST_WAIT_S]


@pytest.mark.parametrize(
    ("response", "says"),
    [
        (error(401, "authentication_error"), "ANTHROPIC_API_KEY"),
        (error(404, "not_found_error"), "claude-sonnet-5-5"),
        (error(400, "invalid_request_error"), "refused"),
        (httpx2.Response(200, headers={"content-type": "text/html"}, content=b"<html>"), "check --base-url"),
        (httpx2.Response(307, headers={"location": "https://elsewhere.example"}), "refused"),
    ],
)
async def test_what_cannot_pass_is_told_at_once(response: httpx2.Response | Exception, says: str) -> None:
    provider = Provider(response)
    with pytest.raises(ProviderError, match=says) as caught:
        await provider.model().answer(asking("hi"), Listener())
    assert caught.value.retry_after_s is None
    assert len(provider.requests) == 1
    assert "sk-secret" not in str(caught.value)


@pytest.mark.parametrize("base", ["localhost:8080", "http://", "http://[::1", "ftp://host", "http:///path", " "])
def test_an_address_that_is_none_is_refused(base: str) -> None:
    with pytest.raises(ConfigError, match="--base-url"):
        AnthropicModel("m", "k", base_url=base)


async def test_after_the_last_try_the_failure_is_told(autojump_clock: MockClock) -> None:
    provider = Provider(error(529, "overloaded_error"))
    with pytest.raises(ProviderError, match="overloaded"):
        await provider.model().answer(asking("hi"), Listener())
    assert len(provider.requests) == MAX_TRIES
    assert provider.waits == [FIRST_WAIT_S, 2 * FIRST_WAIT_S, 4 * FIRST_WAIT_S, 8 * FIRST_WAIT_S]


async def test_waits_are_drawn_anew_between_nothing_and_a_bound_that_grows(autojump_clock: MockClock) -> None:
    bounds = []

    def uniform(low: float, high: float) -> float:
        bounds.append((low, high))
        return high / 4

    provider = Provider(error(529, "overloaded_error"))
    with pytest.raises(ProviderError):
        await provider.model(uniform).answer(asking("hi"), Listener())
    assert bounds == [(0, min(FIRST_WAIT_S * 2**n, MAX_WAIT_S)) for n in range(MAX_TRIES - 1)]
    assert provider.waits == [high / 4 for _, high in bounds]


async def test_the_wait_is_at_least_what_the_provider_asked_for(autojump_clock: MockClock) -> None:
    provider = Provider(error(429, "rate_limit_error", retry_after="17"), ok(wire(text="at last")))
    await provider.model().answer(asking("hi"), Listener())
    assert provider.waits == [17]


async def test_a_date_to_come_back_at_is_kept(autojump_clock: MockClock) -> None:
    late = error(429, "rate_limit_error", retry_after="Sun, 09 Sep 2001 01:47:10 GMT")
    provider = Provider(late, ok(wire(text="at last")))
    await provider.model(clock=lambda: 1_000_000_000).answer(asking("hi"), Listener())
    assert provider.waits == [30]


async def test_a_provider_that_asks_for_too_long_a_wait_is_not_waited_for(autojump_clock: MockClock) -> None:
    provider = Provider(error(429, "rate_limit_error", retry_after=str(MAX_RETRY_AFTER_S + 1)))
    with pytest.raises(ProviderError, match="try again in 121 s") as caught:
        await provider.model().answer(asking("hi"), Listener())
    assert caught.value.retry_after_s == MAX_RETRY_AFTER_S + 1
    assert len(provider.requests) == 1


async def test_a_silent_stream_is_given_up_and_asked_for_again(autojump_clock: MockClock) -> None:
    begin = encode_event(answer_events({"text": "x"}, "m")[0])
    provider = Provider(ok(begin, 10 * IDLE_S, wire(text="too late")), ok(wire(text="at last")))
    answer = await provider.model().answer(asking("hi"), Listener())
    assert answer.text == "at last"
    assert provider.waits == [IDLE_S + FIRST_WAIT_S]


async def test_a_provider_that_never_answers_at_all_is_given_up(autojump_clock: MockClock) -> None:
    async def never(request: httpx2.Request) -> httpx2.Response:
        await trio.sleep_forever()
        raise AssertionError

    model = AnthropicModel("m", "k", transport=httpx2.MockTransport(never), uniform=lambda low, high: 0)
    with pytest.raises(ProviderError, match="nothing came for 120 s"):
        await model.answer(asking("hi"), Listener())
    assert trio.current_time() == pytest.approx(MAX_TRIES * IDLE_S)


async def test_a_slow_stream_that_is_alive_is_listened_to(autojump_clock: MockClock) -> None:
    ping = b'event: ping\ndata: {"type": "ping"}\n\n'
    pieces: list[bytes | float] = []
    for event in answer_events({"text": "slow and steady"}, "m"):
        pieces += [0.9 * IDLE_S, ping, 0.9 * IDLE_S, encode_event(event)]
    provider = Provider(ok(*pieces))
    answer = await provider.model().answer(asking("hi"), Listener())
    assert answer.text == "slow and steady"
    assert len(provider.requests) == 1


async def test_an_answer_is_taken_though_the_server_keeps_the_connection_open(autojump_clock: MockClock) -> None:
    provider = Provider(ok(wire(text="done"), 10 * IDLE_S))
    begin = trio.current_time()
    assert (await provider.model().answer(asking("hi"), Listener())).text == "done"
    assert trio.current_time() == begin


async def test_text_is_heard_as_it_comes(autojump_clock: MockClock) -> None:
    pieces: list[bytes | float] = []
    for event in answer_events({"text": "one two three"}, "m"):
        pieces += [encode_event(event), 1.0]
    listener = Listener()
    await Provider(ok(*pieces)).model().answer(asking("hi"), listener)
    assert [text for _, text in listener.pieces] == ["one", " two", " three"]
    assert [after - before for before, after in pairwise(listener.at)] == [1, 1]


async def test_cancelling_ends_the_wait_between_tries(autojump_clock: MockClock) -> None:
    provider = Provider(error(529, "overloaded_error", retry_after="100"))
    with trio.move_on_after(50) as scope:
        await provider.model().answer(asking("hi"), Listener())
    assert scope.cancelled_caught
    assert len(provider.requests) == 1


def test_a_model_knows_its_name_its_window_and_whether_it_has_a_price() -> None:
    model = AnthropicModel("claude-sonnet-5-5", "k")
    assert (model.name, model.context_window, model.priced) == ("anthropic/claude-sonnet-5-5", 1_000_000, True)
    unknown = AnthropicModel("llama", "k")
    assert (unknown.context_window, unknown.priced) == (0, False)


async def test_usage_is_told_as_the_provider_tells_it() -> None:
    listener = Listener()
    answer = await Provider(ok(wire(text="Hello."))).model().answer(asking("hi"), listener, listener.on_usage)
    assert [(each.input_tokens, each.output_tokens) for each in listener.usages] == [(100, 1), (100, 10)]
    assert [each.cost_usd for each in listener.usages] == pytest.approx([210e-6, 300e-6])
    assert listener.usages[-1] == answer.usage


async def test_what_a_broken_try_cost_is_told_with_the_next_and_its_tokens_are_not(autojump_clock: MockClock) -> None:
    events = answer_events({"text": "one two"}, "claude-sonnet-5-5")
    begun = b"".join(map(encode_event, events[:4]))
    listener = Listener()
    provider = Provider(ok(begun), ok(begun), error(529, "overloaded_error"), ok(wire(text="whole")))
    answer = await provider.model().answer(asking("hi"), listener, listener.on_usage)
    costs = [each.cost_usd for each in listener.usages]
    assert costs == pytest.approx([210e-6, 420e-6, 630e-6, 720e-6])
    assert listener.usages[-1] == answer.usage
    assert (answer.usage.input_tokens, answer.usage.output_tokens) == (100, 10)
