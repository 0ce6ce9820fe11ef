"""Requests that began as others: a number says which, and how they were changed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from random import Random

from tests.fuzz.bodies import BODIES
from tests.fuzz.honest import HONEST, RARE
from tests.fuzz.request import AUTH, Header, Request

RARELY = 0.01
MOST_CHANGES = 6
LONGEST_BODY = 10_000

METHODS = (b"GET", b"HEAD", b"POST", b"PUT", b"PATCH", b"OPTIONS", b"TRACE", b"get", b"M-SEARCH")
SMALL_BODIES = [body for body, _ in BODIES.values() if len(body) < LONGEST_BODY]
NAMES = sorted({name for request in HONEST for name, _ in request.headers} | {b"Content-Encoding", b"Cookie", b"Range"})
VALUES = sorted({value for request in HONEST for _, value in request.headers} | {b"\xff", b"", b"a" * 300, b"null"})
PATH_PIECES = (
    b"/",
    b"//",
    b"..",
    b"%2e",
    b"%2f",
    b"%00",
    b"%ff",
    b"?",
    b"&",
    b"=",
    b"#",
    b"%",
    b"sessions/",
    b"from=",
    b";",
)
ODD_BYTES = (
    b"\r\n",
    b"\r\n\r\n",
    b"\0",
    b"\xff",
    b" ",
    b":",
    b"%",
    b"\n",
    b"\r",
    b"1" * 30,
    b"\x80" * 9,
    b"\t",
    b"0\r\n\r\n",
)

# ---------------------------------------------------------------------------- what leaves the request one request


def _another_method(request: Request, random: Random) -> Request:
    return replace(request, method=random.choice(METHODS))


def _another_target(request: Request, random: Random) -> Request:
    if request.method == b"DELETE":
        return request  # of what others still need
    target, at = request.target, random.randrange(1, len(request.target) + 1)
    match random.randrange(4):
        case 0:
            target = target[:at] + random.choice(PATH_PIECES) + target[at:]
        case 1:
            target = target[:at] + target[at + random.randint(1, 4) :]
        case 2:
            target = random.choice(HONEST).target
        case _:
            target += random.choice((b"?", b"&")) + random.choice(HONEST).target.partition(b"?")[2]
    return replace(request, target=target)


def _header_twice(request: Request, random: Random) -> Request:
    return replace(request, headers=(*request.headers, random.choice(request.headers)))


def _header_gone(request: Request, random: Random) -> Request:
    at = random.randrange(len(request.headers))
    return _with_headers(request, [*request.headers[:at], *request.headers[at + 1 :]])


def _headers_in_another_order(request: Request, random: Random) -> Request:
    return _with_headers(request, random.sample(request.headers, len(request.headers)))


def _values_swapped(request: Request, random: Random) -> Request:
    headers = list(request.headers)
    a, b = random.randrange(len(headers)), random.randrange(len(headers))
    headers[a], headers[b] = (headers[a][0], headers[b][1]), (headers[b][0], headers[a][1])
    return _with_headers(request, headers)


def _another_value(request: Request, random: Random) -> Request:
    headers = list(request.headers)
    at = random.randrange(len(headers))
    headers[at] = (headers[at][0], random.choice(VALUES))
    return _with_headers(request, headers)


def _one_header_more(request: Request, random: Random) -> Request:
    return replace(request, headers=(*request.headers, (random.choice(NAMES), random.choice(VALUES))))


def _another_body(request: Request, random: Random) -> Request:
    body = random.choice(SMALL_BODIES)
    length = (b"Content-Length", b"%d" % len(body))
    rest = [header for header in request.headers if header[0] not in (b"Content-Length", b"Transfer-Encoding")]
    return replace(request, headers=(*rest, length), body=body)


def _with_headers(request: Request, headers: Sequence[Header]) -> Request:
    # One is kept, for the changes that take one at random.
    return replace(request, headers=tuple(headers) or (AUTH,))


IN_FORM: tuple[Callable[[Request, Random], Request], ...] = (
    _another_method,
    _another_target,
    _header_twice,
    _header_gone,
    _headers_in_another_order,
    _values_swapped,
    _another_value,
    _one_header_more,
    _another_body,
)
FRAMING = (b"content-length", b"transfer-encoding", b"connection", b"expect", b"upgrade")

# --------------------------------------------------------------------------------------- what changes mere bytes


def changed_bytes(data: bytes, others: Sequence[bytes], random: Random) -> bytes:
    """`data` with a few bytes changed, put in, taken out, doubled, or replaced by a piece of another request."""
    made = bytearray(data)
    for _ in range(random.randint(1, MOST_CHANGES)):
        at = random.randrange(len(made) + 1)
        match random.randrange(7):
            case 0:
                made[at : at + 1] = bytes([random.randrange(256)])
            case 1 if at < len(made):
                made[at] ^= 1 << random.randrange(8)
            case 2:
                made[at:at] = random.choice(ODD_BYTES)
            case 3:
                del made[at : at + random.randint(1, 12)]
            case 4:
                begin = random.randrange(len(made) + 1)
                made[at:at] = made[begin : begin + random.randint(1, 40)]
            case 5:
                other = random.choice(others)
                begin = random.randrange(len(other) + 1)
                made[at : at + random.randrange(20)] = other[begin : begin + random.randint(1, 80)]
            case _:
                other = random.choice(others)
                made[at:] = other[random.randrange(len(other) + 1) :]
    return bytes(made)


def honest_request(random: Random) -> Request:
    return random.choice(RARE if random.random() < RARELY else HONEST)


def changed_request(random: Random) -> Request:
    """An honest request, changed but still one request: nobody can take it for two, or for half of one."""
    request = honest_request(random)
    for _ in range(random.randint(1, 3)):
        other = random.choice(IN_FORM)(request, random)
        if framing(other) == framing(request) or other.body != request.body:
            request = other
    return request


def framing(request: Request) -> list[Header]:
    """What says where the request ends, and what the connection is for afterwards."""
    return sorted((name, value) for name, value in request.headers if name.lower() in FRAMING)
