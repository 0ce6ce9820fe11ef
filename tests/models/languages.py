"""The wires that the client speaks, each with the stand-in that answers on it: for what must hold of every one."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, replace
from types import ModuleType
from typing import Any

import pytest

from tests.standins import anthropic_server, gemini_chunks, gemini_server, openai_events, openai_server
from tests.standins.planned_server import Plan, PlannedServer
from trio_agent.models.anthropic import AnthropicWire
from trio_agent.models.gemini import GeminiWire
from trio_agent.models.openai import ChatWire, ResponsesWire
from trio_agent.models.streamed import StreamedModel
from trio_agent.models.wire import Wire


@dataclass(frozen=True)
class Language:
    """`model` is one that thinks. `make` takes a model, a key and a `base_url`; `write` an answer of a plan and a model.

    `standin` is the module that also serves as a program. `key_header` tells what the key "a-key" is sent as.
    """

    make: Callable[..., Wire]
    model: str
    standin: ModuleType
    serve: Callable[[Plan], AbstractAsyncContextManager[PlannedServer]]
    write: Callable[..., list[Any]]
    encode: Callable[[Any], bytes]
    key_variable: str
    key_header: tuple[str, str]

    @property
    def wire(self) -> Wire:
        return self.make(self.model, "a-key")

    def model_at(self, url: str) -> StreamedModel:
        """The model at a stand-in, which waits for nothing between its tries."""
        return StreamedModel(self.make(self.model, "a-key", base_url=url), uniform=lambda low, high: 0)

    def events(self, **answer: Any) -> list[str]:
        """The data of the events that stream `answer`."""
        written = self.write(answer, self.model)
        return [each if isinstance(each, str) else json.dumps(each) for each in written]

    def stream(self, **answer: Any) -> bytes:
        return b"".join(map(self.encode, self.write(answer, self.model)))


_RESPONSES = Language(
    make=ResponsesWire,
    model="gpt-5.2",
    standin=openai_server,
    serve=openai_server.serve_openai,
    write=openai_events.response_events,
    encode=openai_events.encode_event,
    key_variable="OPENAI_API_KEY",
    key_header=("authorization", "Bearer a-key"),
)

LANGUAGES: dict[str, Language] = {
    "anthropic": Language(
        make=AnthropicWire,
        model="claude-sonnet-5-5",
        standin=anthropic_server,
        serve=anthropic_server.serve_anthropic,
        write=anthropic_server.answer_events,
        encode=anthropic_server.encode_event,
        key_variable="ANTHROPIC_API_KEY",
        key_header=("x-api-key", "a-key"),
    ),
    "responses": _RESPONSES,
    "chat": replace(_RESPONSES, make=ChatWire, write=openai_events.chat_chunks, encode=openai_events.encode_chunk),
    "gemini": Language(
        make=GeminiWire,
        model="gemini-4-hydrogen",
        standin=gemini_server,
        serve=gemini_server.serve_gemini,
        write=gemini_chunks.answer_chunks,
        encode=gemini_chunks.encode_chunk,
        key_variable="GEMINI_API_KEY",
        key_header=("x-goog-api-key", "a-key"),
    ),
}

EACH = pytest.mark.parametrize("language", LANGUAGES.values(), ids=LANGUAGES)
