"""The MCP servers of one session. Imports the SDK, which takes a second: only for users who have named a server."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass

import trio

from trio_agent.core.mcp_server import McpServer
from trio_agent.core.redaction import BY_SHAPE, Redactor
from trio_agent.seams import Tool
from trio_agent.tools.mcp_connection import START_S, McpConnection
from trio_agent.tools.mcp_listing import LeftOut
from trio_agent.tools.mcp_tool import tools_of

SETTLE_S = 3.0
"""How long a session's first turn waits for its servers. What comes later is there at the next question to the model."""


@asynccontextmanager
async def open_mcp(
    servers: Mapping[str, McpServer], environment: Mapping[str, str], redactor: Redactor = BY_SHAPE
) -> AsyncIterator[Callable[[], Sequence[Tool]]]:
    """Start `servers`, all at once; what tells their tools, which may be others for every question.

    `environment` is ours, of which they get what is on the allow-list. Leaving ends them.
    """
    connections = [McpConnection(name, server, environment, redactor) for name, server in servers.items()]
    async with trio.open_nursery() as nursery:
        for connection in connections:
            nursery.start_soon(connection.run)
        with trio.move_on_after(SETTLE_S):
            for connection in connections:
                await connection.wait_settled()
        yield lambda: [tool for connection in connections for tool in tools_of(connection, redactor)]
        nursery.cancel_scope.cancel()


@dataclass(frozen=True, slots=True)
class Examined:
    """How a server did when it was started: `problem` is why it is not there, empty where it came and told its tools."""

    problem: str
    tools: int
    left_out: LeftOut


async def examine_mcp(
    servers: Mapping[str, McpServer], environment: Mapping[str, str], redactor: Redactor, within_s: float = START_S
) -> dict[str, Examined]:
    """Start `servers` as a session would, ask each what it can do, and end them. Takes little longer than `within_s`."""
    connections = [
        McpConnection(name, server, environment, redactor, start_s=within_s) for name, server in servers.items()
    ]
    async with trio.open_nursery() as nursery:
        for connection in connections:
            nursery.start_soon(connection.run)
        for connection in connections:
            await connection.wait_settled()
        found = {each.name: Examined(each.problem, len(each.tools), each.left_out) for each in connections}
        nursery.cancel_scope.cancel()
    return found
