"""The list of tools that a server gives, without those that are none.

The SDK takes a list as a whole or not at all. So what is wrong in it is taken out before the SDK sees it: one bad tool would
otherwise take all others of its server with it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import mcp_types as types
from mcp import Client
from mcp.shared.message import SessionMessage

from trio_agent.tools.mcp_schema import schema_problem

MAX_PAGES, MAX_TOOLS = 20, 128
"""Of tools: more would fill a model's context with what it never calls. Some providers refuse more than 128."""

MAX_TOLD = 20
MAX_NAME_CHARS = 80
"""Of a tool that is left out, as it is told: the name may be what is wrong with it."""

LeftOut = dict[str, str]
"""Names of tools, and why each is left out. MAX_TOLD at most."""


class Listing:
    """Takes the bad tools out of the lists that come by while `read` is at work; `left_out` says which, and why."""

    def __init__(self) -> None:
        self.left_out: LeftOut = {}
        self._is_reading = False

    async def read(self, client: Client) -> tuple[types.Tool, ...]:
        """The server's tools, MAX_TOOLS at most. What it sends must pass through `sieve`."""
        self.left_out = {}
        self._is_reading = True
        try:
            return await self._read(client)
        finally:
            self._is_reading = False

    async def _read(self, client: Client) -> tuple[types.Tool, ...]:
        tools: dict[str, types.Tool] = {}
        cursor: str | None = None
        for _ in range(MAX_PAGES):
            page = await client.list_tools(cursor=cursor)
            for tool in page.tools:
                if tool.name in tools:
                    self._leave_out(tool.name, "there is another of this name")
                elif len(tools) >= MAX_TOOLS:
                    self._leave_out(tool.name, f"a server lends {MAX_TOOLS} at most")
                else:
                    tools[tool.name] = tool
            cursor = page.next_cursor
            if not cursor or len(tools) >= MAX_TOOLS:
                break
        return tuple(tools.values())

    def sieve(self, message: SessionMessage | Exception) -> None:
        """Look at what the server has sent. A list of tools is told by its form: the answer to nothing else has one."""
        if not self._is_reading or isinstance(message, Exception):
            return
        answer = message.message
        if isinstance(answer, types.JSONRPCResponse) and isinstance(tools := answer.result.get("tools"), list):
            answer.result["tools"] = [fit for tool in tools if (fit := self._fit(tool))]

    def _fit(self, tool: object) -> dict[str, Any] | None:
        """What of `tool` matters here, in a form that the SDK takes; None where it is no tool."""
        if problem := _problem(tool):
            self._leave_out(_name(tool), problem)
            return None
        assert isinstance(tool, dict)
        words = {key: tool[key] for key in ("name", "title", "description") if isinstance(tool.get(key), str)}
        # Some servers leave the type out for a tool without parameters.
        return {**words, "inputSchema": {"type": "object", **tool["inputSchema"]}}

    def _leave_out(self, name: str, why: str) -> None:
        if len(self.left_out) < MAX_TOLD:
            self.left_out[name[:MAX_NAME_CHARS]] = why


Sieve = Callable[[SessionMessage | Exception], None]


def _problem(tool: object) -> str:
    match tool:
        case {"name": str(name), "inputSchema": dict(schema)}:
            return schema_problem(schema) if name else "it has no name"
        case {"name": str()}:
            return "it has no schema"
        case _:
            return "it has no name"


def _name(tool: object) -> str:
    name = tool.get("name") if isinstance(tool, dict) else None
    return name[:MAX_NAME_CHARS] if isinstance(name, str) and name else "(without a name)"
