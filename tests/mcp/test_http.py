"""MCP servers that are reached by streamable HTTP."""

from __future__ import annotations

import socket
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial

import pytest
import trio

from tests.mcp.connecting import SERVERS, call, connected
from tests.tools.bench import FakeBench
from tests.web.serving import read_until
from trio_agent.core.errors import ToolError
from trio_agent.core.mcp_server import McpServer
from trio_agent.tools.mcp_connection import McpConnection
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
