"""Bytes that no honest client sends: HTTP that is none, is another version, or means two things at once."""

from __future__ import annotations

from tests.fuzz.request import HOST, TOKEN

H = b"Host: " + HOST + b"\r\n"
AUTH = b"Authorization: Bearer " + TOKEN + b"\r\n"
GET = b"GET /state HTTP/1.1\r\n" + H
POST = b"POST /chat HTTP/1.1\r\n" + AUTH + b"Content-Type: application/json\r\n" + H
STREAM = b"GET /stream HTTP/1.1\r\n" + AUTH + H
HEAD = b"HEAD /stream HTTP/1.1\r\n" + AUTH + H
CHUNKED = b"Transfer-Encoding: chunked\r\n\r\n"
SAY = b'{"message":"say @number@"}'
SMUGGLED = b"POST /chat HTTP/1.1\r\n" + H + b"Content-Type: application/json\r\nContent-Length: 26\r\n\r\n" + SAY
"""Without a token: wherever it is taken for a request of its own, it is refused."""

UPGRADE = b"GET /terminal/1 HTTP/1.1\r\n" + H + AUTH + b"Connection: Upgrade\r\nUpgrade: websocket\r\n"
KEY = b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"

NOT_HTTP: dict[str, bytes] = {
    "nothing": b"",
    "one byte": b"\x00",
    "NULs": b"\x00" * 5000,
    "every byte": bytes(range(256)) * 20,
    "ff": b"\xff" * 5000,
    "TLS": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\x00" * 500,
    "h2 preface": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + b"\x00\x00\x00\x04\x00\x00\x00\x00\x00",
    "h2 preface and a flood": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + b"\x00\x00\x06\x04" * 100_000,
    "h2 preface in HTTP/1.1": b"PRI * HTTP/1.1\r\n" + H + b"\r\nSM\r\n\r\n",
    "SSH": b"SSH-2.0-OpenSSH_9.6\r\n",
    "a proxy's preface": b"PROXY TCP4 1.2.3.4 5.6.7.8 1 2\r\n" + GET + AUTH + b"\r\n",
    "HTTP/0.9": b"GET /\r\n",
    "HTTP/1.0": b"GET /healthz HTTP/1.0\r\n" + H + b"\r\n",
    "HTTP/1.0 without a host": b"GET /healthz HTTP/1.0\r\n\r\n",
    "HTTP/3.0": b"GET / HTTP/3.0\r\n" + H + b"\r\n",
    "HTTP/1.9": b"GET / HTTP/1.9\r\n" + H + b"\r\n",
    "HTTP/1.10": b"GET / HTTP/1.10\r\n" + H + b"\r\n",
    "lower case": b"get / http/1.1\r\n" + H + b"\r\n",
    "two spaces": b"GET  /healthz  HTTP/1.1\r\n" + H + b"\r\n",
    "tabs": b"GET\t/healthz\tHTTP/1.1\r\n" + H + b"\r\n",
    "no version": b"GET /healthz\r\n" + H + b"\r\n",
    "no target": b"GET HTTP/1.1\r\n" + H + b"\r\n",
    "a line without an end": GET + b"A",
    "LF only": (GET + AUTH + b"\r\n").replace(b"\r", b""),
    "LF ends the head": GET + AUTH + b"\n",
    "CR only": b"GET / HTTP/1.1\rHost: a\r\r",
    "a CR in a value": GET + b"A: b\rc\r\n\r\n",
    "empty lines first": b"\r\n" * 500 + GET + b"\r\n",
    "a space first": b" " + GET + AUTH + b"\r\n",
    "a long line": b"A" * 200_000,
    "a long method": b"G" * 60_000 + b" / HTTP/1.1\r\n" + H + b"\r\n",
    "a long target": b"GET /" + b"a" * 60_000 + b" HTTP/1.1\r\n" + H + b"\r\n",
    "a long query": b"GET /state?" + b"a=b&" * 15_000 + b" HTTP/1.1\r\n" + H + AUTH + b"\r\n",
}

