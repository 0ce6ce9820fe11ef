"""Anthropic's stream of events to an answer.

Source: https://platform.claude.com/docs/en/build-with-claude/streaming. The order is

    message_start
    ( content_block_start  content_block_delta …  content_block_stop ) …
    message_delta …
    message_stop

with `ping` anywhere and `error` in place of the rest. More kinds of events, blocks and deltas may come with time, and are
passed over. Only `message_stop` makes an answer: a stream that ends before it was cut off, however whole it looks.
Pure: JSON in, text and an answer out.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import msgspec

from trio_agent.core.message import ToolCall
from trio_agent.core.wire import encode_json
from trio_agent.models.anthropic_failure import ErrorObject, kind_of
from trio_agent.models.calls import uncut
from trio_agent.models.endpoint import Endpoint
from trio_agent.models.event_reader import PLACE_CHARS, EventReader, News
from trio_agent.models.failure import failed
from trio_agent.models.pieces import Pieces
from trio_agent.seams import Part, StopReason


class _Counts(msgspec.Struct, frozen=True):
    """Counts so far, not increments; None where nothing changed. Source: the SDK's MessageDeltaUsage."""

    input_tokens: int | None = None
    cache_creation_input_tokens: int | None = None
    cache_read_input_tokens: int | None = None
    output_tokens: int | None = None


class _Message(msgspec.Struct, frozen=True):
    model: str = ""
    usage: _Counts = _Counts()


class _Block(msgspec.Struct, frozen=True):
    type: str
    text: str = ""
    thinking: str = ""
    id: str = ""
    name: str = ""
    input: Any = None


class _StopDetails(msgspec.Struct, frozen=True):
    category: str | None = None
    explanation: str | None = None


class _Delta(msgspec.Struct, frozen=True):
    type: str = ""
    text: str = ""
    thinking: str = ""
    partial_json: str = ""
    stop_reason: str | None = None
    stop_details: _StopDetails | None = None


class _Event(msgspec.Struct, frozen=True):
    type: str
    index: int = -1
    message: _Message = _Message()
    content_block: _Block | None = None
    delta: _Delta = _Delta()
    usage: _Counts | None = None
    error: ErrorObject = ErrorObject()


@dataclass(slots=True)
class _ToolUse:
    id: str
    name: str
    given: str
    json: Pieces

    @property
    def input(self) -> str:
        # A tool without arguments gets its empty object at the start, and not a single piece of JSON.
        return str(self.json) or self.given


# `model_context_window_exceeded` and `pause_turn` (which only tools that run at the provider lead to) also leave the answer
# unfinished, and what helps is the same: to let the model go on.
_STOP_REASONS: dict[str, StopReason] = {
    "end_turn": "end_turn",
    "stop_sequence": "end_turn",
    "tool_use": "tool_use",
    "max_tokens": "max_tokens",
    "model_context_window_exceeded": "max_tokens",
    "pause_turn": "max_tokens",
    "refusal": "refusal",
}


class AnswerReader(EventReader[_Event]):
    """The Reader of one answer."""

    def __init__(self, endpoint: Endpoint) -> None:
        super().__init__(endpoint, _Event)
        self._blocks: set[int] = set()
        self._calls: dict[int, _ToolUse] = {}
        self._last: dict[Part, int] = {}
        self._stop_reason: str | None = None
        self._stop_details = _StopDetails()

    def _take(self, event: _Event) -> News:
        match event.type:
            case "message_start":
                self._model = event.message.model or self._model
                self._count(event.message.usage)
            case "content_block_start" if event.content_block is not None:
                return self._start(event.index, event.content_block)
            case "content_block_delta":
                return self._delta(event.index, event.delta)
            case "message_delta":
                self._stop_reason = event.delta.stop_reason or self._stop_reason
                self._stop_details = event.delta.stop_details or self._stop_details
                self._count(event.usage or _Counts())
            case "message_stop":
                return self._stop()
            case "error":
                said = event.error.message or event.error.type
                return self._fail(failed(kind_of(event.error), said, self._endpoint))
        return []

    def _count(self, counts: _Counts) -> None:
        changes = {name: value for name, value in msgspec.structs.asdict(counts).items() if value is not None}
        self._used(msgspec.structs.replace(self.usage, **changes))

    def _start(self, index: int, block: _Block) -> News:
        self._blocks.add(index)
        self._keep(PLACE_CHARS)
        match block.type:
            case "text":
                return self._say_in(index, "content", block.text)
            case "thinking":
                return self._say_in(index, "thinking", block.thinking)
            case "tool_use":
                given = encode_json(block.input if isinstance(block.input, dict) else {}).decode()
                self._keep(len(block.id) + len(block.name) + len(given))
                self._calls[index] = _ToolUse(block.id, block.name, given, Pieces())
        return []

    def _delta(self, index: int, delta: _Delta) -> News:
        if index not in self._blocks:
            return self._nonsense(f"a delta of block {index}, which never began")
        match delta.type:
            case "text_delta":
                return self._say_in(index, "content", delta.text)
            case "thinking_delta":
                return self._say_in(index, "thinking", delta.thinking)
            case "input_json_delta" if index in self._calls:
                self._calls[index].json.add(delta.partial_json)
                self._keep(len(delta.partial_json))
        return []

    def _say_in(self, index: int, part: Part, text: str) -> News:
        # Text that goes on after a tool call or a thought is a paragraph of its own.
        previous = self._last.get(part)
        news = self._say(part, text, apart=previous is not None and index > previous + 1)
        if news:
            self._last[part] = index
        return news

    def _stop(self) -> News:
        if self._stop_reason is None:
            return self._nonsense("an end without a reason")
        calls = [ToolCall(name=call.name, input=call.input, tool_call_id=call.id) for call in self._calls.values()]
        reason = _STOP_REASONS.get(self._stop_reason, "tool_use" if calls else "end_turn")
        news: News = []
        if reason == "refusal":
            news = self._say_in(max(self._blocks, default=0) + 2, "content", self._refusal())
        elif reason == "max_tokens":
            calls = uncut(calls)
        self._conclude(reason, calls)
        return news

    def _refusal(self) -> str:
        category = f" (category: {self._stop_details.category})" if self._stop_details.category else ""
        return f"The model declined to answer{category}. {self._stop_details.explanation or ''}".rstrip()
