"""A conversation that is too long is told apart from other failures, by every wire: the agent makes room and asks again."""

from __future__ import annotations

import pytest

from trio_agent.core.errors import ConversationTooLong
from trio_agent.models.anthropic import AnthropicWire
from trio_agent.models.gemini import GeminiWire
from trio_agent.models.openai import ChatWire, ResponsesWire
from trio_agent.models.wire import Wire

URL = "http://elsewhere"
ANTHROPIC = AnthropicWire("m", "", base_url=URL)
RESPONSES = ResponsesWire("m", "", base_url=URL)
CHAT = ChatWire("m", "", base_url=URL)
GEMINI = GeminiWire("m", "", base_url=URL)


@pytest.mark.parametrize(
    ("wire", "status", "body"),
    [
        (
            ANTHROPIC,
            400,
            b'{"type":"error","error":{"type":"invalid_request_error","message":"prompt is too long: 9 tokens > 8 maximum"}}',
        ),
        (ANTHROPIC, 413, b'{"type":"error","error":{"type":"request_too_large","message":"too large"}}'),
        (RESPONSES, 400, b'{"error":{"code":"context_length_exceeded","message":"too long"}}'),
        (RESPONSES, 413, b""),
        (CHAT, 400, b'{"object":"error","message":"maximum context length is 4096","code":400}'),
        (CHAT, 400, b'{"error":{"code":"string_above_max_length","message":"too long"}}'),
        (
            GEMINI,
            400,
            b'{"error":{"code":400,"status":"INVALID_ARGUMENT","message":"The input token count (9) exceeds the maximum '
            b'number of tokens allowed (8)."}}',
        ),
    ],
)
def test_too_long_is_an_error_of_its_own(wire: Wire, status: int, body: bytes) -> None:
    assert isinstance(wire.failure(status, {}, body, 0.0), ConversationTooLong)


@pytest.mark.parametrize("wire", [ANTHROPIC, RESPONSES, CHAT, GEMINI])
def test_another_refusal_is_none(wire: Wire) -> None:
    assert not isinstance(wire.failure(400, {}, b'{"error":{"message":"no such tool"}}', 0.0), ConversationTooLong)
