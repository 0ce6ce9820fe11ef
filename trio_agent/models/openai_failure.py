"""OpenAI's errors, and of which kind they are. Both of its APIs have them in common, and so do the servers that imitate it.

Source: https://developers.openai.com/api/docs/guides/error-codes and the types of the openai package, 3.54.0. An error is
`{"error": {"message", "type", "param", "code"}}`, as the body of a response or in the middle of a stream. Other servers write
numbers for codes, a string for the whole, or the object without its envelope.
"""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from trio_agent.core.errors import ProviderError
from trio_agent.models.endpoint import Endpoint
from trio_agent.models.failure import Kind, failed, http_failure


class ErrorObject(msgspec.Struct, frozen=True):
    message: str | None = None
    type: str | None = None
    param: str | None = None
    code: str | int | None = None

    @property
    def said(self) -> str:
        return self.message or str(self.code or "") or self.type or ""


class _Body(msgspec.Struct, frozen=True):
    error: ErrorObject | str | None = None
    message: str | None = None
    detail: str | None = None


# `exceed_context_size_error` is llama.cpp's.
_KINDS: dict[str, Kind] = {
    "invalid_api_key": "wrong_key",
    "model_not_found": "unknown_model",
    "context_length_exceeded": "too_long",
    "exceed_context_size_error": "too_long",
    "string_above_max_length": "too_large",
    "insufficient_quota": "unpaid",
    "credit_balance_exhausted": "unpaid",
    "billing_not_active": "unpaid",
    "billing_hard_limit_reached": "spent",
    "organization_spend_limit_exceeded": "spent",
    "project_spend_limit_exceeded": "spent",
    "organization_usage_limit_exceeded": "spent",
    "usage_limit_exceeded": "spent",
    "rate_limit_exceeded": "rate_limit",
    "slow_down": "overloaded",
    "server_is_overloaded": "overloaded",
    "server_overloaded": "overloaded",
    "service_unavailable_error": "overloaded",
    "server_error": "failed",
    "invalid_prompt": "declined",
    "content_filter": "declined",
    "content_policy_violation": "declined",
    "image_content_policy_violation": "declined",
    "bio_policy": "declined",
    "cyber_policy": "declined",
    "misalignment_policy_violation": "declined",
    "unsupported_country_region_territory": "refused",
}

# What servers without codes say of a conversation that does not fit.
_TOO_LONG = ("context length", "context window", "context size")


def kind_of(error: ErrorObject) -> Kind | None:
    """None where only the status of the response can tell."""
    kind = _KINDS.get(str(error.code)) or _KINDS.get(error.type or "")
    message = (error.message or "").lower()
    if kind == "rate_limit" and message.startswith("request too large"):
        return "too_large"  # larger than the account's tokens a minute: no waiting helps
    if kind is None and any(words in message for words in _TOO_LONG):
        return "too_long"
    return kind


def failure_of(
    status: int, headers: Mapping[str, str], error: ErrorObject, *, endpoint: Endpoint, now: float
) -> ProviderError:
    """The error that a response other than 200 means."""
    return http_failure(kind_of(error), error.said, endpoint, status=status, headers=headers, now=now)


def midway(error: ErrorObject, endpoint: Endpoint) -> ProviderError:
    """The error that came in a stream, where there is no status to go by but what a gateway wrote for a code."""
    if (kind := kind_of(error)) is None and isinstance(error.code, int):
        return http_failure(None, error.said, endpoint, status=error.code, headers={}, now=0)
    return failed(kind or ("refused" if error.type == "invalid_request_error" else "failed"), error.said, endpoint)


def error_of(body: bytes) -> ErrorObject:
    """The error in the body of a response, whatever its shape."""
    try:
        whole = msgspec.json.decode(body, type=_Body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return ErrorObject(message=body.decode("utf-8", "replace"))
    if isinstance(whole.error, ErrorObject):
        return whole.error
    return ErrorObject(message=whole.error or whole.message or whole.detail or body.decode())


def concerns(error: ErrorObject, parameter: str) -> bool:
    """Whether it is about `parameter` of the request, or the object that holds it, that it was refused."""
    whole = parameter.partition(".")[0]
    return (error.param or "").partition(".")[0] == whole or parameter in (error.message or "")
