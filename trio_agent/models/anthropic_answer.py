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

from dataclasses import dataclass, field
from typing import Any

import msgspec

from trio_agent.core.errors import ProviderError
from trio_agent.core.message import ToolCall
from trio_agent.core.usage import Usage
from trio_agent.core.wire import encode_json
from trio_agent.models.anthropic_failure import ErrorObject, kind_of
from trio_agent.models.calls import is_json
from trio_agent.models.endpoint import Endpoint
from trio_agent.models.failure import failed, nonsense
from trio_agent.seams import Answer, Part, StopReason


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
    given: Any
    json: list[str] = field(default_factory=list)

    @property
    def input(self) -> str:
        # A tool without arguments gets its empty object at the start, and not a single piece of JSON.
        return "".join(self.json) or encode_json(self.given if isinstance(self.given, dict) else {}).decode()


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


class AnswerReader:
    """The Reader of one answer."""

    def __init__(self, endpoint: Endpoint) -> None:
        self.answer: Answer | None = None
        self.failure: ProviderError | None = None
        self.usage = Usage()
        self._endpoint = endpoint
        self._model = endpoint.model
        self._blocks: dict[int, _Block] = {}
        self._calls: dict[int, _ToolUse] = {}
        self._said: dict[Part, list[str]] = {"content": [], "thinking": []}
        self._last: dict[Part, int] = {}
        self._stop_reason: str | None = None
        self._stop_details = _StopDetails()

    def feed(self, data: str) -> list[tuple[Part, str]]:
        if self.answer is not None or self.failure is not None:
            return []
        try:
            event = msgspec.json.decode(data, type=_Event)
        except (msgspec.DecodeError, RecursionError) as exc:
            return self._nonsense(str(exc))
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
                self.failure = failed(kind_of(event.error), event.error.message or event.error.type, self._endpoint)
        return []

    def _count(self, counts: _Counts) -> None:
        changes = {name: value for name, value in msgspec.structs.asdict(counts).items() if value is not None}
        usage = msgspec.structs.replace(self.usage, **changes)
        self.usage = self._endpoint.costed(usage, self._model)

    def _start(self, index: int, block: _Block) -> list[tuple[Part, str]]:
        self._blocks[index] = block
        match block.type:
            case "text":
                return self._say("content", index, block.text)
            case "thinking":
                return self._say("thinking", index, block.thinking)
            case "tool_use":
                self._calls[index] = _ToolUse(block.id, block.name, block.input)
        return []

    def _delta(self, index: int, delta: _Delta) -> list[tuple[Part, str]]:
        if index not in self._blocks:
            return self._nonsense(f"a delta of block {index}, which never began")
        match delta.type:
            case "text_delta":
                return self._say("content", index, delta.text)
            case "thinking_delta":
                return self._say("thinking", index, delta.thinking)
            case "input_json_delta" if index in self._calls:
                self._calls[index].json.append(delta.partial_json)
        return []

    def _say(self, part: Part, index: int, text: str) -> list[tuple[Part, str]]:
        if not text:
            return []
        # Text that goes on after a tool call or a thought is a paragraph of its own.
        previous = self._last.get(part)
        if previous is not None and index > previous + 1:
            text = f"\n\n{text}"
        self._last[part] = index
        self._said[part].append(text)
        return [(part, text)]

    def _stop(self) -> list[tuple[Part, str]]:
        if self._stop_reason is None:
            return self._nonsense("an end without a reason")
        calls = [ToolCall(name=call.name, input=call.input, tool_call_id=call.id) for call in self._calls.values()]
        reason = _STOP_REASONS.get(self._stop_reason, "tool_use" if calls else "end_turn")
        news: list[tuple[Part, str]] = []
        if reason == "refusal":
            # What was called before the provider stepped in is not to be run.
            calls = []
            news = self._say("content", max(self._blocks, default=0) + 2, self._refusal())
        elif reason == "max_tokens" and calls and not is_json(calls[-1].input):
            # It was cut off in the middle of its arguments: the model must not be told that it called this.
            calls.pop()
        self.answer = Answer(
            text="".join(self._said["content"]),
            thinking="".join(self._said["thinking"]),
            tool_calls=tuple(calls),
            stop_reason=reason,
            usage=self.usage,
            model=self._endpoint.answered_by(self._model),
        )
        return news

    def _refusal(self) -> str:
        category = f" (category: {self._stop_details.category})" if self._stop_details.category else ""
        return f"The model declined to answer{category}. {self._stop_details.explanation or ''}".rstrip()

    def _nonsense(self, what: str) -> list[tuple[Part, str]]:
        self.failure = nonsense(what, self._endpoint)
        return []
