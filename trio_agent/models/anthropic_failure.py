"""What it means when Anthropic says no, and what the user can do about it.

Source: https://platform.claude.com/docs/en/api/errors. An error is `{"type": "error", "error": {"type", "message"}}`, as the
body of a response or as an event in the middle of a stream. The wording of `message` may change; its `type` stays.
"""

from __future__ import annotations

import email.utils
from collections.abc import Mapping

import msgspec

from trio_agent.core.errors import ProviderError

KEY_VARIABLE = "ANTHROPIC_API_KEY"

_MAX_CHARS = 300

_STATUS_KINDS = {
    400: "invalid_request_error",
    401: "authentication_error",
    402: "billing_error",
    403: "permission_error",
    404: "not_found_error",
    413: "request_too_large",
    429: "rate_limit_error",
    529: "overloaded_error",
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


def http_failure(
    status: int, headers: Mapping[str, str], body: bytes, *, provider: str, model: str, now: float
) -> ProviderError:
    """The error that a response other than 200 means. `headers` are looked up in lower case; `now` is Unix seconds."""
    try:
        error = msgspec.json.decode(body, type=_ErrorBody).error
    except (msgspec.DecodeError, UnicodeDecodeError):
        error = ErrorObject(message=body.decode("utf-8", "replace"))
    if not error.type:
        # A proxy in between speaks its own language; then only the status is to be relied on.
        kind = _STATUS_KINDS.get(status, "api_error" if status >= 500 or status in (408, 409) else f"HTTP {status}")
        error = ErrorObject(type=kind, message=error.message)
    wait_s = _retry_after(headers, now)
    failure = failed(error, provider=provider, model=model, wait_s=wait_s)
    match headers.get("x-should-retry"):
        case "true" if failure.retry_after_s is None:
            return ProviderError(str(failure), retry_after_s=wait_s)
        case "false":
            return ProviderError(str(failure))
        case _:
            return failure


def failed(error: ErrorObject, *, provider: str, model: str, wait_s: float = 0) -> ProviderError:
    """What `error` means to the user. `wait_s` is how long the provider asked to wait; 0 where it did not."""
    said = _one_line(error.message) or error.type
    match error.type:
        case "authentication_error":
            return ProviderError(f"{provider} does not accept the key: set {KEY_VARIABLE} to a valid one. ({said})")
        case "permission_error":
            return ProviderError(f"The key in {KEY_VARIABLE} may not use the model {model}: choose another. ({said})")
        case "billing_error":
            return ProviderError(f"{provider} asks for payment: see to the billing of this account. ({said})")
        case "not_found_error":
            return ProviderError(f"{provider} knows no model {model}: choose another with --model. ({said})")
        case "request_too_large":
            return ProviderError(f"The conversation is too large to be sent: begin a new session. ({said})")
        case "invalid_request_error" if "too long" in said:
            return ProviderError(f"The conversation no longer fits into {model}: begin a new session. ({said})")
        case "rate_limit_error" if error.details is not None and error.details.error_code in _SPENT:
            return ProviderError(f"The spending limit of this account is reached: raise it, or wait. ({said})")
        case "rate_limit_error":
            wait = f" in {wait_s:.0f} s" if wait_s else " in a while"
            return ProviderError(
                f"The rate limit of this account is reached: try again{wait}. ({said})", retry_after_s=wait_s
            )
        case "overloaded_error":
            return ProviderError(f"{provider} is overloaded: try again in a while. ({said})", retry_after_s=wait_s)
        case "api_error" | "timeout_error" | "conflict_error":
            return ProviderError(f"{provider} had a failure of its own: try again. ({said})", retry_after_s=wait_s)
        case _:
            return ProviderError(f"{provider} refused the request: {said}")


def _retry_after(headers: Mapping[str, str], now: float) -> float:
    """Seconds; 0 where nothing (sensible) is said. Source: RFC 9110 § 10.2.3, and a header of Anthropic's own."""
    for name, unit_s in (("retry-after-ms", 0.001), ("retry-after", 1)):
        try:
            wait_s = float(headers.get(name, "")) * unit_s
        except ValueError:
            continue
        # Neither NaN nor infinity nor the past.
        return wait_s if 0 <= wait_s < float("inf") else 0
    try:
        date = email.utils.parsedate_to_datetime(headers.get("retry-after", ""))
    except ValueError:
        return 0
    return max(0.0, date.timestamp() - now)


def _one_line(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= _MAX_CHARS else f"{line[:_MAX_CHARS]}…"
