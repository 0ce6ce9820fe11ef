"""The contract's rows: requests that are HTTP in form, and what each may be answered with."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial

from tests.fuzz.bodies import BODIES
from tests.fuzz.framing import FRAMING
from tests.fuzz.request import AUTH, CURSOR, HOST, JSON, LOG, SESSION, TOKEN, Header, Headers, Request, ask

SAY = b'{"message":"say @number@"}'
GET, POST = partial(ask, b"GET"), partial(ask, b"POST")
ACCEPTED, FINE, BAD, ELSEWHERE, FOREIGN = {202}, {200}, {400}, {421}, {403}


@dataclass(frozen=True, slots=True)
class Attack:
    """`statuses` are those that may answer it; None where any of the contract's may, or nothing."""

    name: str
    data: bytes
    statuses: frozenset[int] | None = None


def attacks() -> Iterator[Attack]:
    """All of them, in an order that does not change."""
    for name, data in FRAMING.items():
        yield Attack(name, data)
    for name, (body, statuses) in BODIES.items():
        yield _attack(f"body: {name}", POST(b"/chat", JSON, body=body), statuses)
    for group in (_starts, _parameters, _targets, _hosts, _pages, _tokens, _keys, _posts, _everywhere):
        yield from group()


def _attack(name: str, request: Request, statuses: set[int] | None) -> Attack:
    return Attack(name, request.encode(), None if statuses is None else frozenset(statuses))


def _starts() -> Iterator[Attack]:
    for text in b"-1 -0 0 1 999999999999999 -999999999999999".split():
        yield _attack(f"from={text!r}", GET(b"/stream?from=" + text), FINE)
    odd = (*b"1_0 %d9%a3 %205 1e3 1.0 0x1 +1 --1 1%00 a 1234567890123456 5%0a %ff 1&from=2 &from=1".split(), b"")
    for text in odd:
        yield _attack(f"from={text!r}", GET(b"/stream?from=" + text), BAD)
    zeros = b"000000000000"
    cursors = (
        CURSOR,
        b"%b.0.%b" % (LOG, zeros),
        b"%b.1.%b" % (LOG, zeros),
        b"%b.999999999999999.%b" % (LOG, zeros),
        b"aaaaaaaaaaaaaaaa.0." + zeros,
        *b"a .. ... -1 a.b.c %00 %ff %f0%9f%98%80".split(),
        b"%b.01.%b" % (LOG, zeros),
        b"%b.-1.%b" % (LOG, zeros),
        CURSOR + b"a",
        CURSOR.upper(),
        b"a" * 64,
        b"a" * 65,
        b"a" * 1500,
        CURSOR + b"&cursor=" + CURSOR,
        b"",
    )
    for text in cursors:
        yield _attack(f"cursor={text[:30]!r}", GET(b"/stream?cursor=" + text), FINE)
        yield _attack(f"Last-Event-ID: {text[:30]!r}", GET(b"/stream", (b"Last-Event-ID", text)), FINE)
    yield _attack("Last-Event-ID in latin-1", GET(b"/stream", (b"Last-Event-ID", b"\xff\x80")), FINE)
    twice = ((b"Last-Event-ID", CURSOR), (b"Last-Event-ID", b"a"))
    yield _attack("Last-Event-ID twice", GET(b"/stream", *twice), FINE)
    yield _attack("HEAD /stream", ask(b"HEAD", b"/stream"), FINE)


