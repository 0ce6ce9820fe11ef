"""A stand-in for Anthropic's Messages API: real HTTP on 127.0.0.1, answers from a plan.

    async with serve_anthropic([{"text": "Hello."}]) as server:
        StreamedModel(AnthropicWire("claude-sonnet-5-5", "a key", base_url=server.url))

or `python tests/standins/anthropic_server.py PLAN.json`, which prints its URL on a line of its own and serves until it is
stopped. A plan is a list of answers, given one after another; see planned_server for how they are sent, and for the rest:

    text, thinking      what the model says, cut into words
    tool_calls          [{"name", "input"}]
    usage               {"input_tokens", "output_tokens", …}; 100 and 10 where not said
    stop_reason         where it does not follow from the rest
    error               {"type", "message"}
"""

from __future__ import annotations

import json
import sys
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any

if not __package__:
    # Run as a script: then only this folder is on the path, and not the one that holds `tests`.
    sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from tests.standins.anthropic_rules import objection
from tests.standins.planned_server import Plan, PlannedServer, listening, run


class AnthropicServer(PlannedServer):
    def refusal(self, method: bytes, target: bytes, headers: dict[str, str], body: bytes) -> tuple[int, Any] | None:
        refused = objection(method, target, headers, body)
        if refused is None:
            return None
        status, kind, message = refused
        return status, {"type": kind, "message": message}

    def events(self, answer: dict[str, Any], request: dict[str, Any], target: str) -> list[bytes]:
        return [encode_event(event) for event in answer_events(answer, request["model"], self.given)]

    def error_event(self, error: Any) -> bytes:
        return encode_event({"type": "error", "error": error})

    def error_body(self, status: int, error: Any) -> dict[str, Any]:
        return {"type": "error", "error": {"type": "api_error", **error}}


def answer_events(answer: dict[str, Any], model: str, number: int = 1) -> list[dict[str, Any]]:
    """The events that stream `answer`, in the order of the real API."""
    usage = {"input_tokens": 100, "output_tokens": 10, **answer.get("usage", {})}
    started: dict[str, Any] = {
        "id": f"msg_{number}",
        "type": "message",
        "role": "assistant",
        "model": model,
        "content": [],
        "stop_reason": None,
        "stop_sequence": None,
        "usage": {**usage, "output_tokens": 1},
    }
    events: list[dict[str, Any]] = [{"type": "message_start", "message": started}, {"type": "ping"}]
    calls = answer.get("tool_calls", [])
    blocks: list[tuple[dict[str, Any], list[dict[str, Any]]]] = []
    if answer.get("thinking"):
        pieces = [{"type": "thinking_delta", "thinking": word} for word in _words(answer["thinking"])]
        pieces.append({"type": "signature_delta", "signature": "c2lnbmVk"})
        blocks.append(({"type": "thinking", "thinking": "", "signature": ""}, pieces))
    if answer.get("text"):
        blocks.append(
            ({"type": "text", "text": ""}, [{"type": "text_delta", "text": w} for w in _words(answer["text"])])
        )
    for index, call in enumerate(calls):
        text = call.get("raw") or json.dumps(call["input"])
        half = len(text) // 2
        block = {"type": "tool_use", "id": f"toolu_{number}_{index}", "name": call["name"], "input": {}}
        pieces = [{"type": "input_json_delta", "partial_json": piece} for piece in ("", text[:half], text[half:])]
        blocks.append((block, pieces))
    for index, (block, deltas) in enumerate(blocks):
        events.append({"type": "content_block_start", "index": index, "content_block": block})
        events.extend({"type": "content_block_delta", "index": index, "delta": delta} for delta in deltas)
        events.append({"type": "content_block_stop", "index": index})
    reason = answer.get("stop_reason") or ("tool_use" if calls else "end_turn")
    delta = {"stop_reason": reason, "stop_sequence": None, "stop_details": answer.get("stop_details")}
    events.append({"type": "message_delta", "delta": delta, "usage": {"output_tokens": usage["output_tokens"]}})
    events.append({"type": "message_stop"})
    return events


def encode_event(event: dict[str, Any]) -> bytes:
    return f"event: {event['type']}\ndata: {json.dumps(event, ensure_ascii=False)}\n\n".encode()


def _words(text: str) -> list[str]:
    words = text.split(" ")
    return [word if index == 0 else f" {word}" for index, word in enumerate(words)]


def serve_anthropic(plan: Plan) -> AbstractAsyncContextManager[AnthropicServer]:
    """The stand-in, listening on a free port for as long as the block lasts."""
    return listening(AnthropicServer(plan))


if __name__ == "__main__":
    run(AnthropicServer)
