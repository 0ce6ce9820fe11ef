"""How the tests of MCP servers come to one, and call its tools."""

from __future__ import annotations

import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import trio

from tests.tools.bench import FakeBench
from trio_agent.core.mcp_server import McpServer
from trio_agent.core.redaction import Redactor
from trio_agent.seams import ToolResult
from trio_agent.tools.mcp_connection import McpConnection
from trio_agent.tools.mcp_tool import tools_of

REDACTOR = Redactor(["s3cret-of-the-server"])
SERVERS = Path(__file__).parent / "servers"


def honest(**env: str) -> McpServer:
    return McpServer(command=(sys.executable, str(SERVERS / "honest.py")), env=env)


def hostile(how: str, **env: str) -> McpServer:
    return McpServer(command=(sys.executable, str(SERVERS / "hostile.py"), how), env=env)


@asynccontextmanager
async def connected(server: McpServer, **limits: float) -> AsyncIterator[McpConnection]:
    """A connection that has come, or failed, once."""
    connection = McpConnection("it", server, os.environ, REDACTOR, **limits)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(connection.run)
        await connection.wait_settled()
        yield connection
        nursery.cancel_scope.cancel()


async def call(connection: McpConnection, tool: str, bench: FakeBench, arguments: bytes = b"{}") -> ToolResult:
    (found,) = [each for each in tools_of(connection) if each.spec.name == tool]
    return await found.run(arguments, bench)
