"""A question to a model as the Chat Completions API takes it: `POST /v1/chat/completions`.

Source: https://developers.openai.com/api/docs/api-reference/chat and the types of the openai package, 3.54.0. This is what
most servers speak that imitate OpenAI: only what all of them know is sent. Pure: values in, JSON out.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from trio_agent.core.transcript import NO_IMAGE, AgentTurn, ImageRef, Turn, UserTurn
from trio_agent.core.wire import encode_json
from trio_agent.models.calls import safe_id, safe_name
from trio_agent.models.responses_request import arguments, data_url, function, told
from trio_agent.seams import ModelRequest


def encode_request(request: ModelRequest, *, model: str, usage: bool) -> bytes:
    """The body, as ASCII JSON. With `usage` the stream is to end with what was used.

    No bound is set to the answer: the parameter for it is another at each server, and so is what a model can do.
    """
    body: dict[str, Any] = {"model": model, "stream": True, "messages": _messages(request)}
    if usage:
        body["stream_options"] = {"include_usage": True}
    if request.tools:
        body["tools"] = [{"type": "function", "function": function(tool)} for tool in request.tools]
        if not request.may_call:
            body["tool_choice"] = "none"
    return encode_json(body)


def _messages(request: ModelRequest) -> list[dict[str, Any]]:
    messages = [{"role": "system", "content": request.system}] if request.system.strip() else []
    for turn in request.turns:
        messages += _of(turn, request.images)
    return messages


def _of(turn: Turn, blobs: Mapping[str, bytes]) -> list[dict[str, Any]]:
    if isinstance(turn, AgentTurn):
        return [_said(turn)]
    results = [
        {"role": "tool", "tool_call_id": safe_id(outcome.tool_call_id), "content": told(outcome)}
        for outcome in turn.outcomes
    ]
    parts = _shown(turn, blobs)
    if turn.text.strip():
        parts.append(_text(turn.text))
    if not parts:
        return results
    # Plain text as a string: servers without models that look at images know nothing else.
    plain = all(part["type"] == "text" for part in parts)
    content = "\n\n".join(part["text"] for part in parts) if plain else parts
    return [*results, {"role": "user", "content": content}]


def _said(turn: AgentTurn) -> dict[str, Any]:
    message: dict[str, Any] = {"role": "assistant", "content": turn.text if turn.text.strip() else None}
    if turn.tool_calls:
        message["tool_calls"] = [
            {
                "id": safe_id(call.tool_call_id),
                "type": "function",
                "function": {"name": safe_name(call.name), "arguments": arguments(call.input)},
            }
            for call in turn.tool_calls
        ]
    return message


def _shown(turn: UserTurn, blobs: Mapping[str, bytes]) -> list[dict[str, Any]]:
    """Images. A tool's result holds only text here, so what a tool showed follows as if the user showed it."""
    parts = []
    for outcome in turn.outcomes:
        if outcome.images:
            parts.append(_text(f"(What the tool {outcome.name} showed:)"))
            parts += [_image(image, blobs) for image in outcome.images]
    return parts + [_image(image, blobs) for image in turn.images]


def _text(text: str) -> dict[str, Any]:
    return {"type": "text", "text": text}


def _image(image: ImageRef, blobs: Mapping[str, bytes]) -> dict[str, Any]:
    data = blobs.get(image.blob)
    return {"type": "image_url", "image_url": {"url": data_url(image, data)}} if data else _text(NO_IMAGE)
