"""The routes of one session: its stream and State, its messages, and what is said to it."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from http import HTTPStatus

import msgspec
import trio
from quart import Response, request

from trio_agent.core.errors import InvalidContent, InvalidInput, NotFound
from trio_agent.core.message import Message
from trio_agent.core.task import Tasks
from trio_agent.core.wire import encode_json
from trio_agent.seams import rfc3339
from trio_agent.web.answers import Cancelled, Download, Posted, Uploaded, Withdrawn
from trio_agent.web.bodies import CancelBody, ChatBody, WithdrawBody
from trio_agent.web.handlers import Handlers
from trio_agent.web.messages_body import answer_messages
from trio_agent.web.parameters import idempotency_key, query_commit, query_heartbeat, query_integer
from trio_agent.web.polling import wait_for_attendant, wait_for_more
from trio_agent.web.problems import RETRY_AFTER_S
from trio_agent.web.render import render
from trio_agent.web.replies import json_reply
from trio_agent.web.stream import HEADERS as STREAM_HEADERS
from trio_agent.web.stream import StreamBody, admitted, open_stream
from trio_agent.web.stream_start import head_of_stream, stream_start

_INDEX = re.compile(r"[0-9]{1,15}", re.ASCII)


@dataclass(frozen=True, slots=True)
class SessionRoutes(Handlers):
    """Each handler serves the session it is told of, and at the root the newest one."""

    async def stream(self, session_id: str | None = None) -> Response:
        session = await self._session(session_id)
        start = await stream_start(request, session)
        heartbeat_s = query_heartbeat(request, self.serving.hall.heartbeat_s)
        if request.method == "HEAD":
            return head_of_stream()
        stream = open_stream(
            session,
            start,
            heartbeat_s=heartbeat_s,
            stopping=self.serving.stopping.is_set,
            clock=self.serving.clock,
            roll=self.serving.roll if request.args.get("sessions") == "true" else None,
            prompts=request.args.get("prompts") == "true",
            tasks=request.args.get("tasks") == "true",
            pulse=request.args.get("pulse") == "true",
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
        answer = json_reply(session.snapshot())
        if full:
            answer.headers["Retry-After"] = str(RETRY_AFTER_S)
        return answer

    async def tasks(self, session_id: str | None = None) -> Response:
        session = await self._session(session_id)
        return json_reply(Tasks(now_s=round(trio.current_time(), 3), tasks=session.tasks.told()))

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
        answer = json_reply(Posted(log=cursor.log, idx=cursor.index - 1, cursor=str(cursor)), HTTPStatus.ACCEPTED)
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
        return json_reply(Withdrawn(idx=idx))

    async def upload(self, session_id: str | None = None) -> Response:
        self._require_open()
        blobs = self._kept_blobs()
        session = await self._session(session_id)
        data = await request.get_data(cache=False, as_text=False, parse_form_data=False)
        self._require_open()
        blob, upload = await session.uploads.take(data, blobs)
        return json_reply(Uploaded(blob=blob, size=upload.size, media_type=upload.media_type), HTTPStatus.CREATED)

    async def cancel(self, session_id: str | None = None) -> Response:
        body = await self._body(CancelBody, optional=True)
        session = await self._session(session_id)
        if body.tool_call_id:
            reason = await session.cancel_tool(body.tool_call_id, body.reason)
            return json_reply(Cancelled(reason=reason, tool_call_id=body.tool_call_id))
        if body.task is not None:
            return json_reply(Cancelled(reason=await session.cancel_task(body.task, body.reason), task=body.task))
        return json_reply(Cancelled(reason=await session.cancel(body.reason)))

    async def diff(self, session_id: str | None = None) -> Response:
        session = await self._session(session_id)
        commit = query_commit(request, session)
        attendant = await wait_for_attendant(session, self.serving.stopping.is_set)
        diff = await attendant.diff(commit)
        text = await trio.to_thread.run_sync(session.redactor.redact, diff, limiter=self.renderers)
        headers = {"Content-Type": "text/plain; charset=utf-8", "Cache-Control": "no-store"}
        return Response(text.encode("utf-8", "replace"), 200, headers)

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


def _digest(body: ChatBody) -> str:
    """What tells two posts under one Idempotency-Key apart. That of words alone is as it always was, for it is kept."""
    said = body.message
    if body.attachments or body.queued:
        said = encode_json((said, body.attachments, body.queued)).decode()
    return hashlib.sha256(said.encode("utf-8", "surrogatepass")).hexdigest()
