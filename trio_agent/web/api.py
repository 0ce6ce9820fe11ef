"""The routes: HTTP in, sessions out. Each handler checks what it is given, asks the hall, and answers.

Every session has its routes under `/sessions/ID/`; the same handlers at the root serve the newest one.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, TypeVar

import msgspec
import trio
from quart import Request, Response, request
from werkzeug.exceptions import ServiceUnavailable

from trio_agent.core.cursor import parse_cursor
from trio_agent.core.errors import InvalidContent, InvalidInput, NotFound
from trio_agent.core.message import Message
from trio_agent.core.task import Tasks
from trio_agent.core.wire import encode_json
from trio_agent.runtime.session import Session
from trio_agent.seams import Blobs, rfc3339
from trio_agent.web.answers import Begun, Cancelled, Download, Health, Posted, Uploaded, Withdrawn, listed, session_url
from trio_agent.web.bodies import CancelBody, ChatBody, NewSessionBody, SessionPatchBody, WithdrawBody
from trio_agent.web.files import Files, files_of
from trio_agent.web.finding import MOST_FOUND, find
from trio_agent.web.messages_body import answer_messages
from trio_agent.web.pages import Pages
from trio_agent.web.parameters import (
    idempotency_key,
    json_body,
    query_cursor,
    query_heartbeat,
    query_integer,
    query_text,
)
from trio_agent.web.polling import wait_for_attendant, wait_for_more
from trio_agent.web.problems import RETRY_AFTER_S
from trio_agent.web.render import render
from trio_agent.web.serving import Serving
from trio_agent.web.stream import HEADERS as STREAM_HEADERS
from trio_agent.web.stream import Start, StreamBody, admitted, open_stream

T = TypeVar("T")

_COMMIT = re.compile(r"[0-9a-fA-F]{4,40}")
_SHA256_COMMIT = re.compile(r"[0-9a-fA-F]{4,64}")
_SESSION_ID = re.compile(r"[0-9a-f]{16}")
_INDEX = re.compile(r"[0-9]{1,15}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Api:
    """The handlers, with what they serve."""

    serving: Serving
    pages: Pages
    renderers: trio.CapacityLimiter
    blobs: Blobs | None

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

    async def stream(self, session_id: str | None = None) -> Response:
        session = await self._session(session_id)
        start = await _stream_start(request, session)
        heartbeat_s = query_heartbeat(request, self.serving.hall.heartbeat_s)
        if request.method == "HEAD":
            return _head_of_stream()
        stream = open_stream(
            session,
            start,
            heartbeat_s=heartbeat_s,
            stopping=self.serving.stopping.is_set,
            clock=self.serving.clock,
            roll=self.serving.roll if request.args.get("sessions") == "true" else None,
            prompts=request.args.get("prompts") == "true",
            tasks=request.args.get("tasks") == "true",
        )
        response = Response(StreamBody(admitted(self.serving.place(), stream)), 200, STREAM_HEADERS)
        response.timeout = None  # Quart would end the stream after RESPONSE_TIMEOUT, if anybody set one
        return response

    async def state(self, session_id: str | None = None) -> Response:
        session = await self._session(session_id)
        seen = query_integer(request, "seen")
        full = False
        if request.args.get("poll") == "true":
            # Who waits holds a connection like a stream, and those there are must leave some for everybody else.
            with self.serving.place() as free:
                if free:
                    count = session.log.cursor.index if seen is None else seen
                    await wait_for_more(session, count, self.serving.stopping.is_set)
            full = not free
        answer = _json(session.snapshot())
        if full:
            answer.headers["Retry-After"] = str(RETRY_AFTER_S)
        return answer

    async def tasks(self, session_id: str | None = None) -> Response:
        session = await self._session(session_id)
        return _json(Tasks(now_s=round(trio.current_time(), 3), tasks=session.tasks.told()))

    async def messages(self, session_id: str | None = None) -> Response:
        session = await self._session(session_id)
        count = session.log.cursor.index
        start, end = query_integer(request, "start"), query_integer(request, "end")
        start, end = 0 if start is None else start, count if end is None else end
        if not 0 <= start <= end <= count:
            raise InvalidInput(f"start and end must satisfy 0 <= start <= end <= {count}")
        return await answer_messages(session.log, start, end, head=request.method == "HEAD")

    async def message_html(self, idx: str, session_id: str | None = None) -> Response:
        session = await self._session(session_id)
        if not _INDEX.fullmatch(idx) or int(idx) >= session.log.cursor.index:
            raise NotFound("no such message")
        (wire,) = await session.log.page(int(idx), int(idx) + 1)
        content = msgspec.json.decode(wire, type=Message).content
        # In a thread, and one at a time: what a model wrote may take long, and must not delay the streams meanwhile.
        html = await trio.to_thread.run_sync(render, content, limiter=self.renderers, abandon_on_cancel=True)
        # At the root, another session will be the newest one day, and its message another.
        kept = "no-store" if session_id is None else "private, max-age=31536000, immutable"
        headers = {"Content-Type": "text/html; charset=utf-8", "Cache-Control": kept}
        return Response(html.encode(), 200, headers)

    async def chat(self, session_id: str | None = None) -> Response:
        key = idempotency_key(request)
        body = await self._body(ChatBody)
        session = await self._session(session_id)
        wanted = [(each.blob, each.name) for each in body.attachments]
        files = await session.uploads.attach(wanted, self._kept_blobs()) if wanted else ()
        receipt = await session.post(body.message, key=key, digest=_digest(body), files=files, queued=body.queued)
        cursor = receipt.cursor
        answer = _json(Posted(log=cursor.log, idx=cursor.index - 1, cursor=str(cursor)), HTTPStatus.ACCEPTED)
        if receipt.replayed:
            answer.status_code = HTTPStatus.OK
            answer.headers["Idempotency-Replayed"] = "true"
        return answer

    async def withdraw(self, session_id: str | None = None) -> Response:
        body = await self._body(WithdrawBody)
        session = await self._session(session_id)
        if (body.idx is None) == (not body.key):
            raise InvalidContent("name the message by its idx, or by the key it was posted with")
        idx = await session.withdraw_posted(body.key) if body.idx is None else await session.withdraw(body.idx)
        return _json(Withdrawn(idx=idx))

    async def upload(self, session_id: str | None = None) -> Response:
        self._require_open()
        blobs = self._kept_blobs()
        session = await self._session(session_id)
        data = await request.get_data(cache=False, as_text=False, parse_form_data=False)
        self._require_open()
        blob, upload = await session.uploads.take(data, blobs)
        return _json(Uploaded(blob=blob, size=upload.size, media_type=upload.media_type), HTTPStatus.CREATED)

    async def cancel(self, session_id: str | None = None) -> Response:
        body = await self._body(CancelBody, optional=True)
        session = await self._session(session_id)
        if body.tool_call_id:
            reason = await session.cancel_tool(body.tool_call_id, body.reason)
            return _json(Cancelled(reason=reason, tool_call_id=body.tool_call_id))
        if body.task is not None:
            return _json(Cancelled(reason=await session.cancel_task(body.task, body.reason), task=body.task))
        return _json(Cancelled(reason=await session.cancel(body.reason)))

    async def diff(self, session_id: str | None = None) -> Response:
        session = await self._session(session_id)
        commit = _commit(request, session)
        attendant = await wait_for_attendant(session, self.serving.stopping.is_set)
        diff = await attendant.diff(commit)
        text = await trio.to_thread.run_sync(session.redactor.redact, diff, limiter=self.renderers)
        headers = {"Content-Type": "text/plain; charset=utf-8", "Cache-Control": "no-store"}
        return Response(text.encode("utf-8", "replace"), 200, headers)

    async def changes(self, session_id: str | None = None) -> Response:
        files = await self._files(session_id)
        return await files.changes(_commit(request, files.session))

    async def changed_lines(self, session_id: str | None = None) -> Response:
        files = await self._files(session_id)
        return await files.lines(_commit(request, files.session), request)

    async def file_names(self, session_id: str | None = None) -> Response:
        return await (await self._files(session_id)).names(request)

    async def file_lines(self, session_id: str | None = None) -> Response:
        files = await self._files(session_id)
        return await files.file_lines(_commit(request, files.session, "at"), request)

    async def file_text(self, session_id: str | None = None) -> Response:
        files = await self._files(session_id)
        return await files.text(_commit(request, files.session, "at"), request)

    async def download(self, session_id: str | None = None) -> Response:
        session = await self._session(session_id)
        state = session.snapshot()
        now = rfc3339(self.serving.clock())
        frame = Download(
            messages=(),
            message_count=state.message_count,
            total_usage=state.total_usage,
            hostname=state.hostname,
            working_dir=state.working_dir,
            download_time=now,
        )
        # The messages go in as they stand in the log: nothing is decoded only to be encoded again.
        opening, _, rest = encode_json(frame).partition(b"[]")
        answer = await answer_messages(
            session.log,
            0,
            state.message_count,
            head=request.method == "HEAD",
            before=opening + b"[",
            after=b"]" + rest,
        )
        stamp = re.sub(r"[-:]|\..*", "", now).replace("T", "-")
        answer.headers["Content-Disposition"] = f'attachment; filename="trio-agent-{stamp}.json"'
        return answer

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
        return _json(await find(self.serving.hall, query_text(request), MOST_FOUND if limit is None else limit))

    async def sessions(self) -> Response:
        opened = {session.id: session for session in self.serving.hall.open_sessions()}
        return _json([listed(record, opened.get(record.session_id)) for record in self.serving.hall.records()])

    async def new_session(self) -> Response:
        body = await self._body(NewSessionBody, optional=True)
        self.serving.check_model(body.model)
        hall = self.serving.hall
        if (fork := body.fork) is not None:
            session = await hall.fork(fork.session, fork.index, title=body.title, model=body.model)
        else:
            session = await hall.create(title=body.title, model=body.model)
        return _json(Begun(session_id=session.id, url=session_url(session.id)), HTTPStatus.CREATED)

    async def change_session(self, session_id: str) -> Response:
        body = await self._body(SessionPatchBody)
        record = await self.serving.hall.change(session_id, title=body.title, archived=body.archived)
        return _json(listed(record, await self.serving.hall.session(session_id)))

    async def delete_session(self, session_id: str) -> Response:
        self._require_open()
        await self.serving.hall.delete(session_id)
        return Response(b"", HTTPStatus.NO_CONTENT)

    async def healthz(self) -> Response:
        return _json(Health(status="ok"))

    async def readyz(self) -> Response:
        self._require_open()
        await self.serving.hall.store.sessions()
        return _json(Health(status="ready"))

    async def metrics(self) -> Response:
        return Response(self.serving.metrics(), 200, {"Content-Type": "text/plain; version=0.0.4; charset=utf-8"})

    def _kept_blobs(self) -> Blobs:
        if self.blobs is None:
            raise NotFound("no such blob")
        return self.blobs

    async def _session(self, session_id: str | None) -> Session:
        hall = self.serving.hall
        return await (hall.newest() if session_id is None else hall.session(session_id))

    async def _files(self, session_id: str | None) -> Files:
        return await files_of(await self._session(session_id), self.serving.stopping.is_set, self.renderers)

    async def _body(self, kind: type[T], *, optional: bool = False) -> T:
        """The body of a request that would change something; it may come slowly, and the server begin to stop meanwhile."""
        self._require_open()
        body = await json_body(request, kind, optional=optional)
        self._require_open()
        return body

    def _require_open(self) -> None:
        if self.serving.stopping.is_set():
            raise ServiceUnavailable("the server is shutting down")


def _digest(body: ChatBody) -> str:
    """What tells two posts under one Idempotency-Key apart. That of words alone is as it always was, for it is kept."""
    said = body.message
    if body.attachments or body.queued:
        said = encode_json((said, body.attachments, body.queued)).decode()
    return hashlib.sha256(said.encode("utf-8", "surrogatepass")).hexdigest()


def _commit(request: Request, session: Session, name: str = "commit") -> str:
    """The commit that the query names, empty where it names none. Raises InvalidInput."""
    commits = request.args.getlist(name)
    pattern, digits = (_COMMIT, 40) if len(session.facts.initial_commit) != 64 else (_SHA256_COMMIT, 64)
    if len(commits) > 1 or (commits and not pattern.fullmatch(commits[0])):
        raise InvalidInput(f"{name} takes 4 to {digits} hexadecimal digits")
    return commits[0] if commits else ""


async def _stream_start(request: Request, session: Session) -> Start:
    """Where a stream begins: Last-Event-ID, else `cursor`, else `from`, else the beginning. Raises InvalidInput.

    With `last`, what would begin at the beginning begins near the end instead.
    """
    index, last = query_integer(request, "from"), query_integer(request, "last")
    text, reset = query_cursor(request), None
    if text is not None:
        cursor, reset = await session.log.resume(parse_cursor(text))
        if reset is None or last is None:
            return Start(cursor, reset)
        index = None
    if index is None:
        index = 0 if last is None else session.log.last_from(last)
    return Start(await session.log.locate(min(max(index, 0), session.log.cursor.index)), reset)


def _head_of_stream() -> Response:
    """The headers alone. A length, of which Quart would make 0, is nothing that a stream has."""
    response = Response(b"", 200, STREAM_HEADERS)
    del response.headers["Content-Length"]
    return response


def _json(value: Any, status: int = HTTPStatus.OK) -> Response:
    return _json_bytes(encode_json(value), status)


def _json_bytes(data: bytes, status: int = HTTPStatus.OK) -> Response:
    return Response(data, status, {"Content-Type": "application/json", "Cache-Control": "no-store"})
