"""A stand-in for the Gemini API: real HTTP on 127.0.0.1, answers from a plan.

    async with serve_gemini([{"text": "Hello."}]) as server:
        StreamedModel(GeminiWire("gemini-4-hydrogen", "a key", base_url=server.url))

or `python tests/standins/gemini_server.py PLAN.json`, which prints its URL on a line of its own and serves until it is
stopped. A plan is a list of answers, given one after another; see planned_server for how they are sent, and for the rest:

    text, thinking      what the model says, cut into words
    tool_calls          [{"name", "input"}]; the first is signed, and must come back with that signature, or with none known
    usage               {"promptTokenCount", "candidatesTokenCount", …}; 100 and 10 where not said; plans for every stand-in
                        write "input_tokens" and "output_tokens"
    finish_reason       STOP where not said; with a `finish_message`, if there is one
    block_reason        the question itself is refused
    error               {"code", "status", "message", "details"}
"""

from __future__ import annotations

import sys
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any

if not __package__:
    # Run as a script: then only this folder is on the path, and not the one that holds `tests`.
    sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from tests.standins.gemini_chunks import answer_chunks, encode_chunk, signature_of
from tests.standins.gemini_rules import model_of, objection
from tests.standins.planned_server import Plan, PlannedServer, listening, run


class GeminiServer(PlannedServer):
    def refusal(self, method: bytes, target: bytes, headers: dict[str, str], body: bytes) -> tuple[int, Any] | None:
        signatures = {signature_of(number) for number in range(1, self.given + 1)}
        refused = objection(method, target, headers, body, signatures)
        if refused is None:
            return None
        status, word, message = refused
        return status, {"status": word, "message": message}

    def events(self, answer: dict[str, Any], request: dict[str, Any], target: str) -> list[bytes]:
        return [encode_chunk(chunk) for chunk in answer_chunks(answer, model_of(target.encode()), self.given)]

    def error_event(self, error: Any) -> bytes:
        return encode_chunk({"error": error})

    def error_body(self, status: int, error: Any) -> dict[str, Any]:
        return {"error": {"code": status, **error}}


def serve_gemini(plan: Plan) -> AbstractAsyncContextManager[GeminiServer]:
    """The stand-in, listening on a free port for as long as the block lasts."""
    return listening(GeminiServer(plan))


if __name__ == "__main__":
    run(GeminiServer)
