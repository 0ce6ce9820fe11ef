"""The description of the API, made from the routes and the types themselves. Source: OpenAPI 3.1."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import msgspec

from trio_agent import __version__
from trio_agent.core.message import Message
from trio_agent.core.state import State
from trio_agent.core.task import Tasks
from trio_agent.web.answers import (
    Begun,
    Cancelled,
    Download,
    Health,
    Listed,
    Posted,
    Replayed,
    Searched,
    Uploaded,
    Withdrawn,
)
from trio_agent.web.bodies import CancelBody, ChatBody, NewSessionBody, ReplayBody, SessionPatchBody, WithdrawBody
from trio_agent.web.file_answers import Changed, ChangedLines, FileLines, FileNames
from trio_agent.web.routes import ROUTES, Route, expanded

_BODIES: dict[str, tuple[type, bool]] = {
    "chat": (ChatBody, True),
    "cancel": (CancelBody, False),
    "withdraw": (WithdrawBody, True),
    "new_session": (NewSessionBody, False),
    "change_session": (SessionPatchBody, True),
    "control_replay": (ReplayBody, True),
}
_QUERY: dict[str, dict[str, str]] = {
    "stream": {
        "from": "integer",
        "last": "integer",
        "cursor": "string",
        "heartbeat": "integer",
        "sessions": "boolean",
        "prompts": "boolean",
        "tasks": "boolean",
        "pulse": "boolean",
        "access_token": "string",
    },
    "state": {"poll": "boolean", "seen": "integer"},
    "search": {"text": "string", "limit": "integer"},
    "messages": {"start": "integer", "end": "integer"},
    "diff": {"commit": "string"},
    "changes": {"commit": "string"},
    "changed_lines": {
        "path": "string",
        "old_path": "string",
        "commit": "string",
        "space": "string",
        "start": "integer",
        "context": "integer",
    },
    "file_names": {"match": "string"},
    "file_lines": {"path": "string", "at": "string", "start": "integer"},
    "file_text": {"path": "string", "at": "string"},
}
# What each handler answers where all went well: the status, and the type behind the JSON or else the media type.
_SUCCESS: dict[str, tuple[int, Any]] = {
    "stream": (200, "text/event-stream"),
    "state": (200, State),
    "tasks": (200, Tasks),
    "messages": (200, list[Message]),
    "message_html": (200, "text/html"),
    "chat": (202, Posted),
    "cancel": (200, Cancelled),
    "diff": (200, "text/plain"),
    "changes": (200, Changed),
    "changed_lines": (200, ChangedLines),
    "file_names": (200, FileNames),
    "file_lines": (200, FileLines),
    "file_text": (200, "text/plain"),
    "download": (200, Download),
    "withdraw": (200, Withdrawn),
    "upload": (201, Uploaded),
    "blob": (200, "application/octet-stream"),
    "search": (200, Searched),
    "sessions": (200, list[Listed]),
    "new_session": (201, Begun),
    "change_session": (200, Listed),
    "delete_session": (204, None),
    "openapi": (200, dict[str, Any]),
    "healthz": (200, Health),
    "readyz": (200, Health),
    "metrics": (200, "text/plain"),
    "replay": (200, Replayed),
    "control_replay": (200, Replayed),
}
_PARAMETER = re.compile(r"<(?:path:)?(\w+)>")


def describe(routes: Sequence[Route] = ROUTES) -> dict[str, Any]:
    """The whole description of `routes`, ready to be encoded."""
    handlers = [route.handler for route in routes if route.described]
    answers = [_SUCCESS[handler][1] for handler in handlers]
    types = [answer for answer in answers if answer is not None and not isinstance(answer, str)]
    types += [_BODIES[handler][0] for handler in handlers if handler in _BODIES]
    schemas, components = msgspec.json.schema_components(types, ref_template="#/components/schemas/{name}")
    references = dict(zip(types, schemas, strict=True))
    paths: dict[str, dict[str, Any]] = {}
    for route, path in expanded(routes):
        if route.described:
            operation = _operation(route, path, references)
            paths.setdefault(_PARAMETER.sub(r"{\1}", path), {})[route.method.lower()] = operation
    return {
        "openapi": "3.1.0",
        "info": {"title": "trio-agent", "version": __version__},
        "security": [{"token": []}],
        "paths": paths,
        "components": {"schemas": components, "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}}},
    }


def _operation(route: Route, path: str, references: dict[Any, dict[str, Any]]) -> dict[str, Any]:
    status, answer = _SUCCESS[route.handler]
    success: dict[str, Any] = {"description": route.summary}
    if isinstance(answer, str):
        success["content"] = {answer: {"schema": {"type": "string"}}}
    elif answer is not None:
        success["content"] = {"application/json": {"schema": references[answer]}}
    responses = {str(status): success, "default": {"description": "A problem (RFC 9457)"}}
    if route.handler == "chat":
        responses["200"] = {**success, "description": "The first answer again, for an Idempotency-Key that came before"}
    operation: dict[str, Any] = {
        "summary": route.summary,
        "operationId": route.handler + ("_of_session" if route.of_session and path.startswith("/sessions/") else ""),
        "parameters": _parameters(route, path),
        "responses": responses,
    }
    if route.handler in _BODIES:
        body, required = _BODIES[route.handler]
        operation["requestBody"] = {"required": required, "content": {"application/json": {"schema": references[body]}}}
    elif route.handler == "upload":
        operation["requestBody"] = {"required": True, "content": {"application/octet-stream": {}}}
    return operation


def _parameters(route: Route, path: str) -> list[dict[str, Any]]:
    in_path = [
        {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}
        for name in _PARAMETER.findall(path)
    ]
    in_query = [
        {"name": name, "in": "query", "schema": {"type": kind}} for name, kind in _QUERY.get(route.handler, {}).items()
    ]
    in_header = {"stream": "Last-Event-ID", "chat": "Idempotency-Key"}.get(route.handler)
    named = [{"name": in_header, "in": "header", "schema": {"type": "string"}}] if in_header else []
    return in_path + in_query + named
