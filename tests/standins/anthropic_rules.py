"""What the real Messages API refuses, as far as this program could get it wrong.

Source: https://platform.claude.com/docs/en/api/messages and https://platform.claude.com/docs/en/api/versioning.
"""

from __future__ import annotations

import base64
import json
import re
from typing import Any

Objection = tuple[int, str, str]

_REMOVED = ("temperature", "top_p", "top_k")
_MAX_CACHE_MARKS = 4
_TOKEN = re.compile(r"[a-zA-Z0-9_-]{1,128}\Z")
_IMAGE_TYPES = ("image/jpeg", "image/png", "image/gif", "image/webp")


class _Refused(Exception):
    pass


def objection(method: bytes, target: bytes, headers: dict[str, str], body: bytes) -> Objection | None:
    """Status, error type and message of the refusal; None for a request that is fine."""
    if (method, target) != (b"POST", b"/v1/messages"):
        return 404, "not_found_error", f"no such endpoint: {method.decode()} {target.decode()}"
    if not headers.get("x-api-key"):
        return 401, "authentication_error", "x-api-key header is required"
    try:
        _require("anthropic-version" in headers, "anthropic-version: header is required")
        _require(headers.get("content-type") == "application/json", "content-type must be application/json")
        _check(json.loads(body))
    except _Refused as refused:
        return 400, "invalid_request_error", str(refused)
    except ValueError as exc:
        return 400, "invalid_request_error", f"the body is not valid JSON: {exc}"
    return None


def _require(holds: bool, message: str) -> None:
    if not holds:
        raise _Refused(message)


def _check(body: dict[str, Any]) -> None:
    _require(isinstance(body.get("model"), str), "model: Field required")
    _require(isinstance(body.get("max_tokens"), int) and body["max_tokens"] > 0, "max_tokens: must be positive")
    _require(body.get("stream") is True, "stream: the stand-in only streams")
    _require(not any(name in body for name in _REMOVED), "sampling parameters are removed")
    _check_thinking(body)
    _require(json.dumps(body).count('"cache_control"') <= _MAX_CACHE_MARKS, "too many cache_control blocks")
    for block in body.get("system", []):
        _check_text("system", block)
    names = [tool["name"] for tool in body.get("tools", [])]
    _require(len(names) == len(set(names)), "tools: names must be unique")
    for tool in body.get("tools", []):
        _require(
            tool["input_schema"].get("type") == "object", f"tools.{tool['name']}: input_schema.type must be object"
        )
    if "tool_choice" in body:
        _require(bool(names), "tool_choice: may only be given with tools")
        _require(body["tool_choice"] == {"type": "none"}, "tool_choice: not as planned")
    _check_messages(body.get("messages", []))


def _check_thinking(body: dict[str, Any]) -> None:
    if "thinking" not in body:
        return
    known = re.match(r"claude-\w+-5(?:-|\Z)", body["model"]) is not None
    _require(known, "thinking.type: adaptive thinking is not supported on this model")
    asked = body["thinking"]
    _require(asked["type"] == "adaptive", f"thinking.type: {asked['type']} is not supported for this model")
    _require(asked.get("display") in (None, "summarized", "omitted"), "thinking.display: unknown")


def _check_messages(messages: list[dict[str, Any]]) -> None:
    _require(bool(messages), "messages: at least one message is required")
    open_calls: list[str] = []
    seen: set[str] = set()
    for index, message in enumerate(messages):
        where = f"messages.{index}"
        _require(message["role"] == ("assistant" if index % 2 else "user"), f"{where}: roles must alternate")
        _require(bool(message["content"]), f"{where}: content must not be empty")
        open_calls = (_check_assistant if index % 2 else _check_user)(where, message["content"], open_calls, seen)
    _require(messages[-1]["role"] == "user", "messages: the final message must be the user's; prefill is not supported")


def _check_user(where: str, content: list[dict[str, Any]], open_calls: list[str], seen: set[str]) -> list[str]:
    firsts = [block["type"] == "tool_result" for block in content]
    results = [block["tool_use_id"] for block in content if block["type"] == "tool_result"]
    _require(firsts == sorted(firsts, reverse=True), f"{where}: tool_result blocks must come first")
    _require(len(results) == len(set(results)), f"{where}: each tool_use must have a single result")
    missing, extra = set(open_calls) - set(results), set(results) - set(open_calls)
    _require(not missing, f"{where}: tool_use ids without tool_result blocks: {', '.join(sorted(missing))}")
    _require(not extra, f"{where}: unexpected tool_use_id in tool_result blocks: {', '.join(sorted(extra))}")
    for block in content:
        if block["type"] == "tool_result":
            _require(bool(block["content"]), f"{where}: an empty tool_result")
            for part in block["content"] if isinstance(block["content"], list) else []:
                _check_shown(where, part)
        else:
            _check_shown(where, block)
    return []


def _check_shown(where: str, block: dict[str, Any]) -> None:
    if block["type"] != "image":
        _check_text(where, block)
        return
    source = block["source"]
    _require(source["type"] == "base64", f"{where}: the stand-in takes images as base64 only")
    _require(source["media_type"] in _IMAGE_TYPES, f"{where}: {source['media_type']} is no image it can look at")
    _require(bool(base64.b64decode(source["data"], validate=True)), f"{where}: an empty image")


def _check_assistant(where: str, content: list[dict[str, Any]], open_calls: list[str], seen: set[str]) -> list[str]:
    calls = []
    for block in content:
        if block["type"] == "text":
            _check_text(where, block)
            continue
        _require(block["type"] == "tool_use", f"{where}: a block of type {block['type']}")
        _require(isinstance(block["input"], dict), f"{where}: tool_use.input must be an object")
        _require(bool(_TOKEN.match(block["id"])), f"{where}: tool_use.id: should match the pattern")
        _require(bool(_TOKEN.match(block["name"])), f"{where}: tool_use.name: should match the pattern")
        _require(block["id"] not in seen, f"{where}: tool_use ids must be unique")
        seen.add(block["id"])
        calls.append(block["id"])
    return calls


def _check_text(where: str, block: dict[str, Any]) -> None:
    _require(block["type"] == "text" and bool(block["text"].strip()), f"{where}: text must contain non-whitespace text")
