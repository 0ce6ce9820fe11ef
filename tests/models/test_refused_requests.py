"""A question that is refused for what it holds: whoever asks hears so, and can ask with less in it."""

from __future__ import annotations

from collections.abc import Callable

import httpx2
import msgspec
import pytest
from trio.testing import MockClock

from tests.agent.providers import PROVIDERS
from tests.models.listener import Listener, asking
from tests.models.transport import Far
from tests.pictures import png
from trio_agent.core.errors import ProviderError
from trio_agent.core.transcript import ImageRef, UserTurn
from trio_agent.models import anthropic_request, chat_request, gemini_request, responses_request
from trio_agent.models.anthropic import AnthropicWire
from trio_agent.models.gemini import GeminiWire
from trio_agent.models.gemini_signatures import Signatures
from trio_agent.models.openai import ChatWire, ResponsesWire
from trio_agent.models.streamed import MAX_TRIES
from trio_agent.models.wire import Wire
from trio_agent.seams import ModelRequest, ToolSpec

WITH_IMAGE = ModelRequest(
    system="", turns=(UserTurn(text="look", images=(ImageRef("b", "image/png"),)),), images={"b": png()}
)
WITHOUT = asking("look")

TOO_WIDE = "messages.0.content.1.image.source.base64.data: At least one of the image dimensions exceed max allowed size"
LLAMA_CPP = "image input is not supported - hint: if this is unexpected, you may need to provide the mmproj"
ROUTER = "No endpoints found that support image input"

REFUSALS: dict[str, tuple[Wire, int, object]] = {
    "anthropic, too wide": (
        AnthropicWire("claude-sonnet-5-5", "k"),
        400,
        {"type": "error", "error": {"type": "invalid_request_error", "message": TOO_WIDE}},
    ),
    "anthropic, too many bytes": (
        AnthropicWire("claude-sonnet-5-5", "k"),
        413,
        {"type": "error", "error": {"type": "request_too_large", "message": "Request exceeds the maximum size"}},
    ),
    "llama.cpp": (
        ChatWire("m", "", base_url="http://localhost:1"),
        500,
        {"error": {"code": 500, "message": LLAMA_CPP}},
    ),
    "a router": (ChatWire("m", "", base_url="http://localhost:1"), 404, {"error": {"code": 404, "message": ROUTER}}),
    "openai": (
        ResponsesWire("gpt-6", "k"),
        400,
        {"error": {"type": "invalid_request_error", "message": "The image data you provided does not represent one"}},
    ),
    "gemini": (
        GeminiWire("gemini-4-x", "k"),
        400,
        {"error": {"code": 400, "status": "INVALID_ARGUMENT", "message": "Unable to process input image"}},
    ),
}


@pytest.mark.parametrize(("wire", "status", "body"), REFUSALS.values(), ids=REFUSALS)
async def test_a_question_with_images_that_is_refused_is_told_at_once_as_being_about_what_it_holds(
    wire: Wire, status: int, body: object, autojump_clock: MockClock
) -> None:
    far = Far(httpx2.Response(status, json=body))
    with pytest.raises(ProviderError) as caught:
        await far.model(wire, lambda low, high: high).answer(WITH_IMAGE, Listener())
    assert caught.value.about_request
    assert len(far.requests) == 1


async def test_without_images_a_failure_that_speaks_of_them_is_one_like_any_other(autojump_clock: MockClock) -> None:
    wire, status, body = REFUSALS["llama.cpp"]
    far = Far(httpx2.Response(status, json=body))
    with pytest.raises(ProviderError):
        await far.model(wire, lambda low, high: high).answer(WITHOUT, Listener())
    assert len(far.requests) == MAX_TRIES


@pytest.mark.parametrize(
    ("status", "kind"), [(401, "authentication_error"), (429, "rate_limit_error"), (529, "overloaded_error")]
)
async def test_a_key_a_limit_and_an_overload_are_not_about_what_the_question_holds(
    status: int, kind: str, autojump_clock: MockClock
) -> None:
    body = {"type": "error", "error": {"type": kind, "message": "too many images a minute"}}
    far = Far(httpx2.Response(status, json=body))
    with pytest.raises(ProviderError) as caught:
        await far.model(REFUSALS["anthropic, too wide"][0], lambda low, high: high).answer(WITH_IMAGE, Listener())
    assert not caught.value.about_request


CHOICES: dict[str, tuple[Callable[[ModelRequest], bytes], object]] = {
    "anthropic": (
        lambda request: anthropic_request.encode_request(request, model="claude-x", max_tokens=9),
        {"tool_choice": {"type": "none"}},
    ),
    "openai": (
        lambda request: responses_request.encode_request(
            request, model="gpt-x", max_tokens=99, phases=True, summaries=True
        ),
        {"tool_choice": "none"},
    ),
    "openai chat": (
        lambda request: chat_request.encode_request(request, model="gpt-x", usage=True),
        {"tool_choice": "none"},
    ),
    "gemini": (
        lambda request: gemini_request.encode_request(request, model="gemini-4-x", signatures=Signatures()),
        {"toolConfig": {"functionCallingConfig": {"mode": "NONE"}}},
    ),
}


@pytest.mark.parametrize("wire", CHOICES)
def test_each_wire_can_say_that_no_tool_is_to_be_called_though_all_are_told(wire: str) -> None:
    encode, said = CHOICES[wire]
    tool = ToolSpec(name="a", description="b", input_schema={"type": "object"})
    usual = ModelRequest(system="", turns=(UserTurn(text="hi"),), tools=(tool,))
    silent = msgspec.structs.replace(usual, may_call=False)
    body, plain = msgspec.json.decode(encode(silent)), msgspec.json.decode(encode(usual))
    assert {key: value for key, value in body.items() if key not in plain} == said
    assert plain.items() <= body.items()
    assert PROVIDERS[wire](silent) is None
    without_tools = msgspec.structs.replace(silent, tools=())
    assert PROVIDERS[wire](without_tools) is None, "where there are no tools there is no choice"
