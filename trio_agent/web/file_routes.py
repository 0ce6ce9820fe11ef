"""The routes of the files that a session's agent works on."""

from __future__ import annotations

from dataclasses import dataclass

from quart import Response, request

from trio_agent.web.files import Files, files_of
from trio_agent.web.handlers import Handlers
from trio_agent.web.parameters import query_commit


@dataclass(frozen=True, slots=True)
class FileRoutes(Handlers):
    """What changed, names of files, and files themselves."""

    async def changes(self, session_id: str | None = None) -> Response:
        files = await self._files(session_id)
        return await files.changes(query_commit(request, files.session))

    async def changed_lines(self, session_id: str | None = None) -> Response:
        files = await self._files(session_id)
        return await files.lines(query_commit(request, files.session), request)

    async def file_names(self, session_id: str | None = None) -> Response:
        return await (await self._files(session_id)).names(request)

    async def file_lines(self, session_id: str | None = None) -> Response:
        files = await self._files(session_id)
        return await files.file_lines(query_commit(request, files.session, "at"), request)

    async def file_text(self, session_id: str | None = None) -> Response:
        files = await self._files(session_id)
        return await files.text(query_commit(request, files.session, "at"), request)

    async def _files(self, session_id: str | None) -> Files:
        return await files_of(await self._session(session_id), self.serving.stopping.is_set, self.renderers)
