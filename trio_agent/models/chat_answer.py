"""The Chat Completions API's stream of chunks to an answer.

Source: https://developers.openai.com/api/docs/api-reference/chat/streaming and the types of the openai package, 3.54.0:

    {"choices": [{"delta": {"content" | "tool_calls": …}, "finish_reason": null}]} …
    {"choices": [{"delta": {}, "finish_reason": "stop"}]}
    {"choices": [], "usage": …}
    [DONE]

Only `[DONE]` makes an answer, and only after a `finish_reason`: a stream that ends before was cut off, however whole it looks.
What other servers add is read too: thinking as `reasoning_content` or `reasoning`, `error` in place of a chunk, tool calls
that come whole, or all under one index. Pure: JSON in, text and an answer out.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import msgspec

from trio_agent.core.message import ToolCall
from trio_agent.core.wire import encode_json
from trio_agent.models.calls import uncut
from trio_agent.models.endpoint import Endpoint
from trio_agent.models.event_reader import PLACE_CHARS, EventReader, News
from trio_agent.models.openai_failure import ErrorObject, midway
from trio_agent.models.openai_usage import PromptDetails, usage_of
from trio_agent.models.pieces import Pieces
from trio_agent.seams import StopReason

_DONE = "[DONE]"


class _Usage(msgspec.Struct, frozen=True):
    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    prompt_tokens_details: PromptDetails | None = None


class _Function(msgspec.Struct, frozen=True):
    name: str | None = None
    arguments: Any = None


class _CallDelta(msgspec.Struct, frozen=True):
    index: int | None = None
    id: str | None = None
    function: _Function | None = None


class _Delta(msgspec.Struct, frozen=True):
    content: Any = None
    reasoning_content: str | None = None
    reasoning: Any = None
    refusal: str | None = None
    tool_calls: list[_CallDelta] | None = None


class _Choice(msgspec.Struct, frozen=True):
    delta: _Delta | None = None
    finish_reason: str | None = None


class _Chunk(msgspec.Struct, frozen=True):
    model: str | None = None
    choices: list[_Choice] | None = None
    usage: _Usage | None = None
    error: ErrorObject | str | None = None


_END = _Chunk()
"""In place of `[DONE]`, which is no JSON."""


@dataclass(slots=True)
class _Call:
    index: int | None
    id: str
    name: str = ""
    input: Pieces = field(default_factory=Pieces)


_STOP_REASONS: dict[str, StopReason] = {"stop": "end_turn", "length": "max_tokens", "content_filter": "refusal"}


class AnswerReader(EventReader[_Chunk]):
    """The Reader of one answer."""

    def __init__(self, endpoint: Endpoint) -> None:
        super().__init__(endpoint, _Chunk)
        self._calls: list[_Call] = []
        self._latest: dict[int | None, _Call] = {}  # by their index
        self._refused = False
        self._finish: str | None = None

    def _decode(self, data: str) -> _Chunk:
        return _END if data.strip() == _DONE else super()._decode(data)

    def _take(self, chunk: _Chunk) -> News:
        if chunk is _END:
            return self._end()
        if chunk.error is not None:
            error = ErrorObject(message=chunk.error) if isinstance(chunk.error, str) else chunk.error
            return self._fail(midway(error, self._endpoint))
        self._model = chunk.model or self._model
        if (told := chunk.usage) is not None:
            self._used(usage_of(told.prompt_tokens, told.prompt_tokens_details, told.completion_tokens))
        if not chunk.choices:
            return []
        # More choices than one come only when asked for.
        choice = chunk.choices[0]
        self._finish = choice.finish_reason or self._finish
        return self._go_on(choice.delta or _Delta())

    def _go_on(self, delta: _Delta) -> News:
        if not isinstance(delta.content, str | None):
            return self._nonsense("a text that is none")
        for call in delta.tool_calls or []:
            self._call(call)
            if self._is_endless:
                break
        # Servers that have both write the same into both.
        news = self._say("thinking", delta.reasoning_content or delta.reasoning)
        news += self._say("content", delta.content)
        if delta.refusal:
            self._refused = True
            news += self._say("content", delta.refusal)
        return news

    def _call(self, delta: _CallDelta) -> None:
        function = delta.function or _Function()
        call = self._open(delta)
        if call is None:
            call = _Call(delta.index, delta.id or "")
            self._calls.append(call)
            self._latest[call.index] = call
            self._keep(PLACE_CHARS + len(call.id))
        if not call.name and function.name:
            call.name = function.name
            self._keep(len(call.name))
        if function.arguments is not None:
            given = function.arguments
            text = given if isinstance(given, str) else encode_json(given).decode()
            call.input.add(text)
            self._keep(len(text))

    def _open(self, delta: _CallDelta) -> _Call | None:
        """The call that `delta` goes on with; None where it begins one."""
        last = self._calls[-1] if self._calls else None
        call = last if delta.index is None else self._latest.get(delta.index)
        if call is None:
            return None
        # Some servers give all calls one index, or none; some give each piece of a call an id of its own.
        named = delta.function is not None and bool(delta.function.name)
        begins = named and (delta.id != call.id if delta.id else delta.index is None)
        return None if begins else call

    def _end(self) -> News:
        if self._finish is None:
            return self._nonsense("an end without a reason")
        if self._finish == "error":
            return self._fail(midway(ErrorObject(message="the answer ended in an error"), self._endpoint))
        calls = [ToolCall(name=call.name, input=str(call.input) or "{}", tool_call_id=call.id) for call in self._calls]
        reason = "refusal" if self._refused else _STOP_REASONS.get(self._finish, "end_turn")
        news: News = []
        if reason == "refusal" and not self._refused:
            news = self._say("content", _FILTERED, apart=bool(self._said["content"]))
        elif reason == "max_tokens":
            calls = uncut(calls)
        elif reason == "end_turn" and calls:
            reason = "tool_use"
        self._conclude(reason, calls)
        return news


_FILTERED = "The model declined to answer: the server's filter cut the answer off."
