"""The guard: what every request passes before any of our routes sees it.

A local port is open to every web page in every browser of this machine, and to any server on another localhost port. So a
request must name us (Host), must not come from a page of another origin (Origin, Sec-Fetch-Site), must carry the token, and
must be small.
"""

from __future__ import annotations

import hmac
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from urllib.parse import parse_qs

import structlog

from trio_agent.web.exchange import AsgiApp, Exchange, Receive, RequestHeaders, Scope, Send, refuse_websocket

MAX_URL_BYTES = 2 * 1024
MAX_HEADER_BYTES = 16 * 1024

SECURITY_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "connect-src 'self'; font-src 'self'; manifest-src 'self'; frame-ancestors 'none'; base-uri 'self'; "
    "form-action 'none'; require-trusted-types-for 'script'; trusted-types trio-agent",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}

_LOOPBACK = frozenset({"localhost", "127.0.0.1", "[::1]"})
_HOST = re.compile(r"([a-z0-9.-]+|\[[0-9a-f:.]+\])(?::([0-9]{1,5}))?", re.ASCII | re.IGNORECASE)
_PUBLIC = re.compile(r"/|/sessions/[^/]+/?|/static/.*|/favicon\.ico|/healthz|/readyz", re.DOTALL)

logger = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Access:
    """Who may talk to us. `token` None: nobody is asked for one. The hosts and origins are allowed beside our own."""

    token: str | None
    allow_hosts: frozenset[str] = frozenset()
    allow_origins: frozenset[str] = frozenset()

    def admits(self, token: str) -> bool:
        """Whether `token` is ours, in constant time; anything is where nobody is asked for one."""
        return self.token is None or hmac.compare_digest(token.encode("utf-8", "replace"), self.token.encode())


@dataclass(frozen=True, slots=True)
class _Refusal:
    status: HTTPStatus
    detail: str


class Guard:
    """ASGI middleware; everything but `lifespan` passes through it."""

    def __init__(self, app: AsgiApp, access: Access) -> None:
        self._app = app
        self._access = access

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "websocket":
            await self._guard_websocket(scope, receive, send)
            return
        request_id = secrets.token_hex(8)
        scope["trio_agent.request_id"] = request_id
        headers = RequestHeaders(scope["headers"])
        extra = self._extra_headers(headers)
        exchange = Exchange(receive, send, {**SECURITY_HEADERS, **extra, "X-Request-Id": request_id})
        with structlog.contextvars.bound_contextvars(request=request_id):
            refusal = self._judge(scope, headers)
            if refusal is not None:
                await exchange.answer(refusal.status, refusal.detail, request_id)
            elif scope["method"] == "OPTIONS" and extra:
                await exchange.answer_preflight()
            else:
                await self._pass_on(scope, exchange)
            # The path only: a query may hold a token, and does for EventSource.
            logger.debug("request", method=scope["method"], path=scope["path"], status=exchange.status)

    async def _guard_websocket(self, scope: Scope, receive: Receive, send: Send) -> None:
        """The same, but for the token: a page can send no header, and so the first frame holds it, which the app looks at."""
        request_id = secrets.token_hex(8)
        with structlog.contextvars.bound_contextvars(request=request_id):
            refusal = self._judge({**scope, "method": "GET"}, RequestHeaders(scope["headers"]), by_frame=True)
            if refusal is None:
                await self._app(scope, receive, send)
            else:
                await refuse_websocket(scope, receive, send, refusal.status, refusal.detail, request_id)

    async def _pass_on(self, scope: Scope, exchange: Exchange) -> None:
        try:
            await self._app(scope, exchange.receive, exchange.send)
        except* Exception as group:
            # Past the point where the app could answer: the response has begun, and now it breaks off.
            logger.error("response_crashed", path=scope["path"], exc_info=group)
            raise

    def _judge(self, scope: Scope, headers: RequestHeaders, *, by_frame: bool = False) -> _Refusal | None:
        """Why the request is refused; None where it is not. `by_frame`: the token is no affair of the request's."""
        if not scope["path"].startswith("/"):
            # A proxy's form, `*`, or nothing: routing would take it for a URL, and fail on some.
            return _Refusal(HTTPStatus.BAD_REQUEST, "the request's target must be a path that begins with /")
        query = scope["query_string"]
        if len(scope["raw_path"]) + len(query) + bool(query) > MAX_URL_BYTES:
            return _Refusal(HTTPStatus.REQUEST_URI_TOO_LONG, f"the URL is longer than {MAX_URL_BYTES} bytes")
        if sum(len(name) + len(value) + 4 for name, value in scope["headers"]) > MAX_HEADER_BYTES:
            return _Refusal(
                HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE, f"the headers are larger than {MAX_HEADER_BYTES} bytes"
            )
        if headers.only("host") is None:
            return _Refusal(HTTPStatus.BAD_REQUEST, "a request names exactly one Host")
        port = scope["server"][1] if scope.get("server") else None
        if not self._names_us(headers.only("host"), port):
            return _Refusal(HTTPStatus.MISDIRECTED_REQUEST, "this server does not go by that Host; see --allow-host")
        public = scope["method"] in ("GET", "HEAD") and _PUBLIC.fullmatch(scope["path"]) is not None
        if not self._from_own_page(headers, public):
            return _Refusal(HTTPStatus.FORBIDDEN, "pages of other origins have no access; see --allow-origin")
        preflight = scope["method"] == "OPTIONS" and headers.only("origin") in self._access.allow_origins
        if not (public or preflight or by_frame) and not self._has_token(scope, headers):
            return _Refusal(HTTPStatus.UNAUTHORIZED, "the token is missing or wrong; open the link the server printed")
        return None

    def _names_us(self, host: str | None, port: int | None) -> bool:
        match = _HOST.fullmatch(host or "")
        if match is None:
            return False
        name, asked = match[1].lower(), int(match[2] or 80)
        if name in self._access.allow_hosts or f"{name}:{asked}" in self._access.allow_hosts:
            return True
        return name in _LOOPBACK and port in (None, asked)

    def _from_own_page(self, headers: RequestHeaders, public: bool) -> bool:
        origin = headers.only("origin")
        if headers.has("origin"):
            if origin in self._access.allow_origins:
                return True
            # The scheme is left out: a proxy may speak TLS in front of us. `null` (a sandboxed page) has no host.
            if origin is None or origin.partition("://")[2].lower() != (headers.only("host") or "").lower():
                return False
        site = headers.only("sec-fetch-site")
        if site in (None, "same-origin", "none"):
            return not (headers.has("sec-fetch-site") and site is None)
        # A link in another page may lead to the dashboard, which holds no data of its own.
        return public and headers.only("sec-fetch-mode") == "navigate"

    def _has_token(self, scope: Scope, headers: RequestHeaders) -> bool:
        if self._access.token is None:
            return True
        given = ""
        if headers.has("authorization"):
            scheme, _, credentials = (headers.only("authorization") or "").partition(" ")
            given = credentials if scheme.lower() == "bearer" else ""
        elif scope["path"].endswith("/stream"):
            # A browser's EventSource can send no header.
            values = parse_qs(scope["query_string"].decode("latin-1")).get("access_token", [])
            given = values[0] if len(values) == 1 else ""
        return self._access.admits(given)

    def _extra_headers(self, headers: RequestHeaders) -> Mapping[str, str]:
        origin = headers.only("origin")
        if origin is None or origin not in self._access.allow_origins:
            return {}
        return {
            "Access-Control-Allow-Origin": origin,
            "Cross-Origin-Resource-Policy": "cross-origin",
            "Vary": "Origin",
        }
