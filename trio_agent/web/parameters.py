"""What clients put into a query, a header or a body, checked before anything else looks at it."""

from __future__ import annotations

import re
from typing import TypeVar

from quart import Request
from werkzeug.exceptions import UnsupportedMediaType

from trio_agent.core.errors import InvalidInput
from trio_agent.core.wire import decode_json
from trio_agent.runtime.session import Session

MIN_HEARTBEAT_S, MAX_HEARTBEAT_S = 5.0, 60.0

# Python's int() takes `1_0`, `٣`, ` 5` too; a client that sends these is wrong and should hear of it.
_INTEGER = re.compile(r"-?[0-9]{1,15}", re.ASCII)
_COMMIT = re.compile(r"[0-9a-fA-F]{4,40}")
_SHA256_COMMIT = re.compile(r"[0-9a-fA-F]{4,64}")
_KEY = re.compile(r"[\x21-\x7e]{8,128}")
T = TypeVar("T")


def query_integer(request: Request, name: str) -> int | None:
    """The query parameter as an integer, None where it is absent. Raises InvalidInput."""
    values = request.args.getlist(name)
    if not values:
        return None
    if len(values) > 1 or not _INTEGER.fullmatch(values[0]):
        raise InvalidInput(f"Invalid '{name}' parameter")
    return int(values[0])


def query_heartbeat(request: Request, default_s: float) -> float:
    """The interval the client asks for, within bounds. Raises InvalidInput."""
    asked = query_integer(request, "heartbeat")
    return default_s if asked is None else min(max(float(asked), MIN_HEARTBEAT_S), MAX_HEARTBEAT_S)


def query_text(request: Request) -> str:
    """The query parameter `text`. Raises InvalidInput unless it is given once."""
    values = request.args.getlist("text")
    if len(values) != 1:
        raise InvalidInput("search for one 'text'")
    return values[0]


def query_commit(request: Request, session: Session, name: str = "commit") -> str:
    """The commit that the query names, empty where it names none. Raises InvalidInput."""
    commits = request.args.getlist(name)
    pattern, digits = (_COMMIT, 40) if len(session.facts.initial_commit) != 64 else (_SHA256_COMMIT, 64)
    if len(commits) > 1 or (commits and not pattern.fullmatch(commits[0])):
        raise InvalidInput(f"{name} takes 4 to {digits} hexadecimal digits")
    return commits[0] if commits else ""


def query_cursor(request: Request) -> str | None:
    """The text of the cursor that counts: `Last-Event-ID`, else `cursor`; None where there is neither.

    A browser sends its last event id by itself and has no other way to resume, so it wins over what the URL said at first.
    """
    values = [value for value in request.headers.getlist("Last-Event-ID") if value] or request.args.getlist("cursor")
    if not values:
        return None
    return values[0] if len(values) == 1 else "given more than once"


def idempotency_key(request: Request) -> str:
    """The key, empty where there is none. Raises InvalidInput for one that is not 8-128 visible ASCII characters."""
    keys = request.headers.getlist("Idempotency-Key")
    if not keys:
        return ""
    if len(keys) > 1 or not _KEY.fullmatch(keys[0]):
        raise InvalidInput("Idempotency-Key takes 8 to 128 visible ASCII characters")
    return keys[0]


async def json_body(request: Request, type: type[T], *, optional: bool = False) -> T:
    """The body as `type`; with `optional`, no body at all stands for an empty object.

    Raises UnsupportedMediaType, InvalidInput, InvalidContent, and RequestEntityTooLarge from the reading.
    """
    data = await request.get_data(cache=True, as_text=False, parse_form_data=False)
    if optional and not data:
        data = b"{}"
    elif request.mimetype != "application/json":
        raise UnsupportedMediaType("the body must be application/json")
    return decode_json(data, type)
