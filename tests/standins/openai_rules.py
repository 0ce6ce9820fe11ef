"""What OpenAI's two APIs refuse, as far as this program could get it wrong.

Source: https://developers.openai.com/api/docs/api-reference, the types of the openai package, 3.54.0, and for tools in Chat
Completions the pages of the gpt-6 models.
"""

from __future__ import annotations

import base64
import json
import re
from typing import Any

Objection = tuple[int, dict[str, Any]]

RESPONSES, CHAT = b"/v1/responses", b"/v1/chat/completions"

_RESPONSES_PARAMETERS = {
    *(
        "model",
        "input",
        "instructions",
        "stream",
        "store",
        "tools",
        "tool_choice",
        "reasoning",
        "max_output_tokens",
        "prompt_cache_key",
    ),
}
_CHAT_PARAMETERS = {"model", "messages", "stream", "stream_options", "tools", "tool_choice"}
_NAME = re.compile(r"[A-Za-z0-9_-]{1,64}\Z")
_DATA_URL = re.compile(r"data:image/(?:png|jpeg|gif|webp);base64,(.+)\Z")
_MAX_ID_CHARS = 64
_MIN_OUTPUT_TOKENS = 16
_MAX_TOOLS = 128


class _Refused(Exception):
    def __init__(self, message: str, param: str, code: str | None) -> None:
        super().__init__(message)
        self.error = {"message": message, "type": "invalid_request_error", "param": param, "code": code}


def objection(method: bytes, target: bytes, headers: dict[str, str], body: bytes) -> Objection | None:
    """Status and error object of the refusal; None for a request that is fine."""
    if method != b"POST" or target not in (RESPONSES, CHAT):
        message = f"Invalid URL ({method.decode()} {target.decode()})"
        return 404, {"message": message, "type": "invalid_request_error", "param": None, "code": None}
    if not re.fullmatch(r"Bearer \S+", headers.get("authorization", "")):
        message = "You didn't provide an API key."
        return 401, {"message": message, "type": "invalid_request_error", "param": None, "code": "invalid_api_key"}
    try:
        _require(headers.get("content-type") == "application/json", "content-type", "must be application/json")
        (_check_responses if target == RESPONSES else _check_chat)(json.loads(body))
    except _Refused as refused:
        return 400, refused.error
    except ValueError as exc:
        return 400, {"message": f"not JSON: {exc}", "type": "invalid_request_error", "param": None, "code": None}
    return None


def _require(holds: bool, param: str, message: str, code: str | None = None) -> None:
    if not holds:
        raise _Refused(f"{param}: {message}", param, code)


def _check_common(body: dict[str, Any], parameters: set[str]) -> None:
    for name in body:
        _require(name in parameters, name, "Unknown parameter", "unknown_parameter")
    _require(isinstance(body.get("model"), str), "model", "missing")
    _require(body.get("stream") is True, "stream", "the stand-in only streams")
    tools = body.get("tools", ())
    _require(len(tools) <= _MAX_TOOLS, "tools", f"array too long: {len(tools)}, at most 128", "array_above_max_length")
    if "tool_choice" in body:
        _require(bool(tools), "tool_choice", "is only allowed when tools are specified")
        _require(body["tool_choice"] == "none", "tool_choice", "not as planned")


def _check_function(where: str, function: dict[str, Any]) -> None:
    _require(bool(_NAME.match(function["name"])), f"{where}.name", "does not match the pattern")
    schema = function["parameters"]
    _require(schema.get("type") == "object", f"{where}.parameters", "schema must be of type object")
    _require(isinstance(schema.get("properties"), dict), f"{where}.parameters", "object schema missing properties")


def _check_call(where: str, id: Any, name: Any, arguments: Any) -> None:
    _require(isinstance(id, str) and 0 < len(id) <= _MAX_ID_CHARS, f"{where}.id", "1 to 64 characters")
    _require(isinstance(name, str) and bool(_NAME.match(name)), f"{where}.name", "does not match the pattern")
    _require(isinstance(arguments, str), f"{where}.arguments", "must be a string")
    # OpenAI itself takes any string here; servers that imitate it parse it.
    _require(isinstance(json.loads(arguments), dict), f"{where}.arguments", "must be a JSON object")


def _check_image(where: str, url: Any) -> None:
    match = _DATA_URL.match(url) if isinstance(url, str) else None
    _require(match is not None, where, "the stand-in takes images as data URLs only")
    assert match is not None
    base64.b64decode(match[1], validate=True)


class _OpenCalls:
    """Calls that were made and not answered yet."""

    def __init__(self) -> None:
        self._seen: set[str] = set()
        self._open: set[str] = set()

    def make(self, where: str, id: str) -> None:
        _require(id not in self._seen, where, f"duplicate call id {id}")
        self._seen.add(id)
        self._open.add(id)

    def answer(self, where: str, id: str) -> None:
        _require(id in self._open, where, f"No tool call found for the output of {id}")
        self._open.remove(id)

    def require_none(self, where: str) -> None:
        _require(not self._open, where, f"No tool output found for {', '.join(sorted(self._open))}")


