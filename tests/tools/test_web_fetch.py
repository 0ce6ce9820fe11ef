"""Pages of the web: what is refused, at every step; and the way of what is not, by a resolver and a transport of our own."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from functools import partial

import httpx2
import msgspec
import pytest
import trio

from tests.tools.bench import FakeBench, running
from trio_agent.core.errors import ToolError
from trio_agent.seams import ToolResult
from trio_agent.tools.public_address import is_public
from trio_agent.tools.web_answer import MAX_BODY_BYTES
from trio_agent.tools.web_fetch import MAX_REDIRECTS, MAX_TEXT_CHARS, WebFetch

PUBLIC = "93.184.216.34"

PRIVATE = [
    *(
        "127.0.0.1",
        "127.1.2.3",
        "0.0.0.0",
        "10.0.0.1",
        "172.16.0.1",
        "172.31.255.255",
        "192.168.1.1",
        "169.254.169.254",
    ),
    *("100.64.0.1", "100.127.255.255", "224.0.0.1", "239.255.255.250", "240.0.0.1", "255.255.255.255", "192.0.2.1"),
    *("198.18.0.1", "198.51.100.1", "203.0.113.1", "192.0.0.1"),
    *("192.0.0.8", "192.88.99.1", "3fff::1", "3fff:fff:ffff::1", "2002:c058:6301::"),
    *("::1", "::", "fe80::1", "fe80::1%eth0", "fc00::1", "fd12::1", "fec0::1", "ff02::1", "2001:db8::1", "100::1"),
    *("::ffff:127.0.0.1", "::ffff:10.0.0.1", "::127.0.0.1", "64:ff9b::10.0.0.1", "64:ff9b:1::10.0.0.1"),
    *("2002:7f00:1::", "2002:a00:1::1", "::ffff:0:127.0.0.1", "2001:0:0:0:0:0:f5ff:fffe"),
    *("", "localhost", "1", "0x7f.1"),
]


@pytest.mark.parametrize("address", PRIVATE)
def test_what_is_not_the_public_internet_s_is_told_so(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize("address", [PUBLIC, "1.1.1.1", "2606:4700:4700::1111", "::ffff:1.1.1.1", "64:ff9b::1.1.1.1"])
def test_what_is_public_is_told_so(address: str) -> None:
    assert is_public(address)


async def resolved(addresses: Sequence[str], host: str, port: int) -> Sequence[str]:
    await trio.lowlevel.checkpoint()
    return addresses


class Body(httpx2.AsyncByteStream):
    """A body that comes in pieces, as over a network."""

    def __init__(self, data: bytes) -> None:
        self._data = data

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for at in range(0, len(self._data), 65536):
            await trio.lowlevel.checkpoint()
            yield self._data[at : at + 65536]


class Web:
    """A web of one server: what was asked, and what is answered by path."""

    def __init__(self, answer: Callable[[httpx2.Request], httpx2.Response]) -> None:
        self.requests: list[httpx2.Request] = []
        self._answer = answer
        self.names: Mapping[str, Sequence[str]] = {}
        self.asked: list[str] = []

    async def resolve(self, host: str, port: int) -> Sequence[str]:
        await trio.lowlevel.checkpoint()
        self.asked.append(host)
        return self.names.get(host, [PUBLIC])

    def _handle(self, request: httpx2.Request) -> httpx2.Response:
        self.requests.append(request)
        return self._answer(request)

    async def fetch(self, bench: FakeBench, url: str = "https://example.org/") -> ToolResult:
        tool = WebFetch(resolve=self.resolve, transport=httpx2.MockTransport(self._handle))
        return await tool.run(msgspec.json.encode({"url": url}), bench)


def html(text: str, status: int = 200, **headers: str) -> httpx2.Response:
    return httpx2.Response(
        status, stream=Body(text.encode()), headers={"Content-Type": "text/html; charset=utf-8", **headers}
    )


async def test_a_local_server_is_not_asked_whatever_it_is_called(bench: FakeBench) -> None:
    connections = 0

    async def serve(stream: trio.SocketStream) -> None:
        nonlocal connections
        connections += 1

    async with trio.open_nursery() as nursery:
        listeners = await nursery.start(partial(trio.serve_tcp, serve, 0, host="127.0.0.1"))
        port = listeners[0].socket.getsockname()[1]
        for host in ("127.0.0.1", "localhost", "2130706433", "0x7f.1", "127.1", "[::1]", "[::ffff:127.0.0.1]", "0"):
            with pytest.raises(ToolError, match=r"not on the public internet|no host"):
                await WebFetch().run(msgspec.json.encode({"url": f"http://{host}:{port}/"}), bench)
        nursery.cancel_scope.cancel()
    assert connections == 0


@pytest.mark.parametrize("addresses", [["10.0.0.1"], [PUBLIC, "127.0.0.1"], []])
async def test_a_name_that_leads_inside_is_refused_before_anything_is_sent(
    bench: FakeBench, addresses: list[str]
) -> None:
    web = Web(lambda request: html("inside"))
    web.names = {"evil.example": addresses}
    with pytest.raises(ToolError, match="not on the public internet"):
        await web.fetch(bench, "http://evil.example/")
    assert not web.requests


@pytest.mark.parametrize(
    "url",
    [
        "ftp://example.org/",
        "file:///etc/passwd",
        "example.org",
        "http://",
        "http://user:pass@example.org/",
        "http://[::1",
    ],
)
async def test_what_is_no_address_of_the_web_is_refused(bench: FakeBench, url: str) -> None:
    web = Web(lambda request: html("x"))
    with pytest.raises(ToolError):
        await web.fetch(bench, url)
    assert not web.requests


async def test_the_connection_goes_to_the_address_that_was_checked(bench: FakeBench) -> None:
    web = Web(lambda request: html("<p>Hello"))
    result = await web.fetch(bench, "https://example.org:8443/a?b=c")
    (request,) = web.requests
    assert str(request.url) == f"https://{PUBLIC}:8443/a?b=c"
    assert request.headers["Host"] == "example.org:8443"
    assert request.extensions["sni_hostname"] == "example.org"
    assert not {"authorization", "cookie"} & set(request.headers)
    # Looked up once: another answer a moment later is never heard.
    assert web.asked == ["example.org"]
    assert result.text.endswith("\nHello")
    assert result.display == {"kind": "web", "url": "https://example.org:8443/a?b=c", "status": 200}


async def test_each_redirect_is_judged_like_the_first_address(bench: FakeBench) -> None:
    web = Web(lambda request: html("", 302, Location="http://inside.example/"))
    web.names = {"inside.example": ["169.254.169.254"]}
    with pytest.raises(ToolError, match=r"inside\.example is not on the public internet"):
        await web.fetch(bench, "http://example.org/")
    assert len(web.requests) == 1


@pytest.mark.parametrize(
    ("location", "why"),
    [("http://example.org/", "from https to http"), ("file:///etc/passwd", "no address"), ("/", "more than")],
)
async def test_a_redirect_that_leads_nowhere_good_is_refused(bench: FakeBench, location: str, why: str) -> None:
    web = Web(lambda request: html("", 301, Location=location))
    with pytest.raises(ToolError, match=why):
        await web.fetch(bench)
    assert len(web.requests) <= MAX_REDIRECTS + 1


async def test_a_redirect_is_followed_and_the_last_address_told(bench: FakeBench) -> None:
    web = Web(lambda r: html("here") if r.url.path == "/b/c" else html("", 307, Location="../b/c"))
    result = await web.fetch(bench, "https://example.org/a/x")
    assert "https://example.org/b/c" in result.text
    assert result.text.endswith("here")


async def test_a_page_is_text_without_what_is_for_browsers(bench: FakeBench) -> None:
    page = """<!doctype html><html><head><title>The title</title><style>p {}</style><script>alert("x")</script></head>
    <body><h1>One &amp; <b>two</b></h1><p>First   line<br>second.<!-- no --> <a href="../next">next</a>
    <a href="#here">here</a>
    <a href="javascript:alert(1)">bad</a><ul><li>a<li>b</ul><pre>  kept
     as is</pre><table><tr><td>1<td>2</table><noscript>none</noscript>"""
    text = (await Web(lambda request: html(page)).fetch(bench, "https://example.org/x/y")).text
    body = text.partition("\n")[2]
    for part in (
        *("The title\n", "# One & two\n", "First line\nsecond. [next](https://example.org/next) here", "- a\n- b"),
        *("\n  kept\n     as is", "| 1 | 2", " bad"),
    ):
        assert part in body, (part, body)
    assert not any(word in body for word in ("alert", "p {}", "none", "<", "no -->"))


@pytest.mark.parametrize("media_type", ["image/png", "application/octet-stream", "application/pdf", "video/mp4"])
async def test_what_is_no_text_is_refused(bench: FakeBench, media_type: str) -> None:
    web = Web(lambda request: httpx2.Response(200, stream=Body(b"x"), headers={"Content-Type": media_type}))
    with pytest.raises(ToolError, match="no text"):
        await web.fetch(bench)


@pytest.mark.parametrize("charset", ["iso-8859-1", "ISO-8859-1; x=y", '"latin-1"'])
async def test_text_is_read_in_its_own_character_set(bench: FakeBench, charset: str) -> None:
    headers = {"Content-Type": f"text/plain; charset={charset}"}
    web = Web(lambda request: httpx2.Response(200, stream=Body("caf\u00e9 <b>".encode("latin-1")), headers=headers))
    assert (await web.fetch(bench)).text.endswith("caf\u00e9 <b>")


@pytest.mark.parametrize("charset", ["nonsense", "rot13", "zip", "\\x00", "undefined"])
async def test_a_character_set_that_is_none_does_no_harm(bench: FakeBench, charset: str) -> None:
    headers = {"Content-Type": f"text/plain; charset={charset}"}
    web = Web(lambda request: httpx2.Response(200, stream=Body(b"text"), headers=headers))
    assert (await web.fetch(bench)).text.endswith("text")


def packed(data: bytes, encoding: str) -> httpx2.Response:
    headers = {"Content-Type": "text/plain", "Content-Encoding": encoding}
    return httpx2.Response(200, stream=Body(data), headers=headers)


async def test_a_bomb_is_unpacked_no_further_than_the_limit(bench: FakeBench) -> None:
    bomb = gzip.compress(b"x" * (200 * 1024 * 1024), compresslevel=9)
    result = await Web(lambda request: packed(bomb, "gzip")).fetch(bench)
    assert f"[cut here: {MAX_BODY_BYTES - MAX_TEXT_CHARS} more characters]" in result.text
    assert len(result.text) < MAX_TEXT_CHARS + 1000


async def test_what_is_packed_is_unpacked_and_what_is_packed_otherwise_or_wrongly_is_refused(bench: FakeBench) -> None:
    assert (await Web(lambda r: packed(gzip.compress(b"text"), "gzip")).fetch(bench)).text.endswith("\ntext")
    with pytest.raises(ToolError, match="packed as br"):
        await Web(lambda r: packed(b"x", "br")).fetch(bench)
    with pytest.raises(ToolError, match="packed wrongly"):
        await Web(lambda r: packed(zlib.compress(b"x"), "gzip")).fetch(bench)


async def test_an_error_of_the_server_is_told_with_its_words(bench: FakeBench) -> None:
    result = await Web(lambda request: html("<p>Gone fishing", 404)).fetch(bench)
    assert result.error
    assert "status 404" in result.text
    assert "Gone fishing" in result.text


async def test_a_server_that_never_answers_is_given_up(
    bench: FakeBench, autojump_clock: trio.testing.MockClock
) -> None:
    async def hang(request: httpx2.Request) -> httpx2.Response:
        await trio.sleep_forever()
        raise AssertionError

    tool = WebFetch(resolve=partial(resolved, [PUBLIC]), transport=httpx2.MockTransport(hang), fetch_s=30)
    with pytest.raises(ToolError, match="within 30 s"):
        await tool.run(b'{"url": "http://example.org/"}', bench)


async def test_where_one_address_does_not_answer_the_next_is_tried(bench: FakeBench) -> None:
    def answer(request: httpx2.Request) -> httpx2.Response:
        if request.url.host == PUBLIC:
            raise httpx2.ConnectError("refused")
        return html("from the second")

    web = Web(answer)
    web.names = {"example.org": [PUBLIC, "2606:4700:4700::1111"]}
    assert "from the second" in (await web.fetch(bench)).text
    web.names = {"example.org": [PUBLIC]}
    with pytest.raises(ToolError, match="could not be fetched: refused"):
        await web.fetch(bench)


@pytest.mark.parametrize(
    "page",
    ["<div>" * 400_000, "<" * 2_000_000, "<a href='" * 200_000, "<!--" * 500_000, "&#x" * 600_000, "<table>" * 250_000],
)
async def test_a_page_made_to_hurt_is_read_in_time_or_given_up(bench: FakeBench, page: str) -> None:
    try:
        text = (await Web(lambda request: html(page)).fetch(bench)).text
    except ToolError as given_up:
        text = str(given_up)
    assert len(text) < MAX_TEXT_CHARS + 1000
    assert not running("trio_agent.tools.page_text")


class Rewired(httpx2.AsyncBaseTransport):
    """Over real sockets, to a server of the test's in place of the whole internet."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._inner = httpx2.AsyncHTTPTransport(trust_env=False)

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        assert request.url.host == PUBLIC
        request.url = request.url.copy_with(host="127.0.0.1", port=self._port)
        return await self._inner.handle_async_request(request)

    async def aclose(self) -> None:
        await self._inner.aclose()


async def test_over_real_sockets_a_page_without_end_is_cut(bench: FakeBench) -> None:
    heads: list[bytes] = []

    async def serve(stream: trio.SocketStream) -> None:
        heads.append(await stream.receive_some())
        try:
            await stream.send_all(b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n\r\n")
            while True:
                await stream.send_all(b"endless " * 8192)
        except trio.BrokenResourceError:
            pass  # it had enough

    async with trio.open_nursery() as nursery:
        listeners = await nursery.start(partial(trio.serve_tcp, serve, 0, host="127.0.0.1"))
        transport = Rewired(listeners[0].socket.getsockname()[1])
        tool = WebFetch(resolve=partial(resolved, [PUBLIC]), transport=transport)
        result = await tool.run(b'{"url": "http://example.org/a"}', bench)
        nursery.cancel_scope.cancel()
    assert "[cut here: " in result.text
    assert heads[0].startswith(b"GET /a HTTP/1.1\r\nHost: example.org\r\n")
