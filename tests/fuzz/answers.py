"""What a server says on one connection, taken apart, and what no answer may be. Source: RFC 9112 § 6.3."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

KNOWN = frozenset({200, 201, 202, 204, 304, 308, 400, 401, 403, 404, 405, 408, 409, 413, 414, 415, 421, 422, 431})
"""What the contract answers while the server is well: no 5xx among them."""

INSIDES = re.compile(
    rb'Traceback|File "|\.py\b|site-packages|<(?:class|function|object)|0x[0-9a-f]{8}|/(?:tmp|home|work|usr)/'
)
FIELDS = {"type", "title", "status", "detail", "instance"}
_STATUS = re.compile(rb"HTTP/1\.1 ([1-5][0-9]{2})(?: [\x20-\x7e]*)?")
_CHUNK = re.compile(rb"([0-9a-fA-F]{1,8})\r\n")


@dataclass(slots=True)
class Answer:
    """`ended` once all of its body is there; an event stream never does."""

    status: int
    headers: dict[bytes, list[bytes]] = field(default_factory=dict)
    body: bytes = b""
    ended: bool = False

    def header(self, name: bytes) -> bytes:
        return b", ".join(self.headers.get(name, []))

    @property
    def endless(self) -> bool:
        return self.header(b"content-type").startswith(b"text/event-stream")

    def json(self) -> Any:
        return json.loads(self.body)


class AnswerReader:
    """Takes the answers of one connection apart as they come. `heads` says which of them are to HEAD.

    ValueError for bytes that are no answer. What is `begun` is an answer whose end has not come.
    """

    def __init__(self, heads: list[bool]) -> None:
        self.answers: list[Answer] = []
        self.begun: Answer | None = None
        self._heads = heads
        self._rest = b""

    def feed(self, data: bytes) -> None:
        if self.answers and self.answers[-1].status == 101:
            self.answers[-1].body += data  # frames, which this reader does not take apart
            return
        self._rest += data
        while self._rest:
            if self.begun is None and not self._take_head():
                return
            if self.begun is not None and not self._take_body(self.begun):
                return

    def _take_head(self) -> bool:
        head, end, rest = self._rest.partition(b"\r\n\r\n")
        if not end:
            if not b"HTTP/1.1 ".startswith(head[:9]):
                return self._take_after_all(head)
            return False
        line, *lines = head.split(b"\r\n")
        status = _STATUS.fullmatch(line)
        if status is None:
            raise ValueError(f"not a status: {line[:80]!r}")
        answer = Answer(int(status[1]))
        for each in lines:
            name, colon, value = each.partition(b":")
            if not colon or not name or name != name.strip():
                raise ValueError(f"not a header: {each[:80]!r}")
            answer.headers.setdefault(name.lower(), []).append(value.strip())
        self._rest = rest
        if answer.status != 100:
            self._begin(answer)
        return True

    def _begin(self, answer: Answer) -> None:
        if answer.status == 101:
            answer.body, self._rest, answer.ended = self._rest, b"", True
            self.answers.append(answer)
            return
        to_head = len(self.answers) < len(self._heads) and self._heads[len(self.answers)]
        if to_head or answer.status in (204, 304) or answer.header(b"content-length") == b"0":
            answer.ended = True
            self.answers.append(answer)
        elif answer.endless:
            self.answers.append(answer)
            self.begun = answer
        else:
            self.begun = answer

    def _take_after_all(self, rest: bytes) -> bool:
        """A request that began as a HEAD and went on as nothing at all is refused as what it is, with a body."""
        last = self.answers[-1] if self.answers else None
        if last is None or last.body or last.header(b"connection") != b"close" or not last.header(b"content-length"):
            raise ValueError(f"not an answer: {rest[:80]!r}")
        last.ended, self.begun = False, self.answers.pop()
        return True

    def _take_body(self, answer: Answer) -> bool:
        """Whether the answer has ended, and the next may begin."""
        if answer.header(b"transfer-encoding") == b"chunked":
            ended = self._take_chunks(answer)
        else:
            length = int(answer.header(b"content-length") or 1 << 62)
            piece = self._rest[: length - len(answer.body)]
            answer.body, self._rest = answer.body + piece, self._rest[len(piece) :]
            ended = len(answer.body) == length
        if ended:
            answer.ended, self.begun = True, None
            if not answer.endless:
                self.answers.append(answer)
        return ended

    def _take_chunks(self, answer: Answer) -> bool:
        while match := _CHUNK.match(self._rest):
            end = match.end() + int(match[1], 16)
            if len(self._rest) < end + 2:
                return False
            answer.body += self._rest[match.end() : end]
            self._rest = self._rest[end + 2 :]
            if end == match.end():
                return True
        return False


def faults(answer: Answer, secret: bytes) -> Iterator[str]:
    """What is wrong with an answer, whatever was asked. `secret` may never be told."""
    upgraded = answer.status == 101 and answer.header(b"sec-websocket-accept")
    if answer.status not in KNOWN and not upgraded:
        yield f"status {answer.status}: {answer.body[:200]!r}"
    if secret in answer.body or any(secret in value for values in answer.headers.values() for value in values):
        yield "the token is told"
    if answer.status >= 400:
        yield from _faults_of_problem(answer)


def _faults_of_problem(answer: Answer) -> Iterator[str]:
    if answer.header(b"content-type") != b"application/problem+json":
        yield f"{answer.status} is no problem but {answer.header(b'content-type')!r}"
        return
    if not answer.body:  # the answer to a HEAD
        return
    if INSIDES.search(answer.body):
        yield f"insides are told: {answer.body[:400]!r}"
    try:
        problem = json.loads(answer.body)
    except ValueError:
        yield f"not JSON: {answer.body[:200]!r}"
        return
    if problem.keys() != FIELDS or problem["status"] != answer.status or not problem["instance"]:
        yield f"not a problem of {answer.status}: {problem}"
    if answer.status == 401 and answer.header(b"www-authenticate") != b"Bearer":
        yield "401 without WWW-Authenticate"
    if answer.status == 405 and b"allow" not in answer.headers:
        yield "405 without Allow"