# ------------------------------------------------------------------------------------------------------------ Responses


def _check_responses(body: dict[str, Any]) -> None:
    _check_common(body, _RESPONSES_PARAMETERS)
    _require(body.get("store") is False, "store", "this program keeps nothing at the provider")
    _require(len(body.get("prompt_cache_key", "")) <= _MAX_ID_CHARS, "prompt_cache_key", "at most 64 characters")
    _require(body.get("max_output_tokens", 9999) >= _MIN_OUTPUT_TOKENS, "max_output_tokens", "at least 16")
    _require(bool(body.get("instructions", "x").strip()), "instructions", "empty")
    if "reasoning" in body:
        thinks = not body["model"].startswith("gpt-4")
        _require(thinks, "reasoning.summary", "is not supported with this model", "unsupported_parameter")
        _require(body["reasoning"] == {"summary": "auto"}, "reasoning", "not as planned")
    for index, tool in enumerate(body.get("tools", [])):
        _require(tool["type"] == "function" and isinstance(tool["strict"], bool), f"tools[{index}]", "no function")
        _check_function(f"tools[{index}]", tool)
    _check_items(body.get("input", []))


def _check_items(items: list[dict[str, Any]]) -> None:
    _require(bool(items), "input", "at least one item")
    calls = _OpenCalls()
    for index, item in enumerate(items):
        where = f"input[{index}]"
        match item["type"]:
            case "message":
                calls.require_none(where)
                _check_message(where, item)
            case "function_call":
                _check_call(where, item["call_id"], item["name"], item["arguments"])
                calls.make(where, item["call_id"])
            case "function_call_output":
                calls.answer(where, item["call_id"])
                _check_content(where, item["output"])
            case kind:
                _require(False, where, f"an item of type {kind}")
    calls.require_none("input")
    _require(items[-1].get("role") != "assistant", "input", "the last word must not be the model's")


def _check_message(where: str, item: dict[str, Any]) -> None:
    _require(item["role"] in ("user", "assistant"), where, "role")
    if item["role"] == "assistant":
        _require(item.get("phase") in (None, "commentary", "final_answer"), where, "phase")
        _require(isinstance(item["content"], str), where, "the stand-in takes the model's words as a string")
    else:
        _require("phase" not in item, where, "phase is not for users")
    _check_content(where, item["content"])


def _check_content(where: str, content: Any) -> None:
    if isinstance(content, str):
        _require(bool(content.strip()), where, "empty")
        return
    _require(bool(content), where, "empty")
    for part in content:
        if part["type"] == "input_image":
            _require(part["detail"] == "auto", where, "detail")
            _check_image(where, part["image_url"])
        else:
            _require(part["type"] == "input_text" and bool(part["text"].strip()), where, "no text")


# ----------------------------------------------------------------------------------------------------- Chat Completions


def _check_chat(body: dict[str, Any]) -> None:
    _check_common(body, _CHAT_PARAMETERS)
    _require(
        body.get("stream_options", {"include_usage": True}) == {"include_usage": True}, "stream_options", "unknown"
    )
    for index, tool in enumerate(body.get("tools", [])):
        _require(not body["model"].startswith("gpt-6"), "tools", "use /v1/responses for function tools with this model")
        _require(tool["type"] == "function", f"tools[{index}]", "no function")
        _check_function(f"tools[{index}]", tool["function"])
    messages = body.get("messages", [])
    _require(bool(messages), "messages", "at least one message")
    calls = _OpenCalls()
    for index, message in enumerate(messages):
        _check_turn(f"messages[{index}]", message, index, calls)
    calls.require_none("messages")
    _require(messages[-1]["role"] in ("user", "tool"), "messages", "the last word must not be the model's")


def _check_turn(where: str, message: dict[str, Any], index: int, calls: _OpenCalls) -> None:
    content = message["content"]
    if message["role"] != "tool":
        calls.require_none(where)
    match message["role"]:
        case "system":
            _require(index == 0, where, "the system's word comes first")
            _require(bool(content.strip()), where, "empty")
        case "assistant":
            made = message.get("tool_calls", [])
            _require(bool(content.strip()) if content is not None else bool(made), where, "empty")
            for call in made:
                _check_call(where, call["id"], call["function"]["name"], call["function"]["arguments"])
                calls.make(where, call["id"])
        case "tool":
            calls.answer(where, message["tool_call_id"])
            _require(isinstance(content, str) and bool(content), where, "the result of a tool is text")
        case "user":
            _check_parts(where, content)
        case role:
            _require(False, where, f"a message of {role}")


def _check_parts(where: str, content: Any) -> None:
    if isinstance(content, str):
        _require(bool(content.strip()), where, "empty")
        return
    _require(bool(content), where, "empty")
    for part in content:
        if part["type"] == "image_url":
            _check_image(where, part["image_url"]["url"])
        else:
            _require(part["type"] == "text" and bool(part["text"].strip()), where, "no text")
