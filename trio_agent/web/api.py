"""The routes: HTTP in, sessions out. Each handler checks what it is given, asks the hall, and answers.

Every session has its routes under `/sessions/ID/`; the same handlers at the root serve the newest one.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from http import HTTPStatus

from quart import Response, request

from trio_agent.core.errors import NotFound
from trio_agent.web.answers import Begun, Health, listed, session_url
from trio_agent.web.bodies import NewSessionBody, SessionPatchBody
from trio_agent.web.file_routes import FileRoutes
from trio_agent.web.finding import MOST_FOUND, find
from trio_agent.web.parameters import query_integer, query_text
from trio_agent.web.replies import json_reply
from trio_agent.web.session_routes import SessionRoutes

_SESSION_ID = re.compile(r"[0-9a-f]{16}")


@dataclass(frozen=True, slots=True)
class Api(SessionRoutes, FileRoutes):
    """All the handlers, with what they serve."""

    async def dashboard(self, session_id: str | None = None) -> Response:
        return self.pages.index(request, "./" if session_id is None else "../../")

    async def session_link(self, session_id: str) -> Response:
        """The page's relative links need the slash at the end."""
        if not _SESSION_ID.fullmatch(session_id):
            # It would become a Location, and one such as `\\\\host` leads elsewhere.
            raise NotFound("no such session")
        return Response(b"", HTTPStatus.PERMANENT_REDIRECT, {"Location": f"{session_id}/"})

    async def static(self, name: str) -> Response:
        return self.pages.file(request, name)

    async def blob(self, blob: str) -> Response:
        blobs = self._kept_blobs()
        # What a command printed or a repository holds: never a page of ours, whoever is led to this address.
        headers = {
            "Content-Type": "application/octet-stream",
            "Content-Disposition": "attachment",
            "Content-Security-Policy": "default-src 'none'; sandbox",
            "Cache-Control": "private, max-age=31536000, immutable",
        }
        return Response(await blobs.get(blob), 200, headers)

    async def search(self) -> Response:
        limit = query_integer(request, "limit")
        return json_reply(await find(self.serving.hall, query_text(request), MOST_FOUND if limit is None else limit))

    async def sessions(self) -> Response:
        opened = {session.id: session for session in self.serving.hall.open_sessions()}
        return json_reply([listed(record, opened.get(record.session_id)) for record in self.serving.hall.records()])

    async def new_session(self) -> Response:
        body = await self._body(NewSessionBody, optional=True)
        self.serving.check_model(body.model)
        hall = self.serving.hall
        if (fork := body.fork) is not None:
            session = await hall.fork(fork.session, fork.index, title=body.title, model=body.model)
        else:
            session = await hall.create(title=body.title, model=body.model)
        return json_reply(Begun(session_id=session.id, url=session_url(session.id)), HTTPStatus.CREATED)

    async def change_session(self, session_id: str) -> Response:
        body = await self._body(SessionPatchBody)
        record = await self.serving.hall.change(session_id, title=body.title, archived=body.archived)
        return json_reply(listed(record, await self.serving.hall.session(session_id)))

    async def delete_session(self, session_id: str) -> Response:
        self._require_open()
        await self.serving.hall.delete(session_id)
        return Response(b"", HTTPStatus.NO_CONTENT)

    async def healthz(self) -> Response:
        return json_reply(Health(status="ok"))

    async def readyz(self) -> Response:
        self._require_open()
        await self.serving.hall.store.sessions()
        return json_reply(Health(status="ready"))

    async def metrics(self) -> Response:
        return Response(self.serving.metrics(), 200, {"Content-Type": "text/plain; version=0.0.4; charset=utf-8"})
