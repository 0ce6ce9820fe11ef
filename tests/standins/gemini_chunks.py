"""An answer of a plan as the chunks that stream it, in the shape and order of the real API."""

from __future__ import annotations

import base64
import json
from typing import Any

Chunk = dict[str, Any]

_COUNTS = {"input_tokens": "promptTokenCount", "output_tokens": "candidatesTokenCount"}
"""For plans that every stand-in can be given."""


def answer_chunks(answer: dict[str, Any], model: str, number: int = 1) -> list[Chunk]:
    """The chunks that stream `answer`, the `number`th of its plan. The first call is signed by `signature_of(number)`.

    A call may say its own `id`; some servers number calls from 0 in every answer, or not at all: None.
    """
    told = {_COUNTS.get(name, name): count for name, count in answer.get("usage", {}).items()}
    usage = {"promptTokenCount": 100, "candidatesTokenCount": 10, **told}
    if "block_reason" in answer:
        feedback = {"blockReason": answer["block_reason"]}
        return [_rest({"promptFeedback": feedback}, {"promptTokenCount": usage["promptTokenCount"]}, model, number)]
    parts: list[dict[str, Any]] = [{"text": word, "thought": True} for word in _words(answer.get("thinking", ""))]
    parts += [{"text": word} for word in _words(answer.get("text", ""))]
    for index, call in enumerate(answer.get("tool_calls", [])):
        function = {"name": call["name"], "args": call["input"], "id": call.get("id", f"fc{number}{index}")}
        part: dict[str, Any] = {"functionCall": function}
        if index == 0:
            part["thoughtSignature"] = signature_of(number)
        parts.append(part)
    chunks = [_rest({"candidates": [_candidate([part])]}, {"promptTokenCount": 100}, model, number) for part in parts]
    last = _candidate([{"text": "", "thoughtSignature": signature_of(number)}] if parts else [])
    last["finishReason"] = answer.get("finish_reason", "STOP")
    if "finish_message" in answer:
        last["finishMessage"] = answer["finish_message"]
    return [*chunks, _rest({"candidates": [last]}, usage, model, number)]


def signature_of(number: int) -> str:
    return base64.b64encode(f"what was thought before answer {number}".encode()).decode()


def encode_chunk(chunk: Chunk) -> bytes:
    return f"data: {json.dumps(chunk, ensure_ascii=False)}\r\n\r\n".encode()


def _candidate(parts: list[dict[str, Any]]) -> dict[str, Any]:
    return {"content": {"parts": parts, "role": "model"}, "index": 0}


def _rest(news: Chunk, usage: dict[str, int], model: str, number: int) -> Chunk:
    total = sum(count for name, count in usage.items() if name != "cachedContentTokenCount")
    counts = {**usage, "totalTokenCount": total, "promptTokensDetails": [{"modality": "TEXT", "tokenCount": 100}]}
    return {**news, "usageMetadata": counts, "modelVersion": model, "responseId": f"response-{number}"}


def _words(text: str) -> list[str]:
    words = text.split(" ") if text else []
    return [word if index == 0 else f" {word}" for index, word in enumerate(words)]
