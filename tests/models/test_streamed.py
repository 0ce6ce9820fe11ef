"""What all providers share, shown on Anthropic's wire: a transport of its own, on a clock that jumps."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from typing import Any

import httpx2
import pytest
import trio
from trio.testing import MockClock

from tests.models.listener import Listener, asking
from tests.models.transport import Far, ok
from tests.standins.anthropic_server import answer_events, encode_event
from trio_agent.core.errors import ProviderError
from trio_agent.core.usage import Usage
from trio_agent.models.anthropic import PINGED_IDLE_S, AnthropicWire
from trio_agent.models.streamed import FIRST_WAIT_S, MAX_RETRY_AFTER_S, MAX_TRIES, MAX_WAIT_S, StreamedModel
from trio_agent.models.wire import Wire
from trio_agent.seams import Answer

WIRE = AnthropicWire("claude-sonnet-5-5", "sk-secret")


class Provider(Far):
    """The far side of Anthropic's wire."""

    def model(
        self, wire: Wire = WIRE, uniform: Callable[[float, float], float] = lambda low, high: high, **options: Any
    ) -> StreamedModel:
        return super().model(wire, uniform, **options)


def wire(**answer: Any) -> bytes:
    return b"".join(map(encode_event, answer_events(answer, "claude-sonnet-5-5")))


def error(status: int, kind: str, **headers: str) -> httpx2.Response:
    body = {"type": "error", "error": {"type": kind, "message": "as planned"}}
    return httpx2.Response(
        status, headers={name.replace("_", "-"): value for name, value in headers.items()}, json=body
    )


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
        await provider.model(uniform=uniform).answer(asking("hi"), Listener())
    assert bounds == [(0, min(FIRST_WAIT_S * 2**n, MAX_WAIT_S)) for n in range(MAX_TRIES - 1)]
    assert provider.waits == [high / 4 for _, high in bounds]


async def test_the_random_wait_comes_after_what_the_provider_asked_for(autojump_clock: MockClock) -> None:
    provider = Provider(error(429, "rate_limit_error", retry_after="17"), ok(wire(text="at last")))
    await provider.model().answer(asking("hi"), Listener())
    assert provider.waits == [17 + FIRST_WAIT_S]


async def test_clients_that_were_all_told_the_same_wait_do_not_come_back_together(autojump_clock: MockClock) -> None:
    waits = set()
    for share in (0.0, 0.25, 0.5):
        provider = Provider(error(429, "rate_limit_error", retry_after="10"), ok(wire(text="at last")))
        await provider.model(uniform=lambda low, high, share=share: share * high).answer(asking("hi"), Listener())  # type: ignore[misc]
        waits.update(provider.waits)
    assert waits == {10, 10 + 0.25 * FIRST_WAIT_S, 10 + 0.5 * FIRST_WAIT_S}


async def test_a_date_to_come_back_at_is_kept(autojump_clock: MockClock) -> None:
    late = error(429, "rate_limit_error", retry_after="Sun, 09 Sep 2001 01:47:10 GMT")
    provider = Provider(late, ok(wire(text="at last")))
    await provider.model(clock=lambda: 1_000_000_000).answer(asking("hi"), Listener())
    assert provider.waits == [30 + FIRST_WAIT_S]


async def test_a_provider_that_asks_for_too_long_a_wait_is_not_waited_for(autojump_clock: MockClock) -> None:
    provider = Provider(error(429, "rate_limit_error", retry_after=str(MAX_RETRY_AFTER_S + 1)))
    with pytest.raises(ProviderError, match="try again in 121 s") as caught:
        await provider.model().answer(asking("hi"), Listener())
    assert caught.value.retry_after_s == MAX_RETRY_AFTER_S + 1
    assert len(provider.requests) == 1