HEADERS: dict[str, bytes] = {
    "a header bomb": GET + b"a: b\r\n" * 50_000,
    "a long header": GET + b"A: " + b"b" * 300_000,
    "a long name": GET + b"A" * 60_000 + b": b\r\n\r\n",
    "folded headers": GET + AUTH + b"A: b\r\n c\r\n\r\n",
    "a folded length": POST + b"Content-Length:\r\n 26\r\n\r\n" + SAY,
    "a folded host": b"GET /healthz HTTP/1.1\r\nHost:\r\n " + HOST + b"\r\n\r\n",
    "folded first": b"GET /healthz HTTP/1.1\r\n a: b\r\n" + H + b"\r\n",
    "space before the colon": GET + b"A : b\r\n\r\n",
    "a header without name": GET + b": b\r\n\r\n",
    "a header without colon": GET + b"abc\r\n\r\n",
    "NUL in a header": GET + b"A: \x00\r\n\r\n",
    "NUL in a name": GET + b"A\x00: b\r\n\r\n",
    "ff in every header": GET + b"\xff: \xff\r\nAuthorization: \xff\r\nOrigin: \xff\r\n\r\n",
    "UTF-8 in a header": GET + AUTH + "A: é€𝄞\r\n\r\n".encode(),
    "ff in the target": b"GET /\xff HTTP/1.1\r\n" + H + b"\r\n",
    "ff in the method": b"\xff / HTTP/1.1\r\n" + H + b"\r\n",
    "NUL in the target": b"GET /\x00 HTTP/1.1\r\n" + H + AUTH + b"\r\n",
    "expect": POST + b"Expect: 100-continue\r\nContent-Length: 26\r\n\r\n" + SAY,
    "expect without a body": POST + b"Expect: 100-continue\r\nContent-Length: 0\r\n\r\n",
    "expect before a refusal": POST.replace(AUTH, b"") + b"Expect: 100-continue\r\nContent-Length: 26\r\n\r\n" + SAY,
    "expect for a GET": GET + AUTH + b"Expect: 100-continue\r\n\r\n",
    "an unknown expectation": POST + b"Expect: \xff\r\nContent-Length: 26\r\n\r\n" + SAY,
}

SMUGGLING: dict[str, bytes] = {
    "no length": POST + b"\r\n{}",
    "two lengths": POST + b"Content-Length: 2\r\nContent-Length: 3\r\n\r\n{} ",
    "two equal lengths": POST + b"Content-Length: 26\r\nContent-Length: 26\r\n\r\n" + SAY,
    "a list of lengths": POST + b"Content-Length: 26, 26\r\n\r\n" + SAY,
    "a list of two lengths": POST + b"Content-Length: 26, 3\r\n\r\n" + SAY,
    "a negative length": POST + b"Content-Length: -1\r\n\r\n",
    "a length with a sign": POST + b"Content-Length: +26\r\n\r\n" + SAY,
    "a length in hexadecimal": POST + b"Content-Length: 0x1a\r\n\r\n" + SAY,
    "a length with an underscore": POST + b"Content-Length: 2_6\r\n\r\n" + SAY,
    "a length in Arabic digits": POST + "Content-Length: ٢٦\r\n\r\n".encode() + SAY,
    "a length with zeros": POST + b"Content-Length: 00026\r\n\r\n" + SAY,
    "a length beyond all": POST + b"Content-Length: 99999999999999999999\r\n\r\n",
    "a length of 5000 digits": POST + b"Content-Length: " + b"9" * 5000 + b"\r\n\r\n",
    "a length in words": POST + b"Content-Length: two\r\n\r\n{}",
    "an empty length": POST + b"Content-Length: \r\n\r\n{}",
    "a length and chunks": POST + b"Content-Length: 5\r\n" + CHUNKED + b"0\r\n\r\n" + SMUGGLED,
    "chunks and a length": POST + b"Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n" + SMUGGLED,
    "a request in a body": POST + b"Content-Length: %d\r\n\r\n" % len(SMUGGLED) + SMUGGLED,
    "a request behind a body": POST + b"Content-Length: 26\r\n\r\n" + SAY + SMUGGLED,
    "a request in a GET's body": GET + AUTH + b"Content-Length: %d\r\n\r\n" % len(SMUGGLED) + SMUGGLED,
    "a request behind a GET": GET + AUTH + b"\r\n" + SMUGGLED,
    "an unknown coding": POST + b"Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
    "no coding": POST + b"Transfer-Encoding: identity\r\n\r\n" + SAY,
    "a coding twice": POST + b"Transfer-Encoding: chunked\r\n" + CHUNKED + b"0\r\n\r\n",
    "a coding in odd letters": POST + b"Transfer-Encoding: CHUNKED\r\n\r\n1a\r\n" + SAY + b"\r\n0\r\n\r\n",
    "a coding with a tab": POST + b"Transfer-Encoding:\tchunked\r\n\r\n0\r\n\r\n",
    "a coding behind VT": POST + b"Transfer-Encoding: \x0bchunked\r\n\r\n0\r\n\r\n",
    "a coding named with a space": POST + b"Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n",
    "a coding in HTTP/1.0": POST.replace(b"1.1", b"1.0") + CHUNKED + b"0\r\n\r\n",
    "a chunk without size": POST + CHUNKED + b"xyz\r\n",
    "a negative chunk": POST + CHUNKED + b"-5\r\nhello\r\n",
    "a chunk in 0x": POST + CHUNKED + b"0x1a\r\n" + SAY + b"\r\n0\r\n\r\n",
    "a huge chunk": POST + CHUNKED + b"ffffffffffffffff\r\nhello",
    "a chunk's size without end": POST + CHUNKED + b"0" * 100_000,
    "a chunk that is longer": POST + CHUNKED + b"2\r\n{}xx\r\n0\r\n\r\n",
    "a chunk ended by LF": POST + CHUNKED + b"1a\n" + SAY + b"\n0\n\n",
    "a chunk's extension": POST + CHUNKED + b"1a;a=b\r\n" + SAY + b"\r\n0\r\n\r\n",
    "a chunk's extension with a CR": POST + CHUNKED + b"1a;a\rb\r\n" + SAY + b"\r\n0\r\n\r\n",
    "a chunk's extension bomb": POST + CHUNKED + b"1;" + b"a" * 200_000,
    "a byte a chunk": POST + CHUNKED + b"".join(b"1\r\n%c\r\n" % byte for byte in SAY) + b"0\r\n\r\n",
    "trailers": POST + CHUNKED + b"1a\r\n" + SAY + b"\r\n0\r\nAuthorization: no\r\n\r\n",
    "trailers that are none": POST + CHUNKED + b"0\r\nA: \x00\xff\r\n\r\n",
    "no last chunk": POST + CHUNKED + b"1a\r\n" + SAY + b"\r\n",
    "half a body": POST + b"Content-Length: 100\r\n\r\n{",
    "garbage behind a body": POST + b"Content-Length: 26\r\n\r\n" + SAY + b"\xff\x00garbage\r\n\r\n",
    "a body for a GET": GET + AUTH + b"Content-Length: 3\r\n\r\nabc",
    "chunks for a GET": GET + AUTH + CHUNKED + b"zz",
}

