"""Texts made fit for the log: whoever a message came from, it can be encoded, and holds no secret that we know."""

from __future__ import annotations

import msgspec

from trio_agent.core.message import Message
from trio_agent.core.redaction import Redactor
from trio_agent.core.wire import clean


def tidied(message: Message, redactor: Redactor) -> Message:
    """`message` without secrets and lone surrogates anywhere in it: one of these would end the stream of every reader."""
    return msgspec.convert(redactor.redact_all(_clean(msgspec.to_builtins(message))), Message)


def _clean(value: object) -> object:
    match value:
        case str():
            return clean(value)
        case dict():
            return {_clean(key): _clean(each) for key, each in value.items()}
        case list() | tuple():
            return [_clean(each) for each in value]
        case _:
            return value
