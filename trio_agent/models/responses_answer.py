"""The Responses API's stream of events to an answer.

Source: https://developers.openai.com/api/docs/guides/streaming-responses and the types of the openai package, 3.54.0. An
answer is a list of items (thoughts, messages, tool calls), told apart by their `output_index`:

    response.created
    ( response.output_item.added  response.….delta …  response.….done  response.output_item.done ) …
    response.completed | response.incomplete | response.failed

or `error` in place of the rest. More kinds of events and items may come with time, and are passed over. Only `completed` and
`incomplete` make an answer: a stream that ends before was cut off, however whole it looks. Pure: JSON in, text and an answer
out.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import msgspec

from trio_agent.core.message import ToolCall
from trio_agent.models.endpoint import Endpoint
from trio_agent.models.event_reader import PLACE_CHARS, EventReader, News
from trio_agent.models.openai_failure import ErrorObject, midway
from trio_agent.models.openai_usage import PromptDetails, usage_of
from trio_agent.models.pieces import Pieces
from trio_agent.seams import Part, StopReason


class _Usage(msgspec.Struct, frozen=True):
    input_tokens: int | None = None
    input_tokens_details: PromptDetails | None = None
    output_tokens: int | None = None


class _Incomplete(msgspec.Struct, frozen=True):
    reason: str | None = None


class _Response(msgspec.Struct, frozen=True):
    model: str | None = None
    usage: _Usage | None = None
    error: ErrorObject | None = None
    incomplete_details: _Incomplete | None = None


class _Item(msgspec.Struct, frozen=True):
    """`arguments` is a string in tool calls, and may be anything elsewhere."""

    type: str = ""
    status: str | None = None
    call_id: str | None = None
    name: str | None = None
    arguments: Any = None


class _Event(msgspec.Struct, frozen=True):
    type: str
    output_index: int = -1
    content_index: int = 0
    summary_index: int = 0
    delta: Any = None
    text: Any = None
    refusal: Any = None
    arguments: Any = None
    item: _Item | None = None
    response: _Response | None = None
    error: ErrorObject | None = None
    code: str | int | None = None
    message: str | None = None
    param: str | None = None


@dataclass(slots=True)
class _Call:
    id: str
    name: str
    input: Pieces = field(default_factory=Pieces)
    whole: bool = False


class AnswerReader(EventReader[_Event]):
    """The Reader of one answer."""

    def __init__(self, endpoint: Endpoint) -> None:
        super().__init__(endpoint, _Event)
        self._calls: dict[int, _Call] = {}
        # Which piece of which item the last text of a part belonged to, and all that had any.
        self._last: dict[Part, tuple[int, int]] = {}
        self._begun: set[tuple[Part, tuple[int, int]]] = set()
        self._refused = False

    def _take(self, event: _Event) -> News:
        if event.response is not None:
            self._hear_of(event.response)
        place = (event.output_index, event.content_index)
        match event.type:
            case "response.output_item.added" | "response.output_item.done" if event.item is not None:
                self._item(event.output_index, event.item, whole=event.type.endswith("done"))
            case "response.output_text.delta":
                return self._say_at(place, "content", event.delta)
            case "response.output_text.done":
                return self._catch_up(place, "content", event.text)
            case "response.refusal.delta":
                self._refused = True
                return self._say_at(place, "content", event.delta)
            case "response.refusal.done":
                self._refused = True
                return self._catch_up(place, "content", event.refusal)
            case "response.reasoning_summary_text.delta":
                return self._say_at((event.output_index, event.summary_index), "thinking", event.delta)
            case "response.reasoning_text.delta":
                return self._say_at(place, "thinking", event.delta)
            case "response.function_call_arguments.delta" | "response.function_call_arguments.done":
                return self._arguments(event)
            case "response.completed":
                return self._end("end_turn")
            case "response.incomplete":
                return self._cut_off(event.response or _Response())
            case "response.failed":
                return self._fail(midway((event.response or _Response()).error or ErrorObject(), self._endpoint))
            case "error":
                told = ErrorObject(message=event.message, code=event.code, param=event.param)
                return self._fail(midway(event.error or told, self._endpoint))
        return []

    def _hear_of(self, response: _Response) -> None:
        self._model = response.model or self._model
        if (told := response.usage) is not None:
            self._used(usage_of(told.input_tokens, told.input_tokens_details, told.output_tokens))

    def _item(self, index: int, item: _Item, *, whole: bool) -> None:
        if item.type != "function_call":
            return
        call = self._calls.get(index)
        if call is None:
            call = self._calls[index] = _Call("", "")
            self._keep(PLACE_CHARS)
        named = len(call.id) + len(call.name)
        call.id, call.name = item.call_id or call.id, item.name or call.name
        self._keep(len(call.id) + len(call.name) - named)
        if isinstance(item.arguments, str) and item.arguments:
            self._told(call, item.arguments)
        call.whole = whole and item.status != "incomplete"

    def _arguments(self, event: _Event) -> News:
        call = self._calls.get(event.output_index)
        if call is None:
            return self._nonsense(f"arguments of item {event.output_index}, which is no tool call")
        if isinstance(event.arguments, str):
            self._told(call, event.arguments)
        elif isinstance(event.delta, str):
            call.input.add(event.delta)
            self._keep(len(event.delta))
        return []

    def _told(self, call: _Call, arguments: str) -> None:
        """The arguments of `call` are told whole: what came of them before stands in there too."""
        self._keep(len(arguments) - len(call.input))
        call.input = Pieces(arguments)

    def _say_at(self, place: tuple[int, int], part: Part, text: object) -> News:
        # Each piece is a paragraph of its own: an aside, the answer, a thought after another.
        news = self._say(part, text, apart=self._last.get(part, place) != place)
        if news:
            if (part, place) not in self._begun:
                self._begun.add((part, place))
                self._keep(PLACE_CHARS)
            self._last[part] = place
        return news

    def _catch_up(self, place: tuple[int, int], part: Part, text: object) -> News:
        """Some servers tell a text only as a whole."""
        return [] if (part, place) in self._begun else self._say_at(place, part, text)

    def _cut_off(self, response: _Response) -> News:
        reason = (response.incomplete_details or _Incomplete()).reason
        if reason != "content_filter":
            return self._end("max_tokens")
        news = self._say_at((1 + max(self._last.values(), default=(0, 0))[0], 0), "content", _FILTERED)
        return news + self._end("refusal")

    def _end(self, reason: StopReason) -> News:
        calls = [self._calls[index] for index in sorted(self._calls)]
        if self._refused:
            reason = "refusal"
        elif reason == "max_tokens":
            # The model must not be told that it called what was cut off in the middle of its arguments.
            calls = [call for call in calls if call.whole]
        elif reason == "end_turn" and calls:
            reason = "tool_use"
        self._conclude(
            reason, (ToolCall(name=call.name, input=str(call.input) or "{}", tool_call_id=call.id) for call in calls)
        )
        return []


_FILTERED = "The model declined to answer: the provider's filter cut the answer off."
