"""How the tests of models read a stream without a network: event by event, as the client feeds a Reader."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any, TypeVar

from trio_agent.core.errors import ProviderError
from trio_agent.models.wire import Reader
from trio_agent.seams import Answer, Part

AReader = TypeVar("AReader", bound=Reader)


def read(reader: AReader, events: Iterable[Any]) -> tuple[AReader, dict[Part, str]]:
    """`reader` with what it said. Events are JSON to be; a string is an event's data as it is.

    Checked on the way: there is but one end, after it nothing is said, and what was said is in the answer.
    """
    said: dict[Part, str] = {"content": "", "thinking": ""}
    for event in events:
        over = reader.answer is not None or reader.failure is not None
        news = reader.feed(event if isinstance(event, str) else json.dumps(event))
        assert not (over and news)
        for part, text in news:
            said[part] += text
    assert reader.answer is None or reader.failure is None
    if reader.answer is not None:
        assert said == {"content": reader.answer.text, "thinking": reader.answer.thinking}
        assert reader.answer.usage == reader.usage
    return reader, said


def answer_of(reader: Reader, events: Iterable[Any]) -> Answer:
    read(reader, events)
    assert reader.answer is not None
    return reader.answer


def failure_of(reader: Reader, events: Iterable[Any], *, after: str | None = None) -> ProviderError:
    """What `reader` says went wrong, `after` so much of an answer; None: however much."""
    _, said = read(reader, events)
    assert after is None or said["content"] == after
    assert reader.answer is None
    assert reader.failure is not None
    return reader.failure