async def test_a_silent_stream_is_given_up_and_asked_for_again(autojump_clock: MockClock) -> None:
    begin = encode_event(answer_events({"text": "x"}, "m")[0])
    provider = Provider(ok(begin, 10 * PINGED_IDLE_S, wire(text="too late")), ok(wire(text="at last")))
    answer = await provider.model().answer(asking("hi"), Listener())
    assert answer.text == "at last"
    assert provider.waits == [PINGED_IDLE_S + FIRST_WAIT_S]


async def test_a_provider_that_never_answers_at_all_is_given_up(autojump_clock: MockClock) -> None:
    async def never(request: httpx2.Request) -> httpx2.Response:
        await trio.sleep_forever()
        raise AssertionError

    model = StreamedModel(WIRE, transport=httpx2.MockTransport(never), uniform=lambda low, high: 0)
    with pytest.raises(ProviderError, match="nothing came for 120 s"):
        await model.answer(asking("hi"), Listener())
    assert trio.current_time() == pytest.approx(MAX_TRIES * PINGED_IDLE_S)


async def test_a_slow_stream_that_is_alive_is_listened_to(autojump_clock: MockClock) -> None:
    ping = b'event: ping\ndata: {"type": "ping"}\n\n'
    pieces: list[bytes | float] = []
    for event in answer_events({"text": "slow and steady"}, "m"):
        pieces += [0.9 * PINGED_IDLE_S, ping, 0.9 * PINGED_IDLE_S, encode_event(event)]
    provider = Provider(ok(*pieces))
    answer = await provider.model().answer(asking("hi"), Listener())
    assert answer.text == "slow and steady"
    assert len(provider.requests) == 1


async def test_comments_are_a_sign_of_life_too(autojump_clock: MockClock) -> None:
    pieces = [piece for _ in range(5) for piece in (0.9 * PINGED_IDLE_S, b": still at it\n\n")]
    provider = Provider(ok(*pieces, wire(text="at last")))
    assert (await provider.model().answer(asking("hi"), Listener())).text == "at last"
    assert len(provider.requests) == 1


async def test_an_event_larger_than_a_mebibyte_is_taken() -> None:
    text = "word " * 300_000
    assert (await Provider(ok(wire(text="a"), wire(text=text))).model().answer(asking("hi"), Listener())).text == "a"
    whole = encode_event({"type": "ping", "padding": text}) + wire(text="b")
    assert (await Provider(ok(whole)).model().answer(asking("hi"), Listener())).text == "b"


async def test_what_follows_the_end_is_not_heard() -> None:
    listener = Listener()
    assert (await Provider(ok(wire(text="a") + wire(text="b"))).model().answer(asking("hi"), listener)).text == "a"
    assert listener.said["content"] == "a"


async def test_an_answer_is_taken_though_the_server_keeps_the_connection_open(autojump_clock: MockClock) -> None:
    provider = Provider(ok(wire(text="done"), 10 * PINGED_IDLE_S))
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


@pytest.mark.parametrize("held_back", [0, 1], ids=["its end has come", "its end has not come"])
async def test_an_answer_that_is_there_when_its_cost_ends_the_call_is_taken_and_else_it_is_asked_for_but_once(
    held_back: int, autojump_clock: MockClock
) -> None:
    events = [encode_event(event) for event in answer_events({"text": "Hello."}, "claude-sonnet-5-5")]
    listener = Listener()
    answers: list[Answer] = []
    with trio.CancelScope() as scope:

        def on_usage(usage: Usage) -> None:
            if usage.output_tokens > 1:
                # Known at the next wait, as by a deadline that has passed.
                assert [text for _, text in listener.pieces] == ["Hello."]
                scope.cancel()

        provider = Provider(ok(*events[: len(events) - held_back]))
        answers.append(await provider.model().answer(asking("hi"), listener, on_usage))
    assert scope.cancelled_caught is bool(held_back)
    assert [answer.text for answer in answers] == ["Hello."] * (1 - held_back)
    assert len(provider.requests) == 1
