"""The description of the API, held against the routes that are served and the answers they give."""

from __future__ import annotations

import re
from typing import Any

from tests.web.echo_agent import EchoAgent
from tests.web.serving import serving_app
from trio_agent.stores.blobs import MemoryBlobs
from trio_agent.web.app import App
from trio_agent.web.routes import ROUTES, expanded


def fault(value: Any, schema: dict[str, Any], components: dict[str, Any], where: str = "$") -> str:
    """Where `value` is not what `schema` says, empty where it is. Knows as much of JSON Schema as msgspec writes."""
    if "$ref" in schema:
        return fault(value, components[schema["$ref"].rpartition("/")[2]], components, where)
    if "anyOf" in schema:
        faults = [fault(value, each, components, where) for each in schema["anyOf"]]
        return "" if "" in faults else "; ".join(faults)
    if "enum" in schema and value not in schema["enum"]:
        return f"{where}: {value!r} is none of {schema['enum']}"
    kinds = {"object": dict, "array": list, "string": str, "integer": int, "boolean": bool, "null": type(None)}
    kind = schema.get("type")
    if kind == "number":
        return "" if type(value) in (int, float) else f"{where}: {value!r} is no number"
    if kind is not None and type(value) is not kinds[kind]:
        return f"{where}: {value!r} is no {kind}"
    if kind == "array":
        return next(
            filter(None, (fault(each, schema.get("items", {}), components, f"{where}[]") for each in value)), ""
        )
    if kind == "object":
        properties = schema.get("properties", {})
        if missing := set(schema.get("required", ())) - set(value):
            return f"{where}: lacks {missing}"
        if properties and (unknown := set(value) - set(properties)):
            return f"{where}: has {unknown}, which nobody described"
        more = schema.get("additionalProperties", {})
        return next(
            filter(None, (fault(value[k], properties.get(k, more), components, f"{where}.{k}") for k in value)), ""
        )
    return ""


async def test_what_is_described_is_what_is_served() -> None:
    async with serving_app() as server, server.client() as client:
        answer = await client.get("/openapi.json")
        assert answer.headers["Content-Type"] == "application/json"
        described = {
            (method.upper(), path) for path, operations in answer.json()["paths"].items() for method in operations
        }
        served = served_routes(server.app)
        undescribed = {(route.method, path) for route, path in expanded() if not route.described}
        assert described == {(m, p) for m, p in served if (m, p) not in {(m, braces(p)) for m, p in undescribed}}


def braces(path: str) -> str:
    return re.sub(r"<(?:path:)?(\w+)>", r"{\1}", path)


def served_routes(app: App) -> set[tuple[str, str]]:
    assert app._quart is not None
    rules = list(app._quart.url_map.iter_rules())
    return {(method, braces(rule.rule)) for rule in rules for method in (rule.methods or ()) if method != "HEAD"}


async def test_every_answer_has_the_shape_that_is_described() -> None:
    agent = EchoAgent()
    blobs = MemoryBlobs()
    blob = await blobs.put(b"data")
    async with serving_app(agent, blobs=blobs) as server, server.client() as client:
        await client.post("/chat", json={"message": "tool"}, headers={"Idempotency-Key": "the-same-key"})
        await agent.hanging.wait()
        await client.post("/chat", json={"message": "not yet", "queued": True})
        session_id = (await server.session()).id
        bodies: dict[str, dict[str, Any]] = {
            "chat": {"message": "tool"},
            "cancel": {"tool_call_id": "call-1"},
            "withdraw": {"idx": 1},
            "new_session": {"title": "another"},
            "change_session": {"title": "other"},
        }
        queries = {**dict.fromkeys(("changed_lines", "file_lines", "file_text"), "?path=a.py"), "search": "?text=tool"}
        description = (await client.get("/openapi.json")).json()
        components = description["components"]["schemas"]
        seen = set()
        # What deletes comes last, and acts on a session that nothing else is asked about.
        for route in sorted(ROUTES, key=lambda route: route.method == "DELETE"):
            if not route.described or route.handler == "stream":
                continue
            operation = description["paths"][braces(route.path)][route.method.lower()]
            if route.method == "DELETE":
                session_id = (await server.session()).id
            path = route.path.replace("<session_id>", session_id).replace("<idx>", "0").replace("<blob>", blob)
            if route.of_session:
                path = f"/sessions/{session_id}{path}"
            path += queries.get(route.handler, "")
            body = bodies.get(route.handler)
            headers = {"Idempotency-Key": "the-same-key"} if route.handler == "chat" else {}
            content = {"content": b"a file"} if route.handler == "upload" else {"json": body}
            answer = await client.request(route.method, path, headers=headers, **content)
            assert str(answer.status_code) in operation["responses"], (path, answer.text)
            expected = operation["responses"][str(answer.status_code)].get("content", {})
            if not expected:
                assert answer.content == b""
                continue
            ((media_type, described),) = expected.items()
            assert answer.headers["Content-Type"].partition(";")[0] == media_type
            if media_type == "application/json":
                assert fault(answer.json(), described["schema"], components) == "", path
            seen.add(route.handler)
        assert {"state", "messages", "chat", "cancel", "download", "sessions", "new_session"} <= seen


async def test_what_is_sent_is_described_too() -> None:
    async with serving_app() as server, server.client() as client:
        paths = (await client.get("/openapi.json")).json()["paths"]
        assert {each["name"] for each in paths["/stream"]["get"]["parameters"]} == {
            "from",
            "cursor",
            "last",
            "heartbeat",
            "sessions",
            "prompts",
            "tasks",
            "pulse",
            "access_token",
            "Last-Event-ID",
        }
        assert paths["/chat"]["post"]["requestBody"]["required"] is True
        assert {each["name"] for each in paths["/sessions/{session_id}/messages/{idx}/html"]["get"]["parameters"]} == {
            "session_id",
            "idx",
        }
