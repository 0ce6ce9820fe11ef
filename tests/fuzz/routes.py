"""Every route by every method, with the token, without one and with a wrong one, and what each must be answered with."""

from __future__ import annotations

import re
from collections.abc import Iterator

from tests.fuzz.contract import Attack
from tests.fuzz.request import AUTH, HOST, JSON, SESSION, Headers, Request
from trio_agent.web.routes import expanded

METHODS = (b"GET", b"HEAD", b"POST", b"PUT", b"PATCH", b"DELETE", b"OPTIONS", b"TRACE", b"PROPFIND", b"get", b"\x7e")
CALLERS: dict[str, Headers] = {
    "let in": (AUTH,),
    "unknown": (),
    "wrong": ((b"Authorization", b"Bearer 0123456789abcdef0123456789abcdef"),),
}
PUBLIC = re.compile(rb"/|/sessions/[^/]+/?|/static/.*|/healthz|/readyz")
_VALUES = {"session_id": SESSION, "idx": b"0", "name": b"js/main.js"}


def route_attacks() -> Iterator[Attack]:
    """A session that is asked for by DELETE does not exist: others still need the one that does."""
    by_path: dict[bytes, set[bytes]] = {}
    for route, path in expanded():
        by_path.setdefault(target_of(path), set()).add(route.method.encode())
    for target, methods in sorted(by_path.items()):
        for method in METHODS:
            for caller, headers in CALLERS.items():
                # A method in small letters is read as in large ones.
                public = method.upper() in (b"GET", b"HEAD") and PUBLIC.fullmatch(target)
                asked = target.replace(SESSION, b"0123456789abcdef") if method == b"DELETE" else target
                statuses = _answers(method, methods) if caller == "let in" or public else frozenset({401})
                request = Request(method, asked, ((b"Host", HOST), *headers, JSON, (b"Content-Length", b"2")), b"{}")
                yield Attack(f"{method!r} {target.decode()}, {caller}", request.encode(), statuses)


def target_of(path: str) -> bytes:
    """A route's path as somebody asks for it."""
    return re.sub(r"<(?:path:)?(\w+)>", lambda match: _VALUES.get(match[1], b"0").decode(), path).encode()


def _answers(method: bytes, methods: set[bytes]) -> frozenset[int] | None:
    """None where the route is there: what it says depends on the body and the session."""
    served = methods | ({b"HEAD"} if b"GET" in methods else set())
    return None if method.upper() in served else frozenset({405})
