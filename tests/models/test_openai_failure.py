from __future__ import annotations

import json
from typing import Any

import pytest

from tests.models.listener import asking
from trio_agent.core.errors import ProviderError
from trio_agent.models.openai import ChatWire, ResponsesWire


def failure(status: int, body: object, **headers: str) -> ProviderError:
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    names = {name.replace("_", "-"): value for name, value in headers.items()}
    return ChatWire("gpt-x", "a key").failure(status, names, data, 0)


def told(message: str = "what they said", **error: Any) -> dict[str, Any]:
    return {"error": {"message": message, "type": "invalid_request_error", "param": None, "code": None, **error}}


@pytest.mark.parametrize(
    ("status", "code", "says"),
    [
        (401, "invalid_api_key", "set OPENAI_API_KEY"),
        (403, None, "may not use the model gpt-x"),
        (403, "unsupported_country_region_territory", "refused the request"),
        (404, "model_not_found", "knows no model gpt-x: choose another with --model. "),
        (404, None, "knows no model gpt-x"),
        (400, "context_length_exceeded", "no longer fits into gpt-x"),
        (400, "string_above_max_length", "too large to be sent"),
        (413, None, "too large to be sent"),
        (429, "insufficient_quota", "billing"),
        (429, "credit_balance_exhausted", "billing"),
        (429, "billing_hard_limit_reached", "spending limit"),
        (400, "invalid_prompt", "does not take what was said in this conversation: what they said"),
        (400, "content_filter", "does not take what was said"),
        (400, None, "refused the request: what they said"),
        (418, "teapot", "refused the request"),
    ],
)
def test_what_another_try_does_not_mend_says_what_the_user_can_do(status: int, code: str | None, says: str) -> None:
    error = failure(status, told(code=code))
    assert says in str(error)
    assert "what they said" in str(error)
    assert error.retry_after_s is None


@pytest.mark.parametrize(
    ("status", "error", "says"),
    [
        (429, told(type="tokens", code="rate_limit_exceeded"), "rate limit"),
        (429, told(type="rate_limit_error"), "rate limit"),
        (500, told(type="server_error"), "failure of its own"),
        (502, b"<html>bad gateway</html>", "failure of its own"),
        (503, told(type="service_unavailable_error", code="slow_down"), "overloaded"),
        (503, b"", "overloaded"),
        (408, {}, "failure of its own"),
        (409, told(), "failure of its own"),
    ],
)
def test_what_may_pass_is_worth_another_try(status: int, error: object, says: str) -> None:
    caught = failure(status, error)
    assert says in str(caught)
    assert caught.retry_after_s == 0


def test_a_request_larger_than_the_tokens_of_a_minute_is_not_sent_again() -> None:
    message = "Request too large for gpt-x on tokens per min (TPM): Limit 30000, Requested 65000."
    error = failure(429, told(message, type="tokens", code="rate_limit_exceeded"))
    assert "begin a new session" in str(error)
    assert error.retry_after_s is None


def test_the_wait_is_what_the_server_asked_for() -> None:
    assert failure(429, told(code="rate_limit_exceeded"), retry_after="7").retry_after_s == 7
    assert failure(429, told(code="rate_limit_exceeded"), retry_after_ms="250").retry_after_s == 0.25
    assert failure(429, told(code="insufficient_quota"), retry_after="7").retry_after_s is None


@pytest.mark.parametrize(
    ("body", "says"),
    [
        # llama.cpp
        ({"error": {"code": 400, "message": "too many tokens", "type": "exceed_context_size_error"}}, "no longer fits"),
        # vLLM, now and before
        (
            {"error": {"message": "maximum context length is 4096", "type": "BadRequestError", "code": 400}},
            "no longer fits",
        ),
        ({"object": "error", "message": "maximum context length is 4096", "code": 400}, "no longer fits"),
        # FastAPI, and programs that write a string
        ({"detail": "Not allowed here"}, "refused the request: Not allowed here"),
        ({"error": "model is loading"}, "refused the request: model is loading"),
        # Anything else is shown as it is
        ({"detail": [{"loc": ["body"]}]}, "refused the request: {"),
        ([], "refused the request: []"),
        (b"no JSON \xff", "refused the request: no JSON"),
        (b"[" * 99_999, "refused the request: ["),
        (b"", "refused the request: HTTP 400"),
    ],
)
def test_other_servers_have_shapes_of_their_own(body: object, says: str) -> None:
    error = failure(400, body)
    assert says in str(error)
    assert len(str(error)) < 500
    assert error.retry_after_s is None


def test_at_a_server_of_ones_own_a_model_that_is_not_found_may_be_a_wrong_address() -> None:
    wire = ChatWire("llama", "", base_url="http://localhost:11434")
    error = wire.failure(404, {}, b"404 page not found", 0)
    assert str(error).startswith("The server at http://localhost:11434 knows no model llama: choose another")
    assert "check --base-url" in str(error)


SUMMARY = told(
    "Your organization must be verified to generate reasoning summaries.",
    param="reasoning.summary",
    code="unsupported_value",
)


@pytest.mark.parametrize(
    ("wire", "body"),
    [
        (ResponsesWire("gpt-4.1", "k"), SUMMARY),
        (ResponsesWire("gpt-4.1", "k"), told("Unsupported parameter: 'reasoning.summary'")),
        (ResponsesWire("gpt-4.1", "k"), told("Unknown parameter", param="reasoning")),
        (ChatWire("llama", "k"), told("Unrecognized request argument: stream_options")),
        (ChatWire("llama", "k"), told("Extra inputs are not permitted", param="stream_options.include_usage")),
    ],
)
def test_what_a_server_does_not_let_itself_be_asked_is_left_out_of_the_next_try(
    wire: ResponsesWire | ChatWire, body: dict[str, Any]
) -> None:
    before = json.loads(wire.encode(asking("hi")))
    error = wire.failure(400, {}, json.dumps(body).encode(), 0)
    assert "refused the request" in str(error)
    assert error.retry_after_s == 0
    left_out = before.keys() - json.loads(wire.encode(asking("hi"))).keys()
    assert left_out == ({"reasoning"} if isinstance(wire, ResponsesWire) else {"stream_options"})


def test_a_refusal_that_is_about_something_else_is_told_at_once() -> None:
    error = json.dumps(told("Reasoning models take no temperature", param="temperature")).encode()
    assert ResponsesWire("gpt-5", "k").failure(400, {}, error, 0).retry_after_s is None
