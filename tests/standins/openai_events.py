"""How OpenAI's two APIs stream an answer of a plan."""

from __future__ import annotations

import json
from typing import Any


def response_events(answer: dict[str, Any], model: str, number: int = 1) -> list[dict[str, Any]]:
    """The events of the Responses API that stream `answer`, in their order."""
    begun = {"id": f"resp_{number}", "object": "response", "model": model, "output": [], "error": None, "usage": None}
    events: list[dict[str, Any]] = [
        {"type": "response.created", "response": {**begun, "status": "in_progress"}},
        {"type": "response.in_progress", "response": {**begun, "status": "in_progress"}},
    ]
    items: list[dict[str, Any]] = []
    for make, key in ((_thought, "thinking"), (_message, "text"), (_refusal, "refusal")):
        if answer.get(key):
            item, between = make(answer[key], len(items), number)
            events += _framed(item, len(items), between)
            items.append(item)
    for call in answer.get("tool_calls", []):
        item, between = _call(call, len(items), number)
        events += _framed(item, len(items), between)
        items.append(item)
    reason = answer.get("incomplete")
    status = "incomplete" if reason else "completed"
    ended = {
        **begun,
        "status": status,
        "output": items,
        "incomplete_details": {"reason": reason} if reason else None,
        "usage": _usage(answer),
    }
    events.append({"type": f"response.{status}", "response": ended})
    return [{**event, "sequence_number": index} for index, event in enumerate(events)]


def chat_chunks(answer: dict[str, Any], model: str, number: int = 1) -> list[dict[str, Any] | str]:
    """The chunks of the Chat Completions API that stream `answer`, in their order, with the word that ends them."""
    calls = answer.get("tool_calls", [])
    deltas: list[dict[str, Any]] = [{"role": "assistant", "content": "", "refusal": None}]
    deltas += [{"reasoning_content": word} for word in words(answer.get("thinking", ""))]
    deltas += [{"content": word} for word in words(answer.get("text", ""))]
    deltas += [{"refusal": word} for word in words(answer.get("refusal", ""))]
    for index, call in enumerate(calls):
        text = call.get("raw") or json.dumps(call["input"])
        half = len(text) // 2
        begin = {"id": call_id(number, index), "type": "function", "function": {"name": call["name"], "arguments": ""}}
        deltas.append({"tool_calls": [{"index": index, **begin}]})
        deltas += [
            {"tool_calls": [{"index": index, "function": {"arguments": each}}]} for each in (text[:half], text[half:])
        ]
    finish = answer.get("finish_reason") or ("tool_calls" if calls else "stop")
    common = {"id": f"chatcmpl-{number}", "object": "chat.completion.chunk", "created": 1, "model": model}
    choices = [{"index": 0, "delta": delta, "finish_reason": None} for delta in deltas]
    choices.append({"index": 0, "delta": {}, "finish_reason": finish})
    used = _usage(answer)
    usage = {
        "prompt_tokens": used["input_tokens"],
        "completion_tokens": used["output_tokens"],
        "total_tokens": used["total_tokens"],
        "prompt_tokens_details": used["input_tokens_details"],
    }
    return [
        *({**common, "choices": [choice], "usage": None} for choice in choices),
        {**common, "choices": [], "usage": usage},
        "[DONE]",
    ]


def encode_event(event: dict[str, Any]) -> bytes:
    return f"event: {event['type']}\ndata: {json.dumps(event, ensure_ascii=False)}\n\n".encode()


def encode_chunk(chunk: dict[str, Any] | str) -> bytes:
    data = chunk if isinstance(chunk, str) else json.dumps(chunk, ensure_ascii=False)
    return f"data: {data}\n\n".encode()


def call_id(number: int, index: int) -> str:
    return f"call_{number}_{index}"


def words(text: str) -> list[str]:
    return [word if index == 0 else f" {word}" for index, word in enumerate(text.split(" "))] if text else []