def _parameters() -> Iterator[Attack]:
    for text in b"0 5 60 61 -1 999999999999999".split():
        yield _attack(f"heartbeat={text!r}", GET(b"/stream?heartbeat=" + text), FINE)
    for text in (*b"5s nan inf %00 1&heartbeat=2".split(), b""):
        yield _attack(f"heartbeat={text!r}", GET(b"/stream?heartbeat=" + text), BAD)
    for query in b"start=1&end=0 start=-1 end=-1 start=999999 end=999999 start= end=a start=1&start=1".split():
        yield _attack(f"messages?{query!r}", GET(b"/messages?" + query), BAD)
    for index in b"-1 a 999999 9999999999999999999999 %d9%a3 0_0 %00 1e0".split():
        yield _attack(f"messages/{index!r}/html", GET(b"/messages/%b/html" % index), {404})
    for query in b"seen=a poll=true&seen=a poll=true&seen=1&seen=2 seen=".split():
        yield _attack(f"state?{query!r}", GET(b"/state?" + query), BAD)
    yield _attack("state?poll", GET(b"/state?poll=true&seen=999999"), None)
    yield _attack("state?poll of the past", GET(b"/state?poll=true&seen=-1"), FINE)
    for text in (
        *b"say*) %22say say%22OR NEAR(say words:say -say say'-- %2b^say %00say%00 %ed%a0%80say".split(),
        b"a" * 200,
    ):
        yield _attack(f"search?text={text[:30]!r}", GET(b"/search?text=" + text), FINE)
    for query in (
        *b"text= text=* text=%00 text=a&text=b text=a&limit=a limit=1".split(),
        b"text=" + b"a" * 201,
    ):
        yield _attack(f"search?{query[:30]!r}", GET(b"/search?" + query), BAD)
    for commit in b"abc --output=x ../x HEAD zzzz 0000%00 0000&commit=0000".split():
        yield _attack(f"diff?commit={commit!r}", GET(b"/diff?commit=" + commit), BAD)
    yield _attack("diff of no commit", GET(b"/diff?commit="), BAD)
    yield _attack("diff of an unknown commit", GET(b"/diff?commit=" + b"0" * 40), {404})
    yield _attack("diff of 41 digits", GET(b"/diff?commit=" + b"0" * 41), BAD)


def _targets() -> Iterator[Attack]:
    paths = (
        *b"/nowhere //stream /stream/ /STREAM /stream%2f /%73tream /./stream /../stream /stream/../state".split(),
        *b"/static/ /static/../../etc/passwd /static/%2e%2e/%2e%2e/etc/passwd /static/..%2f..%2fetc/passwd".split(),
        *b"/static/..%5c..%5cetc /static//etc/passwd /static/%00 /static/js/main.js%00.css /static/js /static/.".split(),
        *b"/sessions/ /sessions// /sessions/x/state /sessions/%2e%2e/state /sessions/../state /sessions/%00/".split(),
        *b"/sessions/\\\\evil.example /sessions//evil.example /sessions/0123456789abcdef/state /;a=b /?%%%zz%f".split(),
        *b"/%%%zz%f /%ff%fe /%c0%af /%u0041 /stream#fragment /stream?# /state?%00=%00&=&&==&;=%zz".split(),
        *b"/terminal/1 /terminal/x /metrics/ /healthz/ /favicon.ico /openapi.json?a[b]=c /chat /cancel".split(),
        b"/" + b"a/" * 900,
        b"/" + b"%41" * 600,
        b"/state?" + b"a=b&" * 490,
    )
    for path in paths:
        yield _attack(f"GET {path[:40]!r}", GET(path), None)
    yield _attack("a URL of 2 KiB", GET(b"/state?" + b"a" * 2041), FINE)
    yield _attack("a URL over 2 KiB", GET(b"/state?" + b"a" * 2042), {414})
    yield _attack("headers over 16 KiB", GET(b"/state", (b"A", b"a" * 16 * 1024)), {431})
    yield _attack("many headers over 16 KiB", GET(b"/state", *((b"A", b"b"),) * 3500), {431})
    for target in (b"*", b"http://" + HOST + b"/state", b"https://evil.example/", HOST, b"evil.example:443", b"a"):
        yield _attack(f"the target {target!r}", GET(target), BAD)
    for method, statuses in ((b"CONNECT", BAD), (b"TRACE", {405}), (b"OPTIONS", BAD)):
        target = {b"TRACE": b"/state", b"OPTIONS": b"*"}.get(method, b"evil.example:443")
        yield _attack(f"{method.decode()} {target.decode()}", ask(method, target), statuses)


def _hosts() -> Iterator[Attack]:
    def to(*hosts: bytes) -> Request:
        return Request(b"GET", b"/state", (*((b"Host", host) for host in hosts), AUTH))

    foreign = (
        *b"evil.example localhost 127.0.0.1 [::1] 127.0.0.1:1 localhost.:80 evil.localhost 2130706433 0x7f.1".split(),
        *(b"a@" + HOST, HOST + b"@evil.example", HOST + b".evil.example", HOST + b"/", HOST + b"?", HOST + b"#"),
        *b"[::1 ::1 [::ffff:127.0.0.1] : :80 127.0.0.1:99999 127.0.0.1:-1 127.0.0.1:1e3 [] []: * %31".split(),
        *("127.0.0.1:８０".encode(), b"\xff", b"\xff:80", HOST + b"\xff", b"xn--\xff", b"a" * 5000, b""),
        *(HOST + b"," + HOST, HOST + b" evil.example"),
    )
    for host in foreign:
        yield _attack(f"Host: {host[:30]!r}", to(host), {400, 421})
    yield _attack("no Host", to(), BAD)
    yield _attack("two Hosts", to(HOST, HOST), BAD)
    yield _attack("two Hosts, one foreign", to(HOST, b"evil.example"), BAD)


