"""A server made with the SDK's own server side: `honest.py` speaks over stdio, `honest.py PORT` by streamable HTTP."""

from __future__ import annotations

import base64
import os
import sys

import anyio
from mcp.server.mcpserver import Context, Image, MCPServer
from mcp.server.mcpserver.exceptions import ToolError
from mcp_types import BlobResourceContents, EmbeddedResource

PIXEL = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)
server = MCPServer("honest")


@server.tool()
def add(a: int, b: int) -> int:
    """Add two numbers."""
    return a + b


@server.tool()
def picture() -> Image:
    """One pixel."""
    return Image(data=PIXEL, format="png")


@server.tool()
def pictures(count: int) -> list[Image | EmbeddedResource]:
    """So many pixels, each of bytes of its own, and two that are embedded: one is an image."""
    text = base64.b64encode(PIXEL).decode()
    embedded = [
        EmbeddedResource(resource=BlobResourceContents(uri=f"file:///{number}", mime_type=kind, blob=text))
        for number, kind in enumerate(("image/png", "image/svg+xml"))
    ]
    return [*(Image(data=PIXEL + bytes([number]), format="png") for number in range(count)), *embedded]


@server.tool()
def fail() -> str:
    """Fails."""
    raise ToolError("as it should")


@server.tool()
def variable(name: str) -> str:
    """An environment variable of the server's."""
    return os.environ.get(name, "(not set)")


@server.tool()
def process() -> str:
    """Its pid and its directory."""
    return f"{os.getpid()} {os.getcwd()}"


@server.tool()
async def hang(context: Context) -> str:
    """Says that it is at it, and does not end."""
    await context.report_progress(1, 3, "at it")
    await anyio.sleep_forever()
    return ""


@server.tool(name="odd.name with blanks")
def odd() -> str:
    """A name that no provider takes."""
    return "odd"


def grown() -> str:
    """Came later."""
    return "grown"


@server.tool()
async def grow(context: Context) -> str:
    """Adds a tool."""
    server.add_tool(grown)
    await context.session.send_tool_list_changed()
    await context.notify_tools_changed()
    return "done"


@server.tool()
def die() -> str:
    """Ends the server in the middle of a call."""
    print("I have had enough", file=sys.stderr, flush=True)
    os._exit(3)


if __name__ == "__main__":
    if sys.argv[1:] and sys.argv[1].isdecimal():
        server.run("streamable-http", port=int(sys.argv[1]))
    else:
        server.run("stdio")
