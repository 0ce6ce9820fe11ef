"""What the readers of all providers' streams share: how they end, what is kept of an answer, and how it is put together.

A provider's own reader says what its events mean. Pure: JSON in, text and an answer out.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable
from typing import Generic, TypeVar

import msgspec

from trio_agent.core.errors import ProviderError
from trio_agent.core.message import ToolCall
from trio_agent.core.usage import Usage
from trio_agent.models.endpoint import Endpoint
from trio_agent.models.failure import endless, nonsense
from trio_agent.models.pieces import Pieces
from trio_agent.seams import Answer, Part, StopReason

Event = TypeVar("Event")

News = list[tuple[Part, str]]

# Text, thoughts and arguments together. The longest answers that providers sell have 128,000 tokens, about half a MiB.
MAX_ANSWER_CHARS = 16 * 1024 * 1024

# What a call, or a block, counts for beside its text: or endlessly many empty ones would be an answer of no size.
PLACE_CHARS = 4096


class EventReader(ABC, Generic[Event]):
    """A Reader of one answer, made of events that decode as `events`.

    Until an event names the model that answers, it is the one that was asked.
    """

    def __init__(self, endpoint: Endpoint, events: type[Event]) -> None:
        self.answer: Answer | None = None
        self.failure: ProviderError | None = None
        self.usage = Usage()
        self._endpoint = endpoint
        self._events = events
        self._model = endpoint.model
        self._said: dict[Part, Pieces] = {"content": Pieces(), "thinking": Pieces()}
        self._chars = 0

    def feed(self, data: str) -> News:
        if self.answer is not None or self.failure is not None:
            return []
        try:
            event = self._decode(data)
        except (msgspec.DecodeError, RecursionError) as exc:
            return self._nonsense(str(exc))
        news = self._take(event)
        if self._is_endless and self.failure is None:
            self.answer = None
            return self._fail(endless(MAX_ANSWER_CHARS, self._endpoint))
        return news

    def _decode(self, data: str) -> Event:
        return msgspec.json.decode(data, type=self._events)

    @abstractmethod
    def _take(self, event: Event) -> News:
        """Take in one event, while there is no end yet. Returns the text that it brought."""

    def _used(self, usage: Usage) -> None:
        """`usage` is that of the whole answer so far."""
        self.usage = self._endpoint.costed(usage, self._model)

    def _say(self, part: Part, text: object, *, apart: bool = False) -> News:
        """Let `part` go on with `text`; with nothing where that is empty or none. `apart` makes it a paragraph of its own."""
        if not isinstance(text, str) or not text:
            return []
        piece = f"\n\n{text}" if apart else text
        self._said[part].add(piece)
        self._keep(len(piece))
        return [(part, piece)]

    def _keep(self, chars: int) -> None:
        """So much more is kept of the answer."""
        self._chars += chars

    @property
    def _is_endless(self) -> bool:
        """Whether more is kept than any answer has. One event can hold very much: who goes through its parts looks here."""
        return self._chars > MAX_ANSWER_CHARS

    def _conclude(self, reason: StopReason, calls: Iterable[ToolCall]) -> None:
        """All has been said: the answer is whole."""
        self.answer = Answer(
            text=str(self._said["content"]),
            thinking=str(self._said["thinking"]),
            # What was called before the provider stepped in is not to be run.
            tool_calls=() if reason == "refusal" else tuple(calls),
            stop_reason=reason,
            usage=self.usage,
            model=self._endpoint.answered_by(self._model),
        )

    def _fail(self, failure: ProviderError) -> News:
        """There will be no answer."""
        self.failure = failure
        return []

    def _nonsense(self, what: str) -> News:
        return self._fail(nonsense(what, self._endpoint))
