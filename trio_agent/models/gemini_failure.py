"""Gemini's errors, and of which kind they are.

Source: https://ai.google.dev/gemini-api/docs/troubleshooting and https://google.aip.dev/193. An error is `{"error": {"code",
"message", "status", "details"}}`, as the body of a response (now and then in a list of one) or as an event in the middle of a
stream. Among the details, each with an `@type`, stand ErrorInfo (`reason`), RetryInfo (`retryDelay`, as in "46s") and
QuotaFailure (the limits that were met).
"""

from __future__ import annotations

import re
from collections.abc import Mapping

import msgspec

from trio_agent.core.errors import ProviderError
from trio_agent.models.endpoint import Endpoint
from trio_agent.models.failure import Kind, http_failure

_KINDS: dict[str, Kind] = {
    "UNAUTHENTICATED": "wrong_key",
    "PERMISSION_DENIED": "no_permission",
    "NOT_FOUND": "unknown_model",
    "RESOURCE_EXHAUSTED": "rate_limit",
    "UNAVAILABLE": "overloaded",
    "INTERNAL": "failed",
    "UNKNOWN": "failed",
    "ABORTED": "failed",
    "CANCELLED": "failed",
    "DEADLINE_EXCEEDED": "failed",
}

_SECONDS = re.compile(r"([0-9]{1,9}(?:\.[0-9]{1,9})?)s")
# A plan without any share in a model says so as a rate limit: "limit: 0", with a wait of hours that helps nobody.
_NO_QUOTA = re.compile(r"\blimit: 0\b")
_TOO_LONG = re.compile(r"token count.*exceeds the maximum number of tokens")


class _Violation(msgspec.Struct, frozen=True, rename="camel"):
    quota_id: str = ""


class _Detail(msgspec.Struct, frozen=True, rename="camel"):
    reason: str = ""
    retry_delay: str = ""
    violations: list[_Violation] = []


class ErrorObject(msgspec.Struct, frozen=True):
    code: int = 0
    message: str = ""
    status: str = ""
    details: list[_Detail] = []


class _ErrorBody(msgspec.Struct, frozen=True):
    error: ErrorObject


def kind_of(error: ErrorObject) -> Kind | None:
    """None where the error does not say by a status that we know, and the code must do."""
    said = error.message.lower()
    match error.status:
        case "INVALID_ARGUMENT" if any(detail.reason.startswith("API_KEY_") for detail in error.details):
            return "wrong_key"
        case "INVALID_ARGUMENT" if _TOO_LONG.search(said):
            return "too_long"
        case "PERMISSION_DENIED" if "api key" in said:
            return "wrong_key"  # none was sent, or it was found in public, or it is for something else
        case "FAILED_PRECONDITION" if "billing" in said:
            return "unpaid"
        case "RESOURCE_EXHAUSTED" if _NO_QUOTA.search(said):
            return "unpaid"
        case "RESOURCE_EXHAUSTED" if _by_day(error) or "depleted" in said or "spend" in said:
            return "spent"
        case "INVALID_ARGUMENT" | "FAILED_PRECONDITION" | "OUT_OF_RANGE" | "UNIMPLEMENTED":
            return "refused"
        case status:
            return _KINDS.get(status)


def refuses_signatures(error: ErrorObject) -> bool:
    """Whether the provider does not accept what it signed itself: another of its servers did, or it was too long ago."""
    return error.status == "INVALID_ARGUMENT" and "thought signature" in error.message.lower().replace("_", " ")


def failed(error: ErrorObject, endpoint: Endpoint) -> ProviderError:
    """What an error in the middle of a stream means."""
    return _failure(error, error.code, {}, endpoint, now=0)


def error_of(body: bytes) -> ErrorObject:
    """The error in the body of a response; of a body in another language, its text as the message."""
    try:
        decoded = msgspec.json.decode(body, type=_ErrorBody | list[_ErrorBody])
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return ErrorObject(message=body.decode("utf-8", "replace"))
    errors = decoded if isinstance(decoded, list) else [decoded]
    return errors[0].error if errors else ErrorObject()


def failure_of(
    status: int, headers: Mapping[str, str], error: ErrorObject, *, endpoint: Endpoint, now: float
) -> ProviderError:
    """The error that a response other than 200 means, of which `error` was the body."""
    return _failure(error, status, headers, endpoint, now=now)


def _failure(
    error: ErrorObject, status: int, headers: Mapping[str, str], endpoint: Endpoint, *, now: float
) -> ProviderError:
    return http_failure(
        kind_of(error),
        error.message or error.status,
        endpoint,
        status=status,
        headers=headers,
        now=now,
        wait_s=max((_seconds(detail.retry_delay) for detail in error.details), default=0.0),
    )


def _by_day(error: ErrorObject) -> bool:
    return any("PerDay" in violation.quota_id for detail in error.details for violation in detail.violations)


def _seconds(text: str) -> float:
    match = _SECONDS.fullmatch(text)
    return float(match[1]) if match else 0.0
