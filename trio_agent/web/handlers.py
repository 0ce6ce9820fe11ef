"""What all handlers of routes have: what they serve, and the ways to a session, a body and a blob."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeVar

import trio
from quart import request
from werkzeug.exceptions import ServiceUnavailable

from trio_agent.core.errors import NotFound
from trio_agent.runtime.session import Session
from trio_agent.seams import Blobs
from trio_agent.web.pages import Pages
from trio_agent.web.parameters import json_body
from trio_agent.web.serving import Serving

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Handlers:
    """`renderers` are those who do in a thread what takes long."""

    serving: Serving
    pages: Pages
    renderers: trio.CapacityLimiter
    blobs: Blobs | None

    def _kept_blobs(self) -> Blobs:
        if self.blobs is None:
            raise NotFound("no such blob")
        return self.blobs

    async def _session(self, session_id: str | None) -> Session:
        hall = self.serving.hall
        return await (hall.newest() if session_id is None else hall.session(session_id))

    async def _body(self, kind: type[T], *, optional: bool = False) -> T:
        """The body of a request that would change something; it may come slowly, and the server begin to stop meanwhile."""
        self._require_open()
        body = await json_body(request, kind, optional=optional)
        self._require_open()
        return body

    def _require_open(self) -> None:
        if self.serving.stopping.is_set():
            raise ServiceUnavailable("the server is shutting down")
