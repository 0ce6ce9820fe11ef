"""The description of the API, made from the routes and the types themselves. Source: OpenAPI 3.1."""

from __future__ import annotations

import re
from typing import Any

import msgspec

from trio_agent import __version__
from trio_agent.core.message import Message
from trio_agent.core.state import State
from trio_agent.web.bodies import CancelBody, ChatBody, NewSessionBody, SessionPatchBody
from trio_agent.web.routes import Route, expanded

_BODIES: dict[str, tuple[type, bool]] = {
    "chat": (ChatBody, True),
    "cancel": (CancelBody, False),
    "new_session": (NewSessionBody, False),
    "change_session": (SessionPatchBody, True),
}
_QUERY: dict[str, dict[str, str]] = {
    "stream": {"from": "integer", "cursor": "string", "heartbeat": "integer", "access_token": "string"},
    "state": {"poll": "boolean", "seen": "integer"},
    "messages": {"start": "integer", "end": "integer"},
    "diff": {"commit": "string"},
}
_SUCCESS: dict[str, tuple[int, str]] = {
    "stream": (200, "text/event-stream"),
    "message_html": (200, "text/html"),
    "chat": (202, "application/json"),
    "new_session": (201, "application/json"),
    "delete_session": (204, ""),
    "diff": (200, "text/plain"),
    "metrics": (200, "text/plain"),
}
_PARAMETER = re.compile(r"<(?:path:)?(\w+)>")


def describe() -> dict[str, Any]:
    """The whole description, ready to be encoded."""
    types = [Message, State, *(body for body, _ in _BODIES.values())]
    schemas, components = msgspec.json.schema_components(types, ref_template="#/components/schemas/{name}")
    references = dict(zip(types, schemas, strict=True))
    paths: dict[str, dict[str, Any]] = {}
    for route, path in expanded():
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
    status, content_type = _SUCCESS.get(route.handler, (200, "application/json"))
    schema: dict[str, Any] = {"type": "object"} if content_type == "application/json" else {"type": "string"}
    if route.handler == "state":
        schema = references[State]
    elif route.handler == "messages":
        schema = {"type": "array", "items": references[Message]}
    elif route.handler == "sessions":
        schema = {"type": "array", "items": {"type": "object"}}
    success: dict[str, Any] = {"description": route.summary}
    if content_type:
        success["content"] = {content_type: {"schema": schema}}
    operation: dict[str, Any] = {
        "summary": route.summary,
        "operationId": route.handler + ("_of_session" if route.of_session and path.startswith("/sessions/") else ""),
        "parameters": _parameters(route, path),
        "responses": {str(status): success, "default": {"description": "A problem (RFC 9457)"}},
    }
    if route.handler in _BODIES:
        body, required = _BODIES[route.handler]
        operation["requestBody"] = {"required": required, "content": {"application/json": {"schema": references[body]}}}
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
