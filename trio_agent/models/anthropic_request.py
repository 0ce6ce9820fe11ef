"""A question to a model as Anthropic's Messages API takes it: `POST /v1/messages`.

Source: https://platform.claude.com/docs/en/api/messages, https://platform.claude.com/docs/en/build-with-claude/thinking and
https://platform.claude.com/docs/en/build-with-claude/prompt-caching. Pure: values in, JSON out.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import Any

from trio_agent.core.message import ToolCall
from trio_agent.core.transcript import NO_IMAGE, AgentTurn, ImageRef, Outcome, Turn, UserTurn
from trio_agent.core.wire import encode_json
from trio_agent.models.calls import input_object, safe_id, safe_name
from trio_agent.seams import ModelRequest

API_VERSION = "2026-10-21"

# Everything up to a block so marked is kept by the provider for five minutes and costs a tenth or less when sent again.
# Two of the four marks allowed: the instructions with the tools before them, and the conversation so far.
_CACHED = {"type": "ephemeral"}


def encode_request(request: ModelRequest, *, model: str, max_tokens: int, summaries: bool = False) -> bytes:
    """The body, as ASCII JSON. `max_tokens` bounds the answer, thinking included.

    With `summaries` a model that thinks by itself is to tell what: otherwise its thoughts come without their text. Whether to
    think, and how to sample, is left to the models: what they accept there differs, and their defaults are meant to be used.
    """
    body: dict[str, Any] = {
        "model": model,
        "max_tokens": max_tokens,
        "stream": True,
        "messages": _messages(request.turns, request.images),
    }
    if summaries:
        body["thinking"] = {"type": "adaptive", "display": "summarized"}
    if request.system.strip():
        body["system"] = [{"type": "text", "text": request.system, "cache_control": _CACHED}]
    if request.tools:
        body["tools"] = [
            {"name": tool.name, "description": tool.description, "input_schema": tool.input_schema}
            for tool in request.tools
        ]
        if not request.may_call:
            body["tool_choice"] = {"type": "none"}
    return encode_json(body)


def _messages(turns: tuple[Turn, ...], blobs: Mapping[str, bytes]) -> list[dict[str, Any]]:
    messages: list[dict[str, Any]] = [{"role": _role(turn), "content": _content(turn, blobs)} for turn in turns]
    if messages:
        messages[-1]["content"][-1]["cache_control"] = _CACHED
    return messages


def _role(turn: Turn) -> str:
    return "user" if isinstance(turn, UserTurn) else "assistant"


def _content(turn: Turn, blobs: Mapping[str, bytes]) -> list[dict[str, Any]]:
    # The provider refuses a text block that is blank, and results that do not come first.
    text = [{"type": "text", "text": turn.text}] if turn.text.strip() else []
    if isinstance(turn, AgentTurn):
        return [*text, *(_tool_use(call) for call in turn.tool_calls)]
    results = [_tool_result(outcome, blobs) for outcome in turn.outcomes]
    return [*results, *(_image(image, blobs) for image in turn.images), *text]


def _tool_result(outcome: Outcome, blobs: Mapping[str, bytes]) -> dict[str, Any]:
    id = safe_id(outcome.tool_call_id)
    block: dict[str, Any] = {"type": "tool_result", "tool_use_id": id, "content": outcome.text}
    if outcome.images:
        text = {"type": "text", "text": outcome.text}
        block["content"] = [text, *(_image(image, blobs) for image in outcome.images)]
    if outcome.error:
        block["is_error"] = True
    return block


def _image(image: ImageRef, blobs: Mapping[str, bytes]) -> dict[str, Any]:
    data = blobs.get(image.blob)
    if not data:
        return {"type": "text", "text": NO_IMAGE}
    encoded = base64.b64encode(data).decode()
    return {"type": "image", "source": {"type": "base64", "media_type": image.media_type, "data": encoded}}


def _tool_use(call: ToolCall) -> dict[str, Any]:
    return {
        "type": "tool_use",
        "id": safe_id(call.tool_call_id),
        "name": safe_name(call.name),
        "input": input_object(call.input),
    }
