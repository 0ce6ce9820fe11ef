"""MCP servers that are reached by streamable HTTP."""

from __future__ import annotations

import re
import socket
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial

import httpx2
import pytest
import trio

from tests.mcp.connecting import SERVERS, call, connected
from tests.models.endless import FLUSHED, Endless, serving, squeezed
from tests.tools.bench import FakeBench
from tests.web.serving import read_until
from trio_agent.core.errors import ToolError
from trio_agent.core.mcp_server import McpServer
from trio_agent.tools.mcp_connection import McpConnection
from trio_agent.tools.mcp_response import MAX_BODY_BYTES, ask_unpacked, bound
from trio_agent.tools.mcp_tool import tools_of


@asynccontextmanager
async def served(port: int) -> AsyncIterator[McpServer]:
    """The honest server, listening; killed at the end."""
    process = await trio.lowlevel.open_process(
        [sys.executable, str(SERVERS / "honest.py"), str(port)], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
    )
    assert process.stderr is not None
    try:
        said = b""
        while b"Uvicorn running" not in said:
            chunk = await process.stderr.receive_some()
            assert chunk, said
            said += chunk
        yield McpServer(url=f"http://127.0.0.1:{port}/mcp")
    finally:
        process.kill()
        with trio.CancelScope(shield=True):
            await process.wait()
            await process.stderr.aclose()


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as free:
        return int(free.getsockname()[1])


async def test_its_tools_are_called_and_their_list_followed(bench: FakeBench) -> None:
    async with served(free_port()) as server, connected(server) as it:
        assert (await call(it, "it__add", bench, b'{"a": 2, "b": 40}')).text == "42"
        assert (await call(it, "it__picture", bench)).display is not None
        assert (await call(it, "it__fail", bench)).error
        async with trio.open_nursery() as nursery:
            nursery.start_soon(call, it, "it__hang", bench)
            await bench.wait_output("at it [1 of 3]")
            nursery.cancel_scope.cancel()
        await call(it, "it__grow", bench)
        while "grown" not in {tool.name for tool in it.tools}:
            await it.wait_changed()


async def test_a_server_that_is_restarted_is_found_again(bench: FakeBench) -> None:
    port = free_port()
    async with served(port) as server, connected(server) as it:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(_lost, it, "it__hang", bench)
            await bench.wait_output("at it")
            nursery.start_soon(_lost, it, "it__die", bench)
        with pytest.raises(ToolError, match="could not be started"):
            await call(it, "it__add", bench, b'{"a": 1, "b": 1}')
        async with served(port):
            assert (await call(it, "it__add", bench, b'{"a": 1, "b": 1}')).text == "2"


async def _lost(it: McpConnection, tool: str, bench: FakeBench) -> None:
    with pytest.raises(ToolError, match="lost during the call"):
        await call(it, tool, bench)


async def test_the_users_headers_are_sent_and_a_refusal_is_told(bench: FakeBench) -> None:
    heads: list[bytes] = []

    async def refuse(stream: trio.SocketStream) -> None:
        async with stream:
            heads.append(await read_until(stream, b"\r\n\r\n"))
            await stream.send_all(b"HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")

    async with trio.open_nursery() as nursery:
        (listener,) = await nursery.start(partial(trio.serve_tcp, refuse, 0, host="127.0.0.1"))
        port = listener.socket.getsockname()[1]
        server = McpServer(url=f"http://127.0.0.1:{port}/mcp", headers={"Authorization": "Bearer of-the-user"})
        async with connected(server) as it:
            (tool,) = tools_of(it)
            assert tool.spec.name == "it__connect"
            with pytest.raises(ToolError, match="could not be started"):
                await tool.run(b"", bench)
        nursery.cancel_scope.cancel()
    assert heads
    assert all(b"authorization: bearer of-the-user" in head.lower() for head in heads)


PACKED_SPACE = squeezed(b" " * 1024 * 1024)
ENDLESS = {
    "json": (200, "application/json", "", b'{"result": "', b"a" * 65536),
    "an error": (400, "application/json", "", b'{"error": "', b"a" * 65536),
    "packed json": (200, "application/json", "gzip", FLUSHED, PACKED_SPACE),
    "a packed error": (404, "application/json", "gzip", FLUSHED, PACKED_SPACE),
    "packed events": (200, "text/event-stream", "gzip", FLUSHED, squeezed(b": still here\n" * 65536)),
    "packed twice": (200, "application/json", "identity, gzip, gzip", FLUSHED, squeezed(PACKED_SPACE * 64)),
}
SAYS = {
    "json": "it sent an answer of more than 16 MiB",
    "an error": "it sent an answer of more than 16 MiB",
    "packed json": "it packs its answers as gzip",
    "a packed error": "it packs its answers as gzip",
    "packed events": "it packs its answers as gzip",
    "packed twice": "it packs its answers as identity, gzip, gzip",
}


async def failed(endless: Endless) -> str:
    """Why the server that is `endless` could not be started."""
    async with serving(endless):
        async with connected(McpServer(url=f"{endless.url}/mcp", headers={"Accept-Encoding": "gzip"})) as it:
            (tool,) = tools_of(it)
            assert tool.spec.name == "it__connect"
        await endless.left.wait()
    assert all(
        re.findall(rb"accept-encoding: .*", each.lower()) == [b"accept-encoding: identity\r"]
        for each in endless.requests
    )
    return it.problem


@pytest.mark.parametrize("what", ENDLESS)
async def test_a_body_without_an_end_fails_the_server_early(what: str) -> None:
    status, kind, encoding, begin, block = ENDLESS[what]
    fields = (f"Content-Type: {kind}", *([f"Content-Encoding: {encoding}"] if encoding else []))
    endless = Endless(block, begin=begin, status=status, fields=fields)
    assert SAYS[what] in await failed(endless)
    assert endless.sent <= 2 * MAX_BODY_BYTES


# The SDK leaves the client's generators half-way, after its own error.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
async def test_an_event_without_an_end_fails_the_server_early() -> None:
    endless = Endless(b"a" * 65536, begin=b"data: ", fields=("Content-Type: text/event-stream",))
    assert "exceeded the 1048576 byte limit" in await failed(endless)
    assert endless.sent <= 2 * MAX_BODY_BYTES


@pytest.mark.parametrize(("kind", "whole"), [("text/event-stream; charset=utf-8", True), ("application/json", False)])
async def test_a_stream_of_events_may_go_on_for_ever(kind: str, whole: bool) -> None:
    size = 0
    async with (
        serving(Endless(b": still here\n" * 65536, fields=(f"Content-Type: {kind}",))) as endless,
        httpx2.AsyncClient(event_hooks={"request": [ask_unpacked], "response": [bound]}) as client,
        client.stream("POST", endless.url) as response,
    ):
        with trio.CancelScope() as enough:
            try:
                async for chunk in response.aiter_bytes():
                    size += len(chunk)
                    if size > 2 * MAX_BODY_BYTES:
                        enough.cancel()
            except httpx2.ReadError:
                assert size <= MAX_BODY_BYTES
    assert (size > 2 * MAX_BODY_BYTES) == whole