def _pages() -> Iterator[Attack]:
    origins = (
        *b"http://evil.example https://127.0.0.1 http://127.0.0.1:1 null file:// * http:// ://".split(),
        *(b"http://" + HOST + b".evil.example", b"http://evil.example/" + HOST, b"http://a@" + HOST, b"\xff", b""),
        b"http://" + HOST + b" http://evil.example",
    )
    for origin in origins:
        yield _attack(f"Origin: {origin!r}", GET(b"/state", (b"Origin", origin)), FOREIGN)
        yield _attack(f"a post, Origin: {origin!r}", POST(b"/chat", JSON, (b"Origin", origin), body=SAY), FOREIGN)
    yield _attack("Origin: ours", GET(b"/state", (b"Origin", b"http://" + HOST)), FINE)
    ours = (b"Origin", b"http://" + HOST)
    yield _attack("Origin twice", GET(b"/state", ours, ours), FOREIGN)
    for site in (*b"cross-site same-site SAME-ORIGIN same-origin,none \xff".split(), b""):
        yield _attack(f"Sec-Fetch-Site: {site!r}", GET(b"/state", (b"Sec-Fetch-Site", site)), FOREIGN)
    link = ((b"Sec-Fetch-Site", b"cross-site"), (b"Sec-Fetch-Mode", b"navigate"))
    yield _attack("a link to the dashboard", GET(b"/", *link), FINE)
    yield _attack("a link to the state", GET(b"/state", *link), FOREIGN)
    yield _attack("a preflight", ask(b"OPTIONS", b"/chat", (b"Origin", b"http://evil.example")), FOREIGN)


def _tokens() -> Iterator[Attack]:
    def by(*headers: Header, target: bytes = b"/state") -> Request:
        return Request(b"GET", target, ((b"Host", HOST), *headers))

    wrong = (
        *(b"", b"Bearer", b"Bearer ", b"Bearer x", b"Bearer \xff", b"Bearer  " + TOKEN, b"Basic " + TOKEN, TOKEN),
        *(b"Bearer " + TOKEN + b"x", b"Bearer " + TOKEN + b" x", b"Bearer x" + TOKEN, b"Bearer," + TOKEN),
        *(b"Bearer " + b"a" * 15_000, b"Bearer\t" + TOKEN, b"Digest username=\xff"),
    )
    for text in wrong:
        yield _attack(f"Authorization: {text[:30]!r}", by((b"Authorization", text)), {401})
    yield _attack("no Authorization", by(), {401})
    yield _attack("Authorization twice", by(AUTH, AUTH), {401})
    yield _attack("bearer in small letters", by((b"Authorization", b"bearer " + TOKEN)), FINE)
    yield _attack("access_token", by(target=b"/stream?access_token=" + TOKEN), FINE)
    for query in (b"access_token=x", b"access_token=" + TOKEN + b"&access_token=" + TOKEN, b"access_token=%ff"):
        yield _attack(f"/stream?{query[:40]!r}", by(target=b"/stream?" + query), {401})
    yield _attack("access_token elsewhere", by(target=b"/state?access_token=" + TOKEN), {401})
    yield _attack("access_token for a path like it", by(target=b"/static/stream?access_token=" + TOKEN), {404})
    yield _attack(
        "access_token for a post", Request(b"POST", b"/chat?access_token=" + TOKEN, ((b"Host", HOST),)), {401}
    )


def _keys() -> Iterator[Attack]:
    def say(*keys: bytes, body: bytes = SAY) -> Request:
        return POST(b"/chat", JSON, *((b"Idempotency-Key", key) for key in keys), body=body)

    for key in (b"!" * 128, b"~" * 8, b"@session@"):
        yield _attack(f"Idempotency-Key: {key[:30]!r}", say(key), ACCEPTED)
    # Whichever comes first.
    for _ in range(2):
        yield _attack("a key with two bodies", say(b"12345678"), {202, 422})
        yield _attack("a key used twice", say(b"always-the-same", body=b'{"message":"n0000000"}'), {200, 202})
    for key in (*b"1234567 1234567\x7f 1234567\xff".split(), b"1234 5678", b"1234\t5678", b"", b"a" * 129, b"a" * 9000):
        yield _attack(f"Idempotency-Key: {key[:30]!r}", say(key), BAD)
    yield _attack("two keys", say(b"12345678", b"12345678"), BAD)