def _usage(answer: dict[str, Any]) -> dict[str, Any]:
    told = {
        "input_tokens": 100,
        "output_tokens": 10,
        "cached_tokens": 0,
        "cache_write_tokens": 0,
        **answer.get("usage", {}),
    }
    return {
        "input_tokens": told["input_tokens"],
        "input_tokens_details": {
            "cached_tokens": told["cached_tokens"],
            "cache_write_tokens": told["cache_write_tokens"],
        },
        "output_tokens": told["output_tokens"],
        "output_tokens_details": {"reasoning_tokens": 0},
        "total_tokens": told["input_tokens"] + told["output_tokens"],
    }


def _framed(item: dict[str, Any], index: int, between: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """`item` as it begins, what tells of it, and the item itself."""
    begun = {**item, "status": "in_progress"}
    begun |= {name: type(item[name])() for name in ("content", "summary", "arguments") if name in item}
    common = {"output_index": index, "item_id": item["id"]}
    return [
        {"type": "response.output_item.added", "output_index": index, "item": begun},
        *({**event, **common} for event in between),
        {"type": "response.output_item.done", "output_index": index, "item": item},
    ]


def _thought(text: str, index: int, number: int) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """A summary is told in parts: one a paragraph."""
    item = {"id": f"rs_{number}", "type": "reasoning", "summary": [], "encrypted_content": "c2VjcmV0"}
    events: list[dict[str, Any]] = []
    for place, paragraph in enumerate(text.split("\n\n")):
        part = {"type": "summary_text", "text": paragraph}
        item["summary"].append(part)  # type: ignore[attr-defined]
        at = {"summary_index": place}
        events.append({"type": "response.reasoning_summary_part.added", **at, "part": {**part, "text": ""}})
        events += [
            {"type": "response.reasoning_summary_text.delta", **at, "delta": word, "obfuscation": "x"}
            for word in words(paragraph)
        ]
        events.append({"type": "response.reasoning_summary_text.done", **at, "text": paragraph})
        events.append({"type": "response.reasoning_summary_part.done", **at, "part": part})
    return item, events


def _message(text: str, index: int, number: int) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    part = {"type": "output_text", "text": text, "annotations": [], "logprobs": []}
    item = {"id": f"msg_{number}", "type": "message", "role": "assistant", "status": "completed", "content": [part]}
    at = {"content_index": 0}
    deltas = [{"type": "response.output_text.delta", **at, "delta": word, "logprobs": []} for word in words(text)]
    return item, [
        {"type": "response.content_part.added", **at, "part": {**part, "text": ""}},
        *deltas,
        {"type": "response.output_text.done", **at, "text": text, "logprobs": []},
        {"type": "response.content_part.done", **at, "part": part},
    ]


def _refusal(text: str, index: int, number: int) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    part = {"type": "refusal", "refusal": text}
    item = {"id": f"msg_{number}r", "type": "message", "role": "assistant", "status": "completed", "content": [part]}
    at = {"content_index": 0}
    return item, [
        {"type": "response.content_part.added", **at, "part": {**part, "refusal": ""}},
        *({"type": "response.refusal.delta", **at, "delta": word} for word in words(text)),
        {"type": "response.refusal.done", **at, "refusal": text},
        {"type": "response.content_part.done", **at, "part": part},
    ]


def _call(call: dict[str, Any], index: int, number: int) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    text = call.get("raw") or json.dumps(call["input"])
    half = len(text) // 2
    item = {
        "id": f"fc_{number}_{index}",
        "type": "function_call",
        "status": "completed",
        "call_id": call_id(number, index),
        "name": call["name"],
        "arguments": text,
    }
    return item, [
        *({"type": "response.function_call_arguments.delta", "delta": each} for each in (text[:half], text[half:])),
        {"type": "response.function_call_arguments.done", "arguments": text},
    ]
