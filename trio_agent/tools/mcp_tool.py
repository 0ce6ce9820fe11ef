"""The tools of MCP servers, as a model is told of them and calls them."""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from collections.abc import Iterator, Sequence
from typing import Any

import mcp_types as types
import msgspec

from trio_agent.core.errors import ToolError
from trio_agent.core.image_size import image_problem
from trio_agent.core.media_types import IMAGE_TYPES, MAX_IMAGE_BYTES
from trio_agent.core.redaction import BY_SHAPE, Redactor
from trio_agent.seams import Tool, Toolbench, ToolResult, ToolSpec
from trio_agent.tools.excerpt import Excerpt
from trio_agent.tools.mcp_connection import McpConnection

MAX_NAME_CHARS = 64
"""What providers take: [a-zA-Z0-9_-]{1,64}."""

MAX_DESCRIPTION_CHARS = 8192

MAX_IMAGES, MAX_IMAGES_BYTES = 16, 12 * 1024 * 1024
"""Of one result. A question to a model holds no more bytes of them either."""


def tools_of(connection: McpConnection, redactor: Redactor = BY_SHAPE) -> list[Tool]:
    """The server's tools; while none is known, one by which the model hears what is wrong and tries again.

    So it does of single tools that cannot be used.
    """
    if not connection.tools and connection.problem:
        return [McpConnect(connection)]
    found: dict[str, Tool] = {}
    for tool in connection.tools:
        spec = _spec(connection.name, tool)
        found.setdefault(spec.name, McpTool(connection, tool.name, spec, redactor))
    return [*found.values(), *([McpLeftOut(connection)] if connection.left_out else [])]


def tool_name(server: str, tool: str) -> str:
    """`SERVER__TOOL`, within what providers take; where that changes it, with a few digits that keep it apart from others."""
    name = f"{server}__{tool}"
    fitting = re.sub(r"[^a-zA-Z0-9_-]", "_", name)
    if fitting == name and len(name) <= MAX_NAME_CHARS:
        return name
    digits = hashlib.sha256(tool.encode(errors="replace")).hexdigest()[:6]
    return f"{fitting[: MAX_NAME_CHARS - 7]}_{digits}"


def _spec(server: str, tool: types.Tool) -> ToolSpec:
    description = tool.description or tool.title or tool.name
    return ToolSpec(
        name=tool_name(server, tool.name),
        description=description[:MAX_DESCRIPTION_CHARS],
        input_schema={"type": "object", "properties": {}, **tool.input_schema},
    )


class McpTool:
    """One tool of a server."""

    def __init__(self, connection: McpConnection, name: str, spec: ToolSpec, redactor: Redactor = BY_SHAPE) -> None:
        self.spec = spec
        self._connection = connection
        self._name = name
        self._redactor = redactor

    async def run(self, input: bytes, bench: Toolbench) -> ToolResult:
        try:
            arguments = msgspec.json.decode(input or b"{}", type=dict[str, Any])
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as exc:
            raise ToolError(f"The input must be a JSON object: {exc}") from exc
        result = await self._connection.call(self._name, arguments, bench.emit)
        images: list[dict[str, str]] = []
        left = MAX_IMAGES_BYTES
        texts: list[str] = []
        for part in _parts(result):
            if isinstance(part, str):
                texts.append(part)
                continue
            data = _image_bytes(part)
            if data is None:
                texts.append("[an image that cannot be shown]")
            elif problem := image_problem(data):
                texts.append(f"[an image that cannot be shown: it {problem}]")
            elif len(images) == MAX_IMAGES or len(data) > left:
                texts.append("[a further image, left out]")
            else:
                left -= len(data)
                images.append({"blob": await bench.keep(data), "media_type": part.mime_type})
                texts.append(f"[an image: {part.mime_type}, {len(data)} bytes]")
        # Secrets first: half of one is a secret too.
        excerpt = Excerpt()
        excerpt.add(self._redactor.redact("\n".join(texts)).encode(errors="replace"))
        return ToolResult(text=excerpt.text() or "(no output)", error=bool(result.is_error), display=_display(images))


class McpConnect:
    """Stands for a server whose tools are not known."""

    def __init__(self, connection: McpConnection) -> None:
        self._connection = connection
        self.spec = ToolSpec(
            name=f"{connection.name}__connect",
            description=f"The MCP server {connection.name} is not there, so its tools are missing. Call this to try again.",
            input_schema={"type": "object", "properties": {}},
        )

    async def run(self, input: bytes, bench: Toolbench) -> ToolResult:
        await self._connection.ready()
        names = ", ".join(tool_name(self._connection.name, tool.name) for tool in self._connection.tools)
        return ToolResult(text=f"It is there now. Its tools: {names or 'none'}.")


class McpLeftOut:
    """Stands for the tools of a server that no provider could be told of."""

    def __init__(self, connection: McpConnection) -> None:
        self._connection = connection
        self._told = "; ".join(f"{name} ({why})" for name, why in connection.left_out.items())
        self.spec = ToolSpec(
            name=f"{connection.name}__left_out",
            description=f"Tools of the MCP server {connection.name} that it describes wrongly, or that are too many, so that "
            f"they cannot be called: {self._told}. Call this to have the server asked for its tools once more.",
            input_schema={"type": "object", "properties": {}},
        )

    async def run(self, input: bytes, bench: Toolbench) -> ToolResult:
        await self._connection.ready()
        self._connection.list_anew()
        return ToolResult(text=f"The server is asked again. Until it tells better, these are left out: {self._told}.")


def _display(images: Sequence[dict[str, str]]) -> dict[str, Any] | None:
    """The first stands where the only one of a result stands; see `transcript`."""
    if not images:
        return None
    return {"kind": "image", **images[0], **({"further": images[1:]} if images[1:] else {})}


def _parts(result: types.CallToolResult) -> Iterator[str | types.ImageContent]:
    for part in result.content:
        match part:
            case types.TextContent():
                yield part.text
            case types.ImageContent():
                yield part
            case types.EmbeddedResource(resource=types.TextResourceContents() as resource):
                yield f"[{resource.uri}]\n{resource.text}"
            case types.EmbeddedResource(resource=types.BlobResourceContents(mime_type=str(kind)) as resource) if (
                kind in IMAGE_TYPES
            ):
                yield f"[{resource.uri}]"
                yield types.ImageContent(data=resource.blob, mime_type=kind)
            case types.EmbeddedResource():
                yield f"[{part.resource.uri}: not text, left out]"
            case types.ResourceLink():
                yield f"[{part.uri}]"
            case _:
                yield f"[{part.type}, left out]"
    if not result.content and result.structured_content is not None:
        yield msgspec.json.encode(result.structured_content).decode()


def _image_bytes(image: types.ImageContent) -> bytes | None:
    if image.mime_type not in IMAGE_TYPES or len(image.data) > MAX_IMAGE_BYTES * 4 // 3 + 4:
        return None
    try:
        return base64.b64decode(image.data, validate=True) or None
    except (binascii.Error, ValueError):
        return None
