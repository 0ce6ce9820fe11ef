"""What it means when a provider says no: the kinds of it, and for each the sentence that says what the user can do.

A provider's own module finds the kind by the provider's own codes; where a response has none, its status must do.
"""

from __future__ import annotations

import email.utils
import re
from collections.abc import Mapping
from typing import Literal

from trio_agent.core.errors import ConversationTooLong, ProviderError
from trio_agent.models.endpoint import Endpoint

Kind = Literal[
    "wrong_key",
    "no_permission",
    "unpaid",
    "unknown_model",
    "too_large",
    "too_long",
    "rate_limit",
    "spent",
    "overloaded",
    "failed",
    "declined",
    "refused",
]
"""`too_large` is the request in bytes, `too_long` the conversation in tokens. `rate_limit` passes, `spent` does not.
`failed` is the provider's own fault. `declined` is about what was said, `refused` about anything else in the request."""

MAKE_ROOM = "Type '/compact' to have it summed up, or begin a new session."

_MAX_CHARS = 300

# Servers have no code for it that a model does not look at images, or not at this one, and any status: 400, 404, 500.
_OF_IMAGES = re.compile(r"\b(images?|image_url|vision|multi-?modal|mmproj)\b", re.IGNORECASE)


def failed(kind: Kind, said: str, endpoint: Endpoint, wait_s: float = 0) -> ProviderError:
    """The error for the user. `said` is the provider's own words, `wait_s` how long it asked to wait; 0 where it did not."""
    failure = _told(kind, one_line(said) or "it did not say why", endpoint, wait_s)
    of_images = kind in ("failed", "unknown_model") and _OF_IMAGES.search(said) is not None
    failure.about_request = of_images or kind in ("refused", "declined", "too_large")
    return failure


def _told(kind: Kind, said: str, endpoint: Endpoint, wait_s: float) -> ProviderError:
    server, model, key = endpoint.server, endpoint.model, endpoint.key_variable
    match kind:
        case "wrong_key":
            return ProviderError(f"{server} does not accept the key: set {key} to a valid one. ({said})")
        case "no_permission":
            return ProviderError(f"The key in {key} may not use the model {model}: choose another. ({said})")
        case "unpaid":
            return ProviderError(f"{server} asks for payment: see to the billing of this account. ({said})")
        case "unknown_model":
            address = ", or check --base-url" if endpoint.base_url else ""
            return ProviderError(f"{server} knows no model {model}: choose another with --model{address}. ({said})")
        case "too_large":
            return ConversationTooLong(f"The conversation is too large to be sent. {MAKE_ROOM} ({said})")
        case "too_long":
            return ConversationTooLong(f"The conversation no longer fits into {model}. {MAKE_ROOM} ({said})")
        case "spent":
            return ProviderError(f"The spending limit of this account is reached: raise it, or wait. ({said})")
        case "rate_limit":
            wait = f" in {wait_s:.0f} s" if wait_s else " in a while"
            return ProviderError(
                f"The rate limit of this account is reached: try again{wait}. ({said})", retry_after_s=wait_s
            )
        case "overloaded":
            return ProviderError(f"{server} is overloaded: try again in a while. ({said})", retry_after_s=wait_s)
        case "failed":
            return ProviderError(f"{server} had a failure of its own: try again. ({said})", retry_after_s=wait_s)
        case "declined":
            return ProviderError(f"{server} does not take what was said in this conversation: {said}")
        case "refused":
            return ProviderError(f"{server} refused the request: {said}")


def http_failure(
    kind: Kind | None,
    said: str,
    endpoint: Endpoint,
    *,
    status: int,
    headers: Mapping[str, str],
    now: float,
    wait_s: float = 0,
) -> ProviderError:
    """What a response other than 200 means. `kind` is None where its body told none: a proxy speaks its own language.

    `headers` are looked up in lower case; `now` is Unix seconds. `wait_s` is a wait that was asked for in the body.
    """
    wait_s = max(wait_s, _retry_after(headers, now))
    failure = failed(kind or _kind_of(status), said or f"HTTP {status}", endpoint, wait_s)
    match headers.get("x-should-retry"):
        case "true" if failure.retry_after_s is None:
            return ProviderError(str(failure), retry_after_s=wait_s, about_request=failure.about_request)
        case "false" if failure.retry_after_s is not None:
            return ProviderError(str(failure), about_request=failure.about_request)
        case _:
            return failure


def again(failure: ProviderError) -> ProviderError:
    """The same, where the next try will be another: the wire has learned what to leave out.

    Always worth it, also once it has learned: a request that was on its way meanwhile is refused for the same reason.
    """
    return ProviderError(str(failure), retry_after_s=0)


def nonsense(what: str, endpoint: Endpoint) -> ProviderError:
    """The stream was broken, not cut off: worth another try, for it may be a proxy's doing."""
    return ProviderError(f"{endpoint.server} sent a stream that makes no sense: {one_line(what)}.", retry_after_s=0)


def endless(max_chars: int, endpoint: Endpoint) -> ProviderError:
    """More came than any model says. Not worth another try: it would be as long, and each is paid for."""
    return ProviderError(
        f"{endpoint.server} sent more than {max_chars // 1024**2} million characters where an answer was due, and was cut "
        "off: choose another model, or see what is wrong with the server."
    )


def packed(encoding: str, endpoint: Endpoint) -> ProviderError:
    """Nobody asked for that; it would be the same the next time."""
    return ProviderError(
        f"{endpoint.server} packs its answers as {one_line(encoding)}, which was not asked for: turn that off there, or in "
        "the proxy before it."
    )


def one_line(text: str) -> str:
    """`text` as one line of bearable length."""
    line = " ".join(text.split())
    return line if len(line) <= _MAX_CHARS else f"{line[:_MAX_CHARS]}…"


def _kind_of(status: int) -> Kind:
    match status:
        case 401:
            return "wrong_key"
        case 402:
            return "unpaid"
        case 403:
            return "no_permission"
        case 404:
            return "unknown_model"
        case 413:
            return "too_large"
        case 429:
            return "rate_limit"
        case 503 | 529:
            return "overloaded"
        case 408 | 409:
            return "failed"
        case _:
            return "failed" if status >= 500 else "refused"


def _retry_after(headers: Mapping[str, str], now: float) -> float:
    """Seconds; 0 where nothing (sensible) is said. Source: RFC 9110 § 10.2.3, and a header that the SDKs of providers know."""
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
