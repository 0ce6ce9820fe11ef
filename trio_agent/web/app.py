"""The app: an ordinary ASGI application that serves any agent."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from functools import wraps
from http import HTTPStatus
from typing import Any

import structlog
import trio
from quart import Response, request
from quart_trio import QuartTrio
from werkzeug.exceptions import HTTPException

from trio_agent.core.errors import ConfigError, InvalidContent, StoreError, TrioAgentError, first_error
from trio_agent.core.redaction import BY_SHAPE, Redactor
from trio_agent.core.wire import encode_json
from trio_agent.runtime.hall import DEFAULT_HEARTBEAT_S, open_hall
from trio_agent.seams import Agent, Blobs, Clock, Store
from trio_agent.web.api import Api
from trio_agent.web.descriptors import most_streams
from trio_agent.web.exchange import Receive, Scope, Send
from trio_agent.web.guard import Access, Guard
from trio_agent.web.openapi import describe
from trio_agent.web.pages import Pages
from trio_agent.web.problems import detail_of, headers_of, problem_json, status_of
from trio_agent.web.routes import ROUTES, Route, expanded
from trio_agent.web.serving import Serving
from trio_agent.web.sized_request import SizedRequest
from trio_agent.web.terminal import serve_terminal

MAX_BODY_BYTES = 1024 * 1024

logger = structlog.get_logger(__name__)


class App:
    """An ASGI application that serves `agent`: its log, stream, resume, cancel and dashboard.

    `store` opens where logs are kept, `blobs` are what messages refer to, `redactor` knows what is neither recorded nor shown;
    `project` names what the server is for, and it shows that project's sessions only. `check_model` raises ConfigError for a
    model name that a client may not choose. `max_streams` None: as many as the limit on open files has room for. `running` is
    the app's life; under a plain ASGI server, the `lifespan` protocol lives it.
    """

    def __init__(
        self,
        agent: Agent,
        *,
        store: Callable[[], AbstractAsyncContextManager[Store]],
        access: Access,
        blobs: Blobs | None = None,
        project: str = "",
        heartbeat_s: float = DEFAULT_HEARTBEAT_S,
        redactor: Redactor = BY_SHAPE,
        max_streams: int | None = None,
        check_model: Callable[[str], object] = lambda name: None,
        clock: Clock = time.time,
    ) -> None:
        self._agent = agent
        self._open_store = store
        self._blobs = blobs
        self._project = project
        self._heartbeat_s = heartbeat_s
        self._redactor = redactor
        self._max_streams = max_streams
        self._check_model = check_model
        self._clock = clock
        self._pages = Pages()
        self._quart: QuartTrio | None = None
        self._serving: Serving | None = None
        self.access = access
        self._guarded = Guard(self._route, access)

    @asynccontextmanager
    async def running(self) -> AsyncIterator[Serving]:
        """Open the store and the sessions; leaving stops the turns and closes both. Raises StoreError."""
        async with (
            self._open_store() as store,
            open_hall(
                store,
                self._agent,
                project=self._project,
                clock=self._clock,
                heartbeat_s=self._heartbeat_s,
                redactor=self._redactor,
                blobs=self._blobs,
            ) as hall,
        ):
            serving = Serving(hall, self._clock, self._most_streams(), self._require_model)
            self._quart = make_quart(Api(serving, self._pages, trio.CapacityLimiter(1), self._blobs), ROUTES)
            self._serving = serving
            try:
                yield serving
            finally:
                serving.stop()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._lifespan(receive, send)
        else:
            await self._guarded(scope, receive, send)

    async def _route(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "websocket":
            await serve_terminal(self._serving, self.access, scope, receive, send)
            return
        assert self._quart is not None, "the app serves only while it is running"
        await self._quart(scope, receive, send)  # type: ignore[arg-type]

    async def _lifespan(self, receive: Receive, send: Send) -> None:
        """Source: the ASGI lifespan protocol, version 2.0. The message of a failed start is shown by the server."""
        await receive()
        try:
            async with self.running():
                await send({"type": "lifespan.startup.complete"})
                await receive()
        except* StoreError as group:
            await send({"type": "lifespan.startup.failed", "message": str(first_error(group))})
        else:
            await send({"type": "lifespan.shutdown.complete"})

    def _most_streams(self) -> int:
        return most_streams() if self._max_streams is None else self._max_streams

    def _require_model(self, name: str) -> None:
        if not name:
            return
        try:
            self._check_model(name)
        except ConfigError as exc:
            raise InvalidContent(str(exc)) from exc


def make_quart(api: Api, routes: Sequence[Route]) -> QuartTrio:
    """`api` behind `routes`, and errors as problems."""
    quart = QuartTrio("trio_agent", static_folder=None)
    quart.config["MAX_CONTENT_LENGTH"] = MAX_BODY_BYTES
    quart.request_class = SizedRequest
    # It would cut off, without a word, whoever needs a minute to load a long session; stuck readers the server sees to.
    quart.config["RESPONSE_TIMEOUT"] = None
    quart.config["PROVIDE_AUTOMATIC_OPTIONS"] = False
    quart.url_map.strict_slashes = False
    quart.url_map.merge_slashes = False
    description = encode_json(describe(routes))

    async def openapi() -> Response:
        await trio.lowlevel.checkpoint()
        return Response(description, 200, {"Content-Type": "application/json"})

    for route, path in expanded(routes):
        handler = openapi if route.handler == "openapi" else getattr(api, route.handler)
        endpoint = f"{route.method} {path}"
        quart.add_url_rule(path, endpoint, _plain(handler), methods=[route.method], strict_slashes=True)
    quart.register_error_handler(HTTPException, _http_problem)
    quart.register_error_handler(TrioAgentError, _our_problem)
    quart.register_error_handler(Exception, _bug)
    return quart


def _plain(handler: Callable[..., Awaitable[Response]]) -> Callable[..., Awaitable[Response]]:
    """A function, which is what Quart wants, of a bound method."""

    @wraps(handler)
    async def call(**arguments: Any) -> Response:
        return await handler(**arguments)

    return call


def _problem(status: int, detail: str) -> Response:
    request_id = str(request.scope.get("trio_agent.request_id", ""))
    return Response(problem_json(status, detail, request_id), status, headers_of(status))


async def _http_problem(error: HTTPException) -> Response:
    status = error.code or HTTPStatus.INTERNAL_SERVER_ERROR
    response = _problem(status, error.description or "")
    for name, value in error.get_headers():
        if name in ("Allow", "Retry-After"):
            response.headers[name] = value
    return response


async def _our_problem(error: TrioAgentError) -> Response:
    status = status_of(error)
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        logger.error("request_failed", path=request.path, reason=str(error))
    return _problem(status, detail_of(error))


async def _bug(error: Exception) -> Response:
    logger.error("request_crashed", path=request.path, exc_info=error)
    return _problem(HTTPStatus.INTERNAL_SERVER_ERROR, "an error of ours; the server's log says more under this id")
