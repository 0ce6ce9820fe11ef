"""Every wire against streams that no provider would send: a reader never raises, and what is broken is never an answer."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.models.languages import LANGUAGES
from tests.models.reading import answer_of, read
from trio_agent.models.wire import Reader

WHOLE: dict[str, Any] = {
    "thinking": "Let me see",
    "text": "I look around.",
    "tool_calls": [{"name": "bash", "input": {"command": "ls"}}, {"name": "todo", "input": {}}],
}


EVENTS = {name: language.events(**WHOLE) for name, language in LANGUAGES.items()}
EACH = pytest.mark.parametrize("name", LANGUAGES)

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)


def reader_of(name: str) -> Reader:
    return LANGUAGES[name].wire.reader()


@EACH
def test_the_streams_are_answers_as_they_are(name: str) -> None:
    answer = answer_of(reader_of(name), EVENTS[name])
    assert (answer.text, answer.thinking, len(answer.tool_calls)) == (WHOLE["text"], WHOLE["thinking"], 2)


@EACH
@given(data=st.text() | JSON.map(json.dumps))
def test_anything_may_come(name: str, data: str) -> None:
    assert read(reader_of(name), [data])[0].answer is None


def _within(value: Any) -> Iterator[Any]:
    """`value`, and all that it is made of."""
    yield value
    for each in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from _within(each)


# Of what goes wrong, which no whole answer tells of.
MORE_NAMES = {
    "error",
    "code",
    "status",
    "details",
    "retryDelay",
    "violations",
    "promptFeedback",
    "blockReason",
    "refusal",
}
MORE_TEXTS = {"SAFETY", "OTHER", "refusal", "max_tokens", "length", "content_filter", "error", "response.incomplete"}


def _shapes(name: str) -> st.SearchStrategy[Any]:
    """JSON of the words that the wire's own events are made of, put together anyhow."""
    parts = list(_within([_parsed(event) for event in EVENTS[name]]))
    names = {key for part in parts if isinstance(part, dict) for key in part}
    texts = {part for part in parts if isinstance(part, str)}
    return st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=5) | st.sampled_from(sorted(texts | MORE_TEXTS)),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(st.sampled_from(sorted(names | MORE_NAMES)), inner, max_size=4)
        ),
        max_leaves=20,
    )


@EACH
@given(data=st.data())
def test_its_own_words_may_come_in_any_shape(name: str, data: st.DataObject) -> None:
    shapes = data.draw(st.lists(_shapes(name).map(json.dumps), max_size=4))
    read(reader_of(name), [*shapes, data.draw(st.text(max_size=20))])


def _changed(value: Any, draw: st.DrawFn) -> Any:
    """`value` with one thing in it replaced, dropped or doubled."""
    if isinstance(value, dict) and value and draw(st.integers(0, 3)):
        key = draw(st.sampled_from(sorted(value)))
        match draw(st.integers(0, 3)):
            case 0:
                return {each: value[each] for each in value if each != key}
            case _:
                return {**value, key: _changed(value[key], draw)}
    if isinstance(value, list) and value and draw(st.integers(0, 3)):
        index = draw(st.integers(0, len(value) - 1))
        return [*value[:index], _changed(value[index], draw), *value[index:]]
    return draw(JSON)


@EACH
@given(data=st.data())
def test_an_event_may_be_changed_anywhere(name: str, data: st.DataObject) -> None:
    events = EVENTS[name]
    index = data.draw(st.integers(0, len(events) - 1))
    changed = data.draw(st.composite(lambda draw: _changed(_parsed(events[index]), draw))())
    read(reader_of(name), [*events[:index], json.dumps(changed), *events[index + 1 :]])


@EACH
@given(data=st.data())
def test_events_may_be_lost_doubled_and_out_of_order(name: str, data: st.DataObject) -> None:
    events = EVENTS[name]
    read(reader_of(name), data.draw(st.lists(st.sampled_from(events), max_size=2 * len(events))))


def _parsed(event: str) -> Any:
    return json.loads(event) if event.startswith("{") else event
