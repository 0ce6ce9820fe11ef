from __future__ import annotations

import json
from typing import Any

import pytest

from trio_agent.core.errors import ProviderError
from trio_agent.models.gemini import GeminiWire

WIRE = GeminiWire("gemini-x", "a key")


def failure(status: int, word: str = "", message: str = "what they said", *details: dict[str, Any]) -> ProviderError:
    error: dict[str, Any] = {"code": status, "message": message, "status": word}
    if details:
        error["details"] = list(details)
    return WIRE.failure(status, {}, json.dumps({"error": error}).encode(), 0)


def reason(text: str) -> dict[str, Any]:
    return {"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": text, "domain": "googleapis.com"}


def retry(delay: str) -> dict[str, Any]:
    return {"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": delay}


def quota(name: str) -> dict[str, Any]:
    violation = {"quotaMetric": "generativelanguage.googleapis.com/generate_content_requests", "quotaId": name}
    return {"@type": "type.googleapis.com/google.rpc.QuotaFailure", "violations": [violation]}


A_MINUTE = "GenerateRequestsPerMinutePerProjectPerModel-FreeTier"
A_DAY = "GenerateRequestsPerDayPerProjectPerModel-FreeTier"


@pytest.mark.parametrize(
    ("error", "says"),
    [
        (failure(400, "INVALID_ARGUMENT", "API key not valid.", reason("API_KEY_INVALID")), "set GEMINI_API_KEY"),
        (failure(403, "PERMISSION_DENIED", "Your API key was reported as leaked."), "set GEMINI_API_KEY"),
        (failure(401, "UNAUTHENTICATED"), "set GEMINI_API_KEY"),
        (failure(403, "PERMISSION_DENIED"), "may not use the model gemini-x"),
        (failure(404, "NOT_FOUND"), "knows no model gemini-x: choose another with --model"),
        (failure(400, "INVALID_ARGUMENT"), "refused the request: what they said"),
        (failure(400, "FAILED_PRECONDITION", "User location is not supported."), "refused the request: User location"),
        (failure(400, "FAILED_PRECONDITION", "Please enable billing."), "billing of this account"),
        (failure(413, ""), "begin a new session"),
        (failure(501, "UNIMPLEMENTED"), "refused the request"),
        (
            failure(
                400,
                "INVALID_ARGUMENT",
                "The input token count (1200293) exceeds the maximum number of tokens allowed (1048576).",
            ),
            "no longer fits into gemini-x",
        ),
        (failure(429, "RESOURCE_EXHAUSTED", "Quota exceeded", quota(A_DAY), retry("23s")), "limit of this account"),
        (failure(429, "RESOURCE_EXHAUSTED", "Your prepayment credits are depleted."), "limit of this account"),
        (
            failure(429, "RESOURCE_EXHAUSTED", "Quota exceeded, limit: 0, model: gemini-x", retry("37027s")),
            "see to the billing",
        ),
    ],
)
def test_what_another_try_does_not_mend_says_what_the_user_can_do(error: ProviderError, says: str) -> None:
    assert says in str(error)
    assert error.retry_after_s is None


@pytest.mark.parametrize(
    ("status", "word", "says"),
    [
        (429, "RESOURCE_EXHAUSTED", "rate limit"),
        (500, "INTERNAL", "failure of its own"),
        (503, "UNAVAILABLE", "overloaded"),
        (504, "DEADLINE_EXCEEDED", "failure of its own"),
        (409, "ABORTED", "failure of its own"),
        (499, "CANCELLED", "failure of its own"),
        (500, "UNKNOWN", "failure of its own"),
        (500, "A_NEW_WORD", "failure of its own"),
    ],
)
def test_what_may_pass_is_worth_another_try(status: int, word: str, says: str) -> None:
    error = failure(status, word)
    assert says in str(error)
    assert error.retry_after_s == 0


@pytest.mark.parametrize(
    ("delay", "wait_s"),
    [("46s", 46), ("46.5s", 46.5), ("0s", 0), ("", 0), ("soon", 0), ("-3s", 0), ("nans", 0), ("1h", 0)],
)
def test_the_wait_is_what_the_provider_asked_for(delay: str, wait_s: float) -> None:
    error = failure(429, "RESOURCE_EXHAUSTED", "Quota exceeded", quota(A_MINUTE), retry(delay))
    assert error.retry_after_s == wait_s
    assert (f"try again in {wait_s:.0f} s" in str(error)) == (wait_s > 0)


def test_the_longer_of_two_waits_counts() -> None:
    body = {"error": {"code": 503, "status": "UNAVAILABLE", "message": "x", "details": [retry("5s")]}}
    assert WIRE.failure(503, {"retry-after": "9"}, json.dumps(body).encode(), 0).retry_after_s == 9
    assert WIRE.failure(503, {"retry-after": "2"}, json.dumps(body).encode(), 0).retry_after_s == 5


def test_an_error_in_a_list_of_one_is_the_same_error() -> None:
    error = {"error": {"code": 404, "message": "not found", "status": "NOT_FOUND"}}
    assert str(WIRE.failure(404, {}, json.dumps([error]).encode(), 0)) == str(failure(404, "NOT_FOUND", "not found"))


@pytest.mark.parametrize(
    ("status", "retried"),
    [(400, False), (401, False), (404, False), (307, False), (408, True), (429, True), (500, True), (502, True)],
)
@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>\n<b>gateway</b>\xff",
        b"{}",
        b"[]",
        b'{"error": "text"}',
        b'{"error": {}}',
        b"\xff\xfe",
        b"[" * 100_000,
    ],
    ids=lambda body: repr(body[:20]),
)
def test_a_body_of_another_kind_leaves_the_status_to_go_by(status: int, body: bytes, retried: bool) -> None:
    error = WIRE.failure(status, {}, body, 0)
    assert (error.retry_after_s is not None) == retried


def test_an_error_in_mid_stream_goes_by_its_word_its_code_and_its_details() -> None:
    for error, wait_s in [
        ({"status": "RESOURCE_EXHAUSTED", "details": [retry("7s")]}, 7),
        ({"code": 503}, 0),
        ({"code": 404}, None),
        ({}, None),
    ]:
        reader = WIRE.reader()
        reader.feed(json.dumps({"error": error}))
        assert reader.failure is not None
        assert reader.failure.retry_after_s == wait_s
