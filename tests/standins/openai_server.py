"""A stand-in for OpenAI's two APIs: real HTTP on 127.0.0.1, answers from a plan.

    async with serve_openai([{"text": "Hello."}]) as server:
        StreamedModel(ResponsesWire("gpt-6.2-sol", "a key", base_url=server.url))
        StreamedModel(ChatWire("llama", "a key", base_url=server.url))

or `python tests/standins/openai_server.py PLAN.json`, which prints its URL on a line of its own and serves until it is
stopped. A plan is a list of answers, given one after another; see planned_server for how they are sent, and for the rest:

    text, thinking      what the model says, cut into words; each paragraph of its thoughts is a part of their summary
    tool_calls          [{"name", "input"}]
    refusal             the model declines in these words
    usage               {"input_tokens", "output_tokens", "cached_tokens", "cache_write_tokens"}; 100, 10, 0, 0
    incomplete          Responses: "max_output_tokens" or "content_filter"
    finish_reason       Chat Completions: where it does not follow from the rest
    error               {"message", "type", "code", "param"}
"""

from __future__ import annotations

import sys
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any

if not __package__:
    # Run as a script: then only this folder is on the path, and not the one that holds `tests`.
    sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from tests.standins.openai_events import chat_chunks, encode_chunk, encode_event, response_events
from tests.standins.openai_rules import RESPONSES, objection
from tests.standins.planned_server import Plan, PlannedServer, listening, run


class OpenAIServer(PlannedServer):
    def refusal(self, method: bytes, target: bytes, headers: dict[str, str], body: bytes) -> tuple[int, Any] | None:
        return objection(method, target, headers, body)

    def events(self, answer: dict[str, Any], request: dict[str, Any], target: str) -> list[bytes]:
        if target.encode() == RESPONSES:
            return [encode_event(event) for event in response_events(answer, request["model"], self.given)]
        chunks = chat_chunks(answer, request["model"], self.given)
        if "stream_options" not in request:
            del chunks[-2]
        return [encode_chunk(chunk) for chunk in chunks]

    def error_event(self, error: Any) -> bytes:
        if self.targets[-1].encode() == RESPONSES:
            return encode_event({"type": "error", "code": None, "param": None, "sequence_number": 0, **error})
        return encode_chunk({"error": error})

    def error_body(self, status: int, error: Any) -> dict[str, Any]:
        return {"error": {"type": None, "param": None, "code": None, **error}}


def serve_openai(plan: Plan) -> AbstractAsyncContextManager[OpenAIServer]:
    """The stand-in, listening on a free port for as long as the block lasts."""
    return listening(OpenAIServer(plan))


if __name__ == "__main__":
    run(OpenAIServer)
