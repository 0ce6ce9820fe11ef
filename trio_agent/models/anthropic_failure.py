"""Anthropic's errors, and of which kind they are.

Source: https://platform.claude.com/docs/en/api/errors. An error is `{"type": "error", "error": {"type", "message"}}`, as the
body of a response or as an event in the middle of a stream. The wording of `message` may change; its `type` stays.
"""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from trio_agent.core.errors import ProviderError
from trio_agent.models.endpoint import Endpoint
from trio_agent.models.failure import Kind, http_failure

_KINDS: dict[str, Kind] = {
    "authentication_error": "wrong_key",
    "billing_error": "unpaid",
    "permission_error": "no_permission",
    "not_found_error": "unknown_model",
    "request_too_large": "too_large",
    "rate_limit_error": "rate_limit",
    "overloaded_error": "overloaded",
    "api_error": "failed",
    "timeout_error": "failed",
    "conflict_error": "failed",
}

# A limit on spending comes as a rate limit, but no waiting of ours ends it.
_SPENT = ("enforced_spend_limit_reached", "contract_spend_limit_reached")


class ErrorDetails(msgspec.Struct, frozen=True):
    error_code: str | None = None


class ErrorObject(msgspec.Struct, frozen=True):
    type: str = ""
    message: str = ""
    details: ErrorDetails | None = None


class _ErrorBody(msgspec.Struct, frozen=True):
    error: ErrorObject = ErrorObject()


def kind_of(error: ErrorObject) -> Kind:
    if error.type == "invalid_request_error" and "too long" in error.message:
        return "too_long"
    if error.type == "rate_limit_error" and error.details is not None and error.details.error_code in _SPENT:
        return "spent"
    return _KINDS.get(error.type, "refused")


def failure_of(
    status: int, headers: Mapping[str, str], body: bytes, *, endpoint: Endpoint, now: float
) -> ProviderError:
    """The error that a response other than 200 means."""
    try:
        error = msgspec.json.decode(body, type=_ErrorBody).error
    except (msgspec.DecodeError, UnicodeDecodeError):
        error = ErrorObject(message=body.decode("utf-8", "replace"))
    kind = kind_of(error) if error.type else None
    return http_failure(kind, error.message or error.type, endpoint, status=status, headers=headers, now=now)
