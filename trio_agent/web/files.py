"""The routes of files: what changed, the lines of it, names, and a file itself. Nothing is changed by them."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TypeVar
from urllib.parse import unquote_to_bytes

import trio
from quart import Request, Response

from trio_agent.core.errors import InvalidContent, InvalidInput, NotFound
from trio_agent.runtime.session import Session
from trio_agent.seams import FileContent, ShowsFiles
from trio_agent.web.file_answers import FileNames, changed
from trio_agent.web.file_names import best_names
from trio_agent.web.parameters import query_integer
from trio_agent.web.polling import wait_for_attendant
from trio_agent.web.replies import json_reply
from trio_agent.web.shown_lines import changed_lines, file_lines, is_binary, text_of

MAX_MATCH_CHARS = 200
CONTEXT_LINES = 3
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Files:
    """Answers of the files that the agent of `session` works on. What takes long is done by one of `renderers`."""

    session: Session
    shown: ShowsFiles
    renderers: trio.CapacityLimiter

    async def changes(self, commit: str) -> Response:
        found = await self.shown.changes(commit)
        return json_reply(await self._in_thread(changed, found, self.session.redactor))

    async def lines(self, commit: str, request: Request) -> Response:
        path, old_path = query_path(request, "path"), query_path(request, "old_path", optional=True)
        start, context = _count(request, "start", 0), _count(request, "context", CONTEXT_LINES)
        space = request.args.getlist("space")
        if space not in ([], ["ignore"]):
            raise InvalidInput("space takes only 'ignore'")
        patch = await self.shown.patch(commit, path, old_path, ignore_space=bool(space))
        return json_reply(await self._in_thread(changed_lines, patch, self.session.redactor, start, context))

    async def names(self, request: Request) -> Response:
        wanted = request.args.get("match", "")
        if len(wanted) > MAX_MATCH_CHARS:
            raise InvalidInput(f"match takes {MAX_MATCH_CHARS} characters at most")
        names, more = await self._in_thread(best_names, await self.shown.names(), wanted)
        return json_reply(FileNames(names=[self.session.redactor.redact(name) for name in names], more=more))

    async def file_lines(self, commit: str, request: Request) -> Response:
        path, start = query_path(request, "path"), _count(request, "start", 0)
        content = await self._content(commit, path)
        return json_reply(await self._in_thread(file_lines, path, content, self.session.redactor, start))

    async def text(self, commit: str, request: Request) -> Response:
        content = await self._content(commit, query_path(request, "path"))
        if is_binary(content.data):
            raise InvalidContent(f"a binary file of {content.size} bytes: it has no text")
        if content.size > len(content.data):
            raise InvalidContent(f"a file of {content.size} bytes; {len(content.data)} at most are shown")
        text = await self._in_thread(self.session.redactor.redact, text_of(content))
        # Whatever a repository holds, it is no page of ours.
        headers = {
            "Content-Type": "text/plain; charset=utf-8",
            "X-Content-Type-Options": "nosniff",
            "Content-Security-Policy": "default-src 'none'; sandbox",
            "Cache-Control": "no-store",
        }
        return Response(text.encode(), 200, headers)

    async def _content(self, commit: str, path: str) -> FileContent:
        return await self.shown.content(commit, path)

    async def _in_thread(self, work: Callable[..., T], *arguments: object) -> T:
        # A repository's text may take long to colour, and must not delay the streams meanwhile.
        return await trio.to_thread.run_sync(partial(work, *arguments), limiter=self.renderers, abandon_on_cancel=True)


async def files_of(session: Session, stopping: Callable[[], bool], renderers: trio.CapacityLimiter) -> Files:
    """Raises Conflict where no agent is at work, and NotFound where one is that shows no files."""
    attendant = await wait_for_attendant(session, stopping)
    if not isinstance(attendant, ShowsFiles):
        raise NotFound("this agent shows no files")
    return Files(session, attendant, renderers)


def query_path(request: Request, name: str, *, optional: bool = False) -> str:
    """The path in the query, of any bytes, as by `os.fsdecode`; empty where it is `optional` and not there.

    Raises InvalidInput; and NotFound for what can be no path within a folder.
    """
    # Not by `request.args`, which takes what is no UTF-8 for something else.
    values = list(_values(request.query_string, name.encode()))
    if not values and optional:
        return ""
    if len(values) != 1 or not values[0] or b"\0" in values[0]:
        raise InvalidInput(f"Invalid '{name}' parameter")
    parts: Sequence[bytes] = values[0].split(b"/")
    if not parts[0] or b".." in parts or b"." in parts:
        raise NotFound("no such file, or none that is shown")
    return os.fsdecode(values[0])


def _values(query: bytes, name: bytes) -> list[bytes]:
    pairs = (pair.partition(b"=") for pair in query.split(b"&"))
    return [unquote_to_bytes(value.replace(b"+", b" ")) for key, _, value in pairs if unquote_to_bytes(key) == name]


def _count(request: Request, name: str, default: int) -> int:
    value = query_integer(request, name)
    if value is None:
        return default
    if value < 0:
        raise InvalidInput(f"Invalid '{name}' parameter")
    return value
