"""The fuzzer's own eyes: what it takes for an answer, and what it takes for a fault."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from tests.fuzz.answers import Answer, AnswerReader, faults
from tests.fuzz.run import left_behind
from tests.fuzz.target import Load

OK = b"HTTP/1.1 200 \r\nContent-Length: 2\r\n\r\nab"
CHUNKED = b"HTTP/1.1 200 \r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n1\r\nb\r\n0\r\n\r\n"
EMPTY = b"HTTP/1.1 204 \r\n\r\n"
CONTINUE = b"HTTP/1.1 100 \r\n\r\n"
STREAM = b"HTTP/1.1 200 \r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n1\r\na\r\n"

PROBLEM = {"type": "about:blank", "title": "Bad Request", "status": 400, "detail": "no", "instance": "1"}


def read(data: bytes, cut: int, heads: list[bool]) -> AnswerReader:
    reader = AnswerReader(heads)
    reader.feed(data[:cut])
    reader.feed(data[cut:])
    return reader


@pytest.mark.parametrize(
    ("data", "heads", "expected"),
    [
        (OK, [], [(200, b"ab", True)]),
        (OK + CHUNKED + EMPTY + OK, [], [(200, b"ab", True), (200, b"ab", True), (204, b"", True), (200, b"ab", True)]),
        (CONTINUE + OK, [], [(200, b"ab", True)]),
        (OK[:-2] + OK, [True], [(200, b"", True), (200, b"ab", True)]),
        (OK[:-2] + OK, [True, True], [(200, b"", True)]),
        (OK + STREAM, [], [(200, b"ab", True), (200, b"a", False)]),
        (OK[:-1], [], []),
        (CHUNKED[:-1], [], []),
        (b"", [], []),
    ],
)
def test_answers_are_told_apart_wherever_they_are_cut(
    data: bytes, heads: list[bool], expected: list[tuple[int, bytes, bool]]
) -> None:
    if heads == [True, True]:
        with pytest.raises(ValueError, match="not an answer"):
            read(data, len(data), heads)
        return
    for cut in range(len(data) + 1):
        assert [(each.status, each.body, each.ended) for each in read(data, cut, heads).answers] == expected


@pytest.mark.parametrize(
    "data", [b"\xff", b"HTTP/1.0 200 \r\n\r\n", b"HTTP/1.1 2000 \r\n\r\n", OK + b"more", OK[:-4] + b"a b\r\n\r\n"]
)
def test_bytes_that_are_no_answer_are_a_fault(data: bytes) -> None:
    with pytest.raises(ValueError, match="not a"):
        read(data, 0, [])


def problem(status: int = 400, **changes: object) -> Answer:
    headers = {b"content-type": [b"application/problem+json"]}
    return Answer(status, headers, json.dumps({**PROBLEM, "status": status, **changes}).encode(), ended=True)


@pytest.mark.parametrize(
    ("answer", "fault"),
    [
        (problem(500), "status 500"),
        (problem(503), "status 503"),
        (problem(418), "status 418"),
        (Answer(101), "status 101"),
        (problem(detail="Traceback (most recent call last)"), "insides"),
        (problem(detail="/usr/lib/python3/dist-packages"), "insides"),
        (problem(detail="<object object at 0x7f00aa00bb00>"), "insides"),
        (problem(more="?"), "not a problem"),
        (problem(instance=""), "not a problem"),
        (problem(401), "401 without"),
        (problem(405), "405 without"),
        (Answer(400, {}, b"no"), "is no problem"),
        (Answer(400, {b"content-type": [b"application/problem+json"]}, b"{"), "not JSON"),
        (Answer(200, {}, b"the secret is out"), "the token is told"),
        (Answer(200, {b"location": [b"/?token=secret"]}), "the token is told"),
    ],
)
def test_what_no_answer_may_be_is_a_fault(answer: Answer, fault: str) -> None:
    assert any(each.startswith(fault) or fault in each for each in faults(answer, b"secret"))


@pytest.mark.parametrize("answer", [problem(), problem(404), Answer(200, {}, b"fine"), Answer(204)])
def test_an_honest_answer_has_no_fault(answer: Answer) -> None:
    assert list(faults(answer, b"secret")) == []


def test_what_a_server_keeps_is_a_fault() -> None:
    clean = Load(tasks=10, descriptors=("pipe", "store"), streams=0, running=0, resident=60_000)
    grown = replace(clean, resident=90_000)
    assert list(left_behind([clean, grown, grown])) == []
    for kept in (
        replace(clean, tasks=11),
        replace(clean, descriptors=("pipe", "pipe", "store")),
        replace(clean, streams=1),
        replace(clean, running=1),
        replace(clean, resident=60_000_000),
    ):
        assert len(list(left_behind([clean, grown, kept]))) == 1