CONNECTIONS: dict[str, bytes] = {
    "a pipeline": (GET + AUTH + b"\r\n") * 20,
    "a pipeline of posts": (POST + b"Content-Length: 26\r\n\r\n" + SAY) * 5,
    "a pipeline behind a stream": STREAM + b"\r\n" + (GET + b"\r\n") * 50,
    "garbage behind a stream": STREAM + b"\r\n" + b"\xff\x00" * 5000,
    "a body for a stream": STREAM + b"Content-Length: 5\r\n\r\nhello" + b"\xff" * 1000,
    "chunks for a stream": STREAM + CHUNKED + b"1\r\na\r\n" * 5000 + b"zz\r\n",
    "HEAD of a stream and more": HEAD + b"\r\n" + GET + b"\r\n",
    "close and go on": GET + AUTH + b"Connection: close\r\n\r\n" + GET + AUTH + b"\r\n",
    "keep-alive and close": GET + AUTH + b"Connection: keep-alive, close\r\n\r\n",
    "connection names the token": GET + AUTH + b"Connection: authorization, host\r\n\r\n",
    "h2c upgrade": GET + b"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABk\r\n\r\n",
    "h2c upgrade with a token": GET + AUTH + b"Connection: Upgrade\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABk\r\n\r\n",
    "an upgrade to nothing": GET + AUTH + b"Connection: Upgrade\r\nUpgrade: \r\n\r\n",
    "an upgrade to ff": GET + AUTH + b"Connection: Upgrade\r\nUpgrade: \xff\r\n\r\n",
    "a websocket": UPGRADE + KEY + b"Sec-WebSocket-Version: 13\r\n\r\n",
    "a websocket and a frame": UPGRADE + KEY + b"Sec-WebSocket-Version: 13\r\n\r\n" + b"\xff\xff\xff\xff" * 20,
    "a websocket for a stream": UPGRADE.replace(b"/terminal/1", b"/stream")
    + KEY
    + b"Sec-WebSocket-Version: 13\r\n\r\n",
    "a websocket's subprotocol of ff": UPGRADE
    + KEY
    + b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Protocol: \xff\r\n\r\n",
    "a websocket's extensions of ff": UPGRADE
    + KEY
    + b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Extensions: \xff\r\n\r\n",
    "a websocket without a key": UPGRADE + b"Sec-WebSocket-Version: 13\r\n\r\n",
    "a websocket with a short key": UPGRADE + b"Sec-WebSocket-Key: a\r\nSec-WebSocket-Version: 13\r\n\r\n",
    "a websocket with two keys": UPGRADE + KEY + KEY + b"Sec-WebSocket-Version: 13\r\n\r\n",
    "a websocket with a key of ff": UPGRADE + b"Sec-WebSocket-Key: \xff\xff\r\nSec-WebSocket-Version: 13\r\n\r\n",
    "a websocket of version 8": UPGRADE + KEY + b"Sec-WebSocket-Version: 8\r\n\r\n",
    "a websocket of version x": UPGRADE + KEY + b"Sec-WebSocket-Version: \xff\r\n\r\n",
    "a websocket by POST": UPGRADE.replace(b"GET", b"POST") + KEY + b"Sec-WebSocket-Version: 13\r\n\r\n",
}

