"""A question to a model as OpenAI's Responses API takes it: `POST /v1/responses`.

Source: https://developers.openai.com/api/docs/api-reference/responses and the types of the openai package, 3.54.0. Nothing is
kept at the provider: each request holds the whole conversation. What is asked for is cached there by itself. Pure: values in,
JSON out.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from typing import Any

from trio_agent.core.message import ToolCall
from trio_agent.core.transcript import NO_IMAGE, AgentTurn, ImageRef, Outcome, Turn, UserTurn
from trio_agent.core.wire import encode_json
from trio_agent.models.calls import input_object, safe_id, safe_name
from trio_agent.seams import ModelRequest, ToolSpec


def encode_request(request: ModelRequest, *, model: str, max_tokens: int, phases: bool, summaries: bool) -> bytes:
    """The body, as ASCII JSON. `max_tokens` bounds the answer, thinking included; 0 leaves that to the provider.

    With `phases` the model is told which of its own words were asides, with `summaries` it is to tell what it thinks.
    """
    body: dict[str, Any] = {
        "model": model,
        "stream": True,
        "store": False,
        "prompt_cache_key": cache_key(request),
        "input": [item for turn in request.turns for item in _items(turn, request.images, phases)],
    }
    if request.system.strip():
        body["instructions"] = request.system
    if request.tools:
        body["tools"] = [{"type": "function", "strict": False, **function(tool)} for tool in request.tools]
        if not request.may_call:
            body["tool_choice"] = "none"
    if max_tokens:
        body["max_output_tokens"] = max_tokens
    if summaries:
        body["reasoning"] = {"summary": "auto"}
    return encode_json(body)


def cache_key(request: ModelRequest) -> str:
    """The same for all requests of a session, so that they come to where its beginning is cached."""
    first = request.turns[0].text if request.turns else ""
    return hashlib.sha256(f"{request.system}\0{first}".encode()).hexdigest()[:32]


def function(tool: ToolSpec) -> dict[str, Any]:
    """A tool as both of OpenAI's APIs know it. They refuse an object schema without properties."""
    parameters = {"properties": {}, **tool.input_schema}
    return {"name": tool.name, "description": tool.description, "parameters": parameters}


def data_url(image: ImageRef, data: bytes) -> str:
    return f"data:{image.media_type};base64,{base64.b64encode(data).decode()}"


def told(outcome: Outcome) -> str:
    """What a tool put out. These APIs have no other place to say that it failed."""
    return f"Error: {outcome.text}" if outcome.error else outcome.text


def arguments(text: str) -> str:
    """A call's input as JSON of an object, which some servers insist on; as the model wrote it, if that is what it wrote."""
    value = input_object(text)
    return encode_json(value).decode() if not text or "invalid" in value else text


def _items(turn: Turn, blobs: Mapping[str, bytes], phases: bool) -> list[dict[str, Any]]:
    if isinstance(turn, UserTurn):
        return [*(_result(outcome, blobs) for outcome in turn.outcomes), *_words(turn, blobs)]
    said = [_said(turn, phases)] if turn.text.strip() else []
    return [*said, *(_call(call) for call in turn.tool_calls)]


def _words(turn: UserTurn, blobs: Mapping[str, bytes]) -> list[dict[str, Any]]:
    content = [_image(image, blobs) for image in turn.images]
    if turn.text.strip():
        content.append({"type": "input_text", "text": turn.text})
    return [{"type": "message", "role": "user", "content": content}] if content else []


def _said(turn: AgentTurn, phases: bool) -> dict[str, Any]:
    message = {"type": "message", "role": "assistant", "content": turn.text}
    if phases:
        message["phase"] = "commentary" if turn.tool_calls else "final_answer"
    return message


def _call(call: ToolCall) -> dict[str, Any]:
    return {
        "type": "function_call",
        "call_id": safe_id(call.tool_call_id),
        "name": safe_name(call.name),
        "arguments": arguments(call.input),
    }


def _result(outcome: Outcome, blobs: Mapping[str, bytes]) -> dict[str, Any]:
    output: Any = told(outcome)
    if outcome.images:
        output = [{"type": "input_text", "text": output}, *(_image(image, blobs) for image in outcome.images)]
    return {"type": "function_call_output", "call_id": safe_id(outcome.tool_call_id), "output": output}


def _image(image: ImageRef, blobs: Mapping[str, bytes]) -> dict[str, Any]:
    data = blobs.get(image.blob)
    if not data:
        return {"type": "input_text", "text": NO_IMAGE}
    return {"type": "input_image", "detail": "auto", "image_url": data_url(image, data)}
