"""Gemini's stream of chunks to an answer.

Source: https://ai.google.dev/api/generate-content and the types of the google-genai package, 3.4.0. Each event is a whole
GenerateContentResponse that holds what is new:

    {"candidates": [{"content": {"parts": [...]}, "finishReason": "STOP"}], "usageMetadata": {...}, "modelVersion": "..."}

There is no event of its own for the end: it is the chunk with a `finishReason`, or with a `promptFeedback.blockReason` where
the question itself was refused. A stream that ends before it was cut off, however whole it looks. A tool call comes at once,
with all its arguments. More kinds of parts and reasons may come with time. Pure: JSON in, text and an answer out.
"""

from __future__ import annotations

from typing import Literal

import msgspec

from trio_agent.core.errors import ProviderError
from trio_agent.core.message import ToolCall
from trio_agent.core.usage import Usage
from trio_agent.models.endpoint import Endpoint
from trio_agent.models.event_reader import PLACE_CHARS, EventReader, News
from trio_agent.models.failure import one_line
from trio_agent.models.gemini_failure import ErrorObject, failed
from trio_agent.models.gemini_signatures import Signatures
from trio_agent.seams import Part, StopReason


class _FunctionCall(msgspec.Struct, frozen=True):
    name: str = ""
    id: str | None = None
    args: msgspec.Raw = msgspec.Raw(b"{}")  # as the provider wrote them: what they hold is the tool's to judge


class _Part(msgspec.Struct, frozen=True, rename="camel"):
    text: str | None = None
    thought: bool | None = None
    thought_signature: str | None = None
    function_call: _FunctionCall | None = None


class _Content(msgspec.Struct, frozen=True):
    parts: list[_Part] | None = None


class _Candidate(msgspec.Struct, frozen=True, rename="camel"):
    content: _Content | None = None
    finish_reason: str | None = None
    finish_message: str | None = None


class _Feedback(msgspec.Struct, frozen=True, rename="camel"):
    block_reason: str | None = None
    block_reason_message: str | None = None


class _Counts(msgspec.Struct, frozen=True, rename="camel"):
    """Counts so far, not increments. The prompt's includes what was cached; thoughts stand beside the candidates'."""

    prompt_token_count: int | None = None
    cached_content_token_count: int | None = None
    candidates_token_count: int | None = None
    thoughts_token_count: int | None = None
    tool_use_prompt_token_count: int | None = None


class _Chunk(msgspec.Struct, frozen=True, rename="camel"):
    candidates: list[_Candidate] | None = None
    prompt_feedback: _Feedback | None = None
    usage_metadata: _Counts | None = None
    model_version: str | None = None
    error: ErrorObject | None = None


# CONTINUATION: the provider would go on where it stopped, in another request. So does the agent, if the user says so.
_STOP_REASONS: dict[str, StopReason] = {
    "STOP": "end_turn",
    "MAX_TOKENS": "max_tokens",
    "CONTINUATION": "max_tokens",
    "SAFETY": "refusal",
    "RECITATION": "refusal",
    "LANGUAGE": "refusal",
    "BLOCKLIST": "refusal",
    "PROHIBITED_CONTENT": "refusal",
    "SPII": "refusal",
    "ESCALATION": "refusal",
    "MODEL_ARMOR": "refusal",
    "PUP_LIMITED_DISABLED": "refusal",
    "IMAGE_SAFETY": "refusal",
    "IMAGE_PROHIBITED_CONTENT": "refusal",
    "IMAGE_RECITATION": "refusal",
}

# The model lost its way, or the provider does not say what happened: what came of it is no answer, and the next may be one.
_FAULTS = {
    "MALFORMED_FUNCTION_CALL": "a tool call that cannot be read",
    "MALFORMED_RESPONSE": "an answer that cannot be read",
    "UNEXPECTED_TOOL_CALL": "a call of a tool that there is not",
    "OTHER": "no end, for a reason it does not tell",
}

_Kind = Literal["content", "thinking", "call"]