WHOLE = KEY + b"Sec-WebSocket-Version: 13\r\n\r\n"
SPOKEN = UPGRADE + WHOLE
"""From here on frames are spoken."""

TOKEN_BYTES = 43
LET_IN = b"\x81%b\x00\x00\x00\x00" % bytes([0x80 | (TOKEN_BYTES + 12)]) + b'{"token":"' + TOKEN + b'"}'
"""A first frame with the token: whoever knows it is told that the session is not there."""

NOWHERE = SPOKEN.replace(b"/terminal/1", b"/sessions/0123456789abcdef/terminal/1") + LET_IN

BAD_FRAMES: dict[str, bytes] = {
    "not masked": b"\x81\x02{}",
    "of reserved bits": b"\xf1\x80\x00\x00\x00\x00",
    "of an unknown opcode": b"\x83\x80\x00\x00\x00\x00",
    "of ff": b"\xff" * 5000,
    "of NULs": b"\x00" * 5000,
    "that goes on with nothing": b"\x80\x81\x00\x00\x00\x00a",
    "of text that is none": b"\x81\x81\x00\x00\x00\x00\xff",
    "of text in text": b"\x01\x81\x00\x00\x00\x00{\x81\x81\x00\x00\x00\x00}",
    "of 2 to the 63 bytes": b"\x82\xff\xff\xff\xff\xff\xff\xff\xff\xff\x00\x00\x00\x00",
    "of 2 to the 40 bytes": b"\x82\xff\x00\x00\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00" + b"a" * 300_000,
    "without end": b"\x01\x81\x00\x00\x00\x00{" + b"\x00\x81\x00\x00\x00\x00 " * 20_000,
    "of nothing, many times": b"\x01\x80\x00\x00\x00\x00" + b"\x00\x80\x00\x00\x00\x00" * 20_000,
    "of pings": b"\x89\x81\x00\x00\x00\x00p" * 5_000,
    "of a long ping": b"\x89\xfe\x00\x7e\x00\x00\x00\x00" + b"p" * 126,
    "of a ping in pieces": b"\x09\x80\x00\x00\x00\x00",
    "of pongs": b"\x8a\x80\x00\x00\x00\x00" * 20_000,
    "of closing by one byte": b"\x88\x81\x00\x00\x00\x00\x03",
    "of closing by 5": b"\x88\x82\x00\x00\x00\x00\x00\x05",
    "of closing, twice": b"\x88\x80\x00\x00\x00\x00" * 2,
    "of HTTP": GET + AUTH + b"\r\n",
    "of half a head": b"\x81",
}

WEBSOCKETS: dict[str, bytes] = {
    **{f"a frame {name}": SPOKEN + data for name, data in BAD_FRAMES.items()},
    **{f"a frame {name}, by who is let in": NOWHERE + data for name, data in BAD_FRAMES.items()},
    "a websocket for nobody's session": NOWHERE,
    "a websocket for terminal 0": SPOKEN.replace(b"/terminal/1", b"/terminal/0") + LET_IN,
    "a websocket for terminal 999": SPOKEN.replace(b"/terminal/1", b"/terminal/999") + LET_IN,
    "a websocket for terminal 1000": SPOKEN.replace(b"/terminal/1", b"/terminal/1000") + LET_IN,
    "a websocket in a path of ff": SPOKEN.replace(b"/terminal/1", b"/sessions/%ff%00/terminal/1") + LET_IN,
    "a websocket of another page's": UPGRADE + b"Origin: http://evil.example\r\n" + WHOLE + LET_IN,
    "a websocket of another host's": (UPGRADE + WHOLE).replace(H, b"Host: evil.example\r\n") + LET_IN,
    "a websocket by HTTP/1.0": SPOKEN.replace(b"HTTP/1.1", b"HTTP/1.0") + LET_IN,
    "a websocket with a body": UPGRADE + b"Content-Length: 5\r\n" + WHOLE + b"hello" + LET_IN,
    "a websocket in chunks": UPGRADE + b"Transfer-Encoding: chunked\r\n" + WHOLE + b"5\r\nhello\r\n0\r\n\r\n" + LET_IN,
    "a websocket behind a request": GET + AUTH + b"\r\n" + SPOKEN + LET_IN,
    "a websocket that expects": UPGRADE + b"Expect: 100-continue\r\n" + WHOLE + LET_IN,
    "two upgrades": UPGRADE + b"Upgrade: h2c\r\n" + WHOLE,
    "a list of upgrades": UPGRADE.replace(b"websocket", b"h2c, websocket") + WHOLE,
}

FRAMING: dict[str, bytes] = {**NOT_HTTP, **HEADERS, **SMUGGLING, **CONNECTIONS, **WEBSOCKETS}
