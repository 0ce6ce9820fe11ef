"""A question to a model as the Gemini API takes it: `POST /v1/models/MODEL:streamGenerateContent?alt=sse`.

Source: https://ai.google.dev/api/generate-content and the types of the google-genai package, 3.4.0. Pure: values in, JSON out.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from typing import Any

from trio_agent.core.message import ToolCall
from trio_agent.core.transcript import NO_IMAGE, AgentTurn, ImageRef, Outcome, Turn, UserTurn
from trio_agent.core.wire import encode_json
from trio_agent.models.calls import input_object, safe_id, safe_name
from trio_agent.models.gemini_generation import signs, thinks
from trio_agent.models.gemini_signatures import UNSIGNED, Signatures
from trio_agent.seams import ModelRequest

# Of what a conversation may hold, GIF is the one kind that Gemini does not take. Source: its page on image understanding.
_IMAGE_TYPES = frozenset({"image/png", "image/jpeg", "image/webp"})


def encode_request(request: ModelRequest, *, model: str, signatures: Signatures) -> bytes:
    """The body, as ASCII JSON. `signatures` are those of calls that `model` itself made.

    No bound is set to the answer: the provider's own, of 65,536 tokens a request, is one that we would set.
    """
    body: dict[str, Any] = {"contents": _contents(request.turns, request.images, model, signatures)}
    if request.system.strip():
        body["systemInstruction"] = {"parts": [{"text": request.system}]}
    if request.tools:
        declarations = [
            {"name": tool.name, "description": tool.description, "parametersJsonSchema": tool.input_schema}
            for tool in request.tools
        ]
        body["tools"] = [{"functionDeclarations": declarations}]
        if not request.may_call:
            body["toolConfig"] = {"functionCallingConfig": {"mode": "NONE"}}
    if thinks(model):
        body["generationConfig"] = {"thinkingConfig": {"includeThoughts": True}}
    return encode_json(body)


def _contents(
    turns: Sequence[Turn], blobs: Mapping[str, bytes], model: str, signatures: Signatures
) -> list[dict[str, Any]]:
    contents = []
    calls: tuple[ToolCall, ...] = ()
    for turn in turns:
        if isinstance(turn, AgentTurn):
            calls = turn.tool_calls
            contents.append({"role": "model", "parts": [*_text(turn), *_calls(calls, model, signatures)]})
        else:
            contents.append({"role": "user", "parts": [*_told(turn, calls, blobs, model), *_text(turn)]})
    return contents


def _text(turn: Turn) -> list[dict[str, Any]]:
    return [{"text": turn.text}] if turn.text.strip() else []


def _told(turn: UserTurn, calls: tuple[ToolCall, ...], blobs: Mapping[str, bytes], model: str) -> list[dict[str, Any]]:
    # Tools end in any order, but models without ids tell two results of one tool apart by their places.
    places = {call.tool_call_id: place for place, call in enumerate(calls)}
    outcomes = sorted(turn.outcomes, key=lambda outcome: places.get(outcome.tool_call_id, len(places)))
    results = [_result(outcome, blobs) for outcome in outcomes]
    images = [_image(image, blobs) for image in turn.images]
    if not signs(model):
        # Too old to look into a result: its images come after all results, which must stand together.
        images = [image for result in results for image in result.pop("parts", [])] + images
    return [*({"functionResponse": result} for result in results), *images]


def _calls(calls: tuple[ToolCall, ...], model: str, signatures: Signatures) -> list[dict[str, Any]]:
    parts = []
    for number, call in enumerate(calls):
        function = {
            "id": safe_id(call.tool_call_id),
            "name": safe_name(call.name),
            "args": input_object(call.input),
        }
        part: dict[str, Any] = {"functionCall": function}
        # Of calls that are made side by side only the first is signed.
        signature = signatures.get(call) or (UNSIGNED if signs(model) and number == 0 else "")
        if signature:
            part["thoughtSignature"] = signature
        parts.append(part)
    return parts


def _result(outcome: Outcome, blobs: Mapping[str, bytes]) -> dict[str, Any]:
    images = [_image(image, blobs) for image in outcome.images]
    # Only media may stand beside what a tool put out; words about an image that cannot be shown are put out too.
    told = "\n".join([outcome.text, *(image["text"] for image in images if "text" in image)])
    result: dict[str, Any] = {
        "id": safe_id(outcome.tool_call_id),
        "name": safe_name(outcome.name),
        "response": {"error" if outcome.error else "output": told},
    }
    if shown := [image for image in images if "text" not in image]:
        result["parts"] = shown
    return result


def _image(image: ImageRef, blobs: Mapping[str, bytes]) -> dict[str, Any]:
    data = blobs.get(image.blob)
    if not data:
        return {"text": NO_IMAGE}
    if image.media_type not in _IMAGE_TYPES:
        return {"text": f"(There was an image here, of the type {image.media_type}, which this model cannot look at.)"}
    return {"inlineData": {"mimeType": image.media_type, "data": base64.b64encode(data).decode()}}
