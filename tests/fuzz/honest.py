"""Requests as an honest client sends them: what the mutator begins with."""

from __future__ import annotations

from tests.fuzz.request import AUTH, CURSOR, HOST, JSON, SESSION, TOKEN, VICTIM, Request, ask

SAY = b'{"message":"say @number@"}'
KEYED = (b"Idempotency-Key", b"key-of-@number@")
CHUNKS = b'c\r\n{"message":"\r\ne\r\nsay @number@"}\r\n0\r\n\r\n'
OF_SESSION = b"/sessions/" + SESSION

HONEST: tuple[Request, ...] = (
    ask(b"GET", b"/state"),
    ask(b"GET", b"/state?poll=true&seen=-1"),
    ask(b"GET", OF_SESSION + b"/state"),
    ask(b"GET", b"/stream"),
    ask(b"GET", b"/stream?from=0&heartbeat=15"),
    ask(b"GET", b"/stream?cursor=" + CURSOR),
    ask(b"GET", OF_SESSION + b"/stream", (b"Last-Event-ID", CURSOR), (b"Accept", b"text/event-stream")),
    Request(b"GET", b"/stream?access_token=" + TOKEN, ((b"Host", HOST), (b"Cache-Control", b"no-cache"))),
    ask(b"HEAD", b"/stream"),
    ask(b"GET", b"/messages?start=0&end=0"),
    ask(b"GET", b"/messages/0/html"),
    ask(b"GET", b"/download"),
    ask(b"GET", b"/sessions", (b"Accept-Encoding", b"gzip, br")),
    ask(b"GET", b"/search?text=say&limit=5"),
    ask(b"GET", b"/stream?sessions=true"),
    ask(b"GET", b"/openapi.json"),
    ask(b"GET", b"/metrics"),
    Request(b"GET", b"/", ((b"Host", HOST), (b"Sec-Fetch-Site", b"none"), (b"Sec-Fetch-Mode", b"navigate"))),
    Request(b"GET", b"/static/js/sse.js", ((b"Host", HOST), (b"If-None-Match", b'"0123456789abcdef0123"'))),
    Request(b"GET", b"/healthz", ((b"Host", HOST),)),
    Request(b"GET", b"/readyz", ((b"Host", HOST), (b"Connection", b"keep-alive"))),
    ask(b"POST", b"/chat", JSON, body=SAY),
    ask(b"POST", b"/chat", JSON, (b"Origin", b"http://" + HOST), (b"Sec-Fetch-Site", b"same-origin"), body=SAY),
    ask(b"POST", b"/chat", JSON, KEYED, body=SAY),
    ask(b"POST", OF_SESSION + b"/chat", JSON, KEYED, body=SAY),
    Request(
        b"POST", b"/chat", ((b"Host", HOST), AUTH, JSON, (b"Expect", b"100-continue"), (b"Content-Length", b"26")), SAY
    ),
    Request(b"POST", b"/chat", ((b"Host", HOST), AUTH, JSON, (b"Transfer-Encoding", b"chunked")), CHUNKS),
    ask(b"POST", b"/cancel", JSON, body=b'{"reason":"enough"}'),
    ask(b"POST", b"/cancel", JSON, body=b'{"tool_call_id":"call-1","reason":"enough"}'),
    ask(b"PATCH", OF_SESSION, JSON, body=b'{"title":"another","archived":false}'),
    ask(
        b"GET",
        b"/terminal/1",
        *((b"Connection", b"Upgrade"), (b"Upgrade", b"websocket"), (b"Sec-WebSocket-Version", b"13")),
        (b"Sec-WebSocket-Key", b"dGhlIHNhbXBsZSBub25jZQ=="),
    ),
)

RARE: tuple[Request, ...] = (
    ask(b"POST", b"/sessions", JSON, body=b'{"title":"one more"}'),
    ask(b"DELETE", b"/sessions/" + VICTIM),
    ask(b"GET", b"/diff"),
)
"""These make a session and run git, or are of use once: each costs as much as a hundred others."""
