"""Errors as `application/problem+json`. Source: RFC 9457.

A problem tells the client what it did or what it may do, never what our insides look like. `instance` is the request's id,
which stands in the server's log too.
"""

from __future__ import annotations

from http import HTTPStatus

from trio_agent.core.errors import (
    CallerError,
    Conflict,
    InvalidContent,
    InvalidInput,
    KeyReused,
    NotFound,
    RepositoryError,
    StoreError,
    StoreFull,
    TrioAgentError,
)
from trio_agent.core.wire import clean, encode_json

CONTENT_TYPE = "application/problem+json"
RETRY_AFTER_S = 5

_STATUS: dict[type[TrioAgentError], HTTPStatus] = {
    InvalidInput: HTTPStatus.BAD_REQUEST,
    InvalidContent: HTTPStatus.UNPROCESSABLE_ENTITY,
    NotFound: HTTPStatus.NOT_FOUND,
    Conflict: HTTPStatus.CONFLICT,
    KeyReused: HTTPStatus.UNPROCESSABLE_ENTITY,
    RepositoryError: HTTPStatus.CONFLICT,
    StoreFull: HTTPStatus.INSUFFICIENT_STORAGE,
    StoreError: HTTPStatus.SERVICE_UNAVAILABLE,
    CallerError: HTTPStatus.BAD_REQUEST,
}


def status_of(error: TrioAgentError) -> HTTPStatus:
    """The status that says whose doing the error is."""
    for kind in type(error).__mro__:
        if kind in _STATUS:
            return _STATUS[kind]
    return HTTPStatus.INTERNAL_SERVER_ERROR


def detail_of(error: TrioAgentError) -> str:
    """What a client is told: of a store that fails, that it does; how it does is for the server's log."""
    if isinstance(error, StoreError) and not isinstance(error, StoreFull):
        return "the store does not answer; nothing was recorded"
    return str(error)


def problem_json(status: int, detail: str, request_id: str) -> bytes:
    """The body of a problem of `status`."""
    title = HTTPStatus(status).phrase if status in HTTPStatus._value2member_map_ else "Error"
    return encode_json(
        {"type": "about:blank", "title": title, "status": status, "detail": clean(detail), "instance": request_id}
    )


def headers_of(status: int) -> dict[str, str]:
    """What a client must be told beside the body."""
    headers = {"Content-Type": CONTENT_TYPE, "Cache-Control": "no-store"}
    if status == HTTPStatus.SERVICE_UNAVAILABLE:
        headers["Retry-After"] = str(RETRY_AFTER_S)
    if status == HTTPStatus.UNAUTHORIZED:
        headers["WWW-Authenticate"] = "Bearer"
    return headers