class AnswerReader(EventReader[_Chunk]):
    """The Reader of one answer. What the calls of a whole answer were signed with goes into `signatures`."""

    def __init__(self, endpoint: Endpoint, signatures: Signatures) -> None:
        super().__init__(endpoint, _Chunk)
        self._signatures = signatures
        self._counts = _Counts()
        self._calls: list[ToolCall] = []
        self._signed: dict[ToolCall, str] = {}
        self._last: _Kind | None = None

    def _take(self, chunk: _Chunk) -> News:
        if chunk.error is not None:
            return self._fail(failed(chunk.error, self._endpoint))
        self._model = chunk.model_version or self._model
        self._count(chunk.usage_metadata or _Counts())
        # More candidates than one come only when asked for.
        candidate = chunk.candidates[0] if chunk.candidates else _Candidate()
        parts = (candidate.content.parts if candidate.content else None) or []
        news: News = []
        for part in parts:
            news += self._take_part(part)
            if self._is_endless:
                break
        feedback = chunk.prompt_feedback or _Feedback()
        if feedback.block_reason:
            news += self._end("SAFETY", feedback.block_reason, feedback.block_reason_message or "")
        elif candidate.finish_reason:
            news += self._end(candidate.finish_reason, candidate.finish_reason, candidate.finish_message or "")
        return news

    def _count(self, counts: _Counts) -> None:
        changes = {name: value for name, value in msgspec.structs.asdict(counts).items() if value is not None}
        self._counts = told = msgspec.structs.replace(self._counts, **changes)
        cached = told.cached_content_token_count or 0
        usage = Usage(
            input_tokens=max(0, (told.prompt_token_count or 0) - cached) + (told.tool_use_prompt_token_count or 0),
            cache_read_input_tokens=cached,
            output_tokens=(told.candidates_token_count or 0) + (told.thoughts_token_count or 0),
        )
        self._used(usage)

    def _take_part(self, part: _Part) -> News:
        if part.function_call is not None:
            self._call(part.function_call, part.thought_signature)
        elif part.text:
            return self._go_on("thinking" if part.thought else "content", part.text)
        return []

    def _call(self, function: _FunctionCall, signature: str | None) -> None:
        arguments = bytes(function.args).decode()
        call = ToolCall(
            name=function.name,
            input="{}" if arguments == "null" else arguments,
            tool_call_id=self._signatures.id_of(function.id, signature),
        )
        self._calls.append(call)
        self._keep(PLACE_CHARS + len(call.name) + len(call.input) + len(call.tool_call_id) + len(signature or ""))
        self._last = "call"
        if signature:
            self._signed[call] = signature

    def _go_on(self, part: Part, text: str) -> News:
        # Text that goes on after a tool call or a thought is a paragraph of its own.
        apart = bool(self._said[part]) and self._last != part
        self._last = part
        return self._say(part, text, apart=apart)

    def _end(self, finish: str, category: str, message: str) -> News:
        if finish in _FAULTS:
            return self._lost(f"{_FAULTS[finish]} ({finish}). {one_line(message)}".rstrip(" ."))
        if finish == "MISSING_THOUGHT_SIGNATURE":
            said = message or "a tool call came back without its signature"
            return self._fail(failed(ErrorObject(status="INVALID_ARGUMENT", message=said), self._endpoint))
        reason = _STOP_REASONS.get(finish, "end_turn")
        news: News = []
        if reason == "refusal":
            told = f"The model declined to answer (category: {category}). {message}".rstrip()
            news = self._say("content", told, apart=bool(self._said["content"]))
        elif reason == "end_turn":
            if self._calls:
                reason = "tool_use"
            elif not self._said["content"]:
                # It happens: thoughts, or nothing at all, and then the end.
                return self._lost("an empty answer")
        self._signatures.remember(self._signed)
        self._conclude(reason, self._calls)
        return news

    def _lost(self, what: str) -> News:
        return self._fail(ProviderError(f"{self._endpoint.server} sent {what}.", retry_after_s=0))