def _posts() -> Iterator[Attack]:
    types: tuple[tuple[bytes, set[int]], ...] = (
        (b"application/json; charset=utf-8", ACCEPTED),
        (b"APPLICATION/JSON", ACCEPTED),
        *(
            (each, {415})
            for each in (b"text/plain", b"application/x-www-form-urlencoded", b"", b"\xff", b"application/")
        ),
        *((each, {415}) for each in (b"multipart/form-data; boundary=x", b"application/json-seq", b"a" * 9000)),
    )
    for kind, statuses in types:
        yield _attack(f"Content-Type: {kind[:30]!r}", POST(b"/chat", (b"Content-Type", kind), body=SAY), statuses)
    yield _attack("no Content-Type", POST(b"/chat", body=SAY), {415})
    yield _attack("gzip", POST(b"/chat", JSON, (b"Content-Encoding", b"gzip"), body=b"\x1f\x8b\x08"), BAD)
    yield _attack("a post to nobody", POST(b"/sessions/0123456789abcdef/chat", JSON, body=SAY), {404})
    yield _attack("a post to a session", POST(b"/sessions/%b/chat" % SESSION, JSON, body=SAY), ACCEPTED)
    cancels: tuple[tuple[bytes, set[int]], ...] = (
        *((each, FINE) for each in (b'{"reason":"because"}', b"", b"{}")),
        *((each, {422}) for each in (b'{"reason":1}', b"[]")),
        *((each, {404}) for each in (b'{"tool_call_id":"x"}', b'{"tool_call_id":"\\u0000"}')),
        (b'{"tool_call_id":"\\ud800"}', {400, 404}),
        (b"{", BAD),
    )
    for body, statuses in cancels:
        yield _attack(f"cancel {body!r}", POST(b"/cancel", JSON, body=body), statuses)
    patches: tuple[tuple[bytes, set[int]], ...] = (
        *((each, FINE) for each in (b'{"title":"t"}', b'{"title":null}', b"{}")),
        *((each, {422}) for each in (b'{"title":1}', b'{"archived":"no"}', b'{"title":"%b"}' % (b"t" * 501))),
        (b'{"title":"\\ud800"}', {200, 400}),
        (b"", {400, 415}),
    )
    for body, statuses in patches:
        yield _attack(f"PATCH {body[:30]!r}", ask(b"PATCH", b"/sessions/" + SESSION, JSON, body=body), statuses)
    for body in (b'{"title":1}', b'{"model":"nobody/none"}', b'{"model":"\\u0000"}', b'{"model":1}', b"[]"):
        yield _attack(f"POST /sessions {body!r}", POST(b"/sessions", JSON, body=body), {422})
    yield _attack("DELETE of nobody", ask(b"DELETE", b"/sessions/0123456789abcdef"), {404})


def _everywhere() -> Iterator[Attack]:
    """Letters that are no ASCII, and everything twice, in each header that means anything."""
    names = (
        *b"Accept Accept-Encoding Accept-Language Authorization Cache-Control Connection Content-Encoding".split(),
        *b"Content-Length Content-Type Cookie Date Expect Forwarded Host Idempotency-Key If-Match If-Modified-Since".split(),
        *b"If-None-Match If-Range Keep-Alive Last-Event-ID Origin Pragma Range Referer Sec-Fetch-Mode Sec-Fetch-Site".split(),
        *b"TE Trailer Transfer-Encoding Upgrade User-Agent Via X-Forwarded-For X-Forwarded-Host X-Request-Id".split(),
    )
    for name in names:
        for value in (b"\xff\xfe", "é€𝄞".encode(), b"", b"a" * 10_000, b'"', b",;=", b"%00%0d%0a", b"1, 2"):
            for target in (b"/static/js/main.js", b"/state"):
                headers: Headers = ((b"Host", HOST), AUTH, (name, value))
                yield _attack(
                    f"{name.decode()}: {value[:10]!r} {target.decode()}", Request(b"GET", target, headers), None
                )
