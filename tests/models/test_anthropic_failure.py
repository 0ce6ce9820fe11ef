from __future__ import annotations

import json

import pytest

from trio_agent.core.errors import ProviderError
from trio_agent.models.anthropic import AnthropicWire


def failure(status: int, kind: str = "", message: str = "what they said", **more: object) -> ProviderError:
    headers = more.pop("headers", {})
    assert isinstance(headers, dict)
    body = {"type": "error", "error": {"type": kind, "message": message, **more}}
    return AnthropicWire("claude-x", "a key").failure(status, headers, json.dumps(body).encode(), 1_000_000_000)


@pytest.mark.parametrize(
    ("status", "kind", "says"),
    [
        (401, "authentication_error", "set ANTHROPIC_API_KEY"),
        (402, "billing_error", "billing"),
        (403, "permission_error", "may not use the model claude-x"),
        (404, "not_found_error", "knows no model claude-x: choose another with --model"),
        (413, "request_too_large", "begin a new session"),
        (400, "invalid_request_error", "refused the request: what they said"),
        (418, "teapot_error", "refused the request"),
    ],
)
def test_what_another_try_does_not_mend_says_what_the_user_can_do(status: int, kind: str, says: str) -> None:
    error = failure(status, kind)
    assert says in str(error)
    assert "what they said" in str(error)
    assert error.retry_after_s is None


@pytest.mark.parametrize(
    ("status", "kind", "says"),
    [
        (429, "rate_limit_error", "rate limit"),
        (500, "api_error", "failure of its own"),
        (504, "timeout_error", "failure of its own"),
        (409, "conflict_error", "failure of its own"),
        (529, "overloaded_error", "overloaded"),
    ],
)
def test_what_may_pass_is_worth_another_try(status: int, kind: str, says: str) -> None:
    error = failure(status, kind)
    assert says in str(error)
    assert error.retry_after_s == 0


def test_a_conversation_that_no_longer_fits_is_told_so() -> None:
    error = failure(400, "invalid_request_error", "prompt is too long: 1000001 tokens > 1000000 maximum")
    assert "no longer fits into claude-x" in str(error)
    assert error.retry_after_s is None


@pytest.mark.parametrize("code", ["enforced_spend_limit_reached", "contract_spend_limit_reached"])
def test_a_spending_limit_is_not_waited_for(code: str) -> None:
    error = failure(429, "rate_limit_error", details={"error_code": code})
    assert "spending limit" in str(error)
    assert error.retry_after_s is None


@pytest.mark.parametrize(
    ("headers", "wait_s"),
    [
        ({}, 0),
        ({"retry-after": "7"}, 7),
        ({"retry-after": "0.5"}, 0.5),
        ({"retry-after": "9", "retry-after-ms": "1500"}, 1.5),
        ({"retry-after": "Sun, 09 Sep 2001 01:47:10 GMT"}, 30),
        ({"retry-after": "Sun, 09 Sep 2001 01:46:00 GMT"}, 0),
        ({"retry-after": "soon"}, 0),
        ({"retry-after": "-3"}, 0),
        ({"retry-after": "nan"}, 0),
        ({"retry-after": "inf"}, 0),
        ({"retry-after": ""}, 0),
    ],
)
def test_the_wait_is_what_the_provider_asked_for(headers: dict[str, str], wait_s: float) -> None:
    assert failure(529, "overloaded_error", headers=headers).retry_after_s == wait_s


def test_a_rate_limit_names_the_wait() -> None:
    assert "try again in 7 s" in str(failure(429, "rate_limit_error", headers={"retry-after": "7"}))


def test_the_provider_may_say_itself_whether_to_try_again() -> None:
    assert failure(529, "overloaded_error", headers={"x-should-retry": "false"}).retry_after_s is None
    assert failure(400, "invalid_request_error", headers={"x-should-retry": "true"}).retry_after_s == 0


@pytest.mark.parametrize(
    ("status", "retried"),
    [
        (400, False),
        (401, False),
        (404, False),
        (307, False),
        (408, True),
        (409, True),
        (429, True),
        (500, True),
        (502, True),
        (529, True),
    ],
)
@pytest.mark.parametrize("body", [b"", b"<html>\n<b>gateway</b>\xff", b"{}", b'{"error": "text"}', b"\xff\xfe"])
def test_a_body_of_another_kind_leaves_the_status_to_go_by(status: int, body: bytes, retried: bool) -> None:
    error = AnthropicWire("claude-x", "a key").failure(status, {}, body, 0)
    assert (error.retry_after_s is not None) == retried


def test_the_text_is_one_line_of_bearable_length() -> None:
    text = str(failure(500, "api_error", "a\nb\r\n" * 10_000))
    assert len(text) < 500
    assert text.splitlines() == [text]
