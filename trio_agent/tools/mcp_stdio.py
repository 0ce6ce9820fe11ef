"""MCP over a program's stdin and stdout: one JSON-RPC message a line.

The SDK has a transport for this as well. Ours differs in what a program can do to us: a line has a greatest length, what is no
JSON is passed over, its environment is ours to choose, and nothing of its process tree outlives it.

Source: modelcontextprotocol.io/specification, Transports, stdio.
"""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

import anyio
import trio
from anyio.streams.memory import MemoryObjectReceiveStream, MemoryObjectSendStream
from mcp.shared.message import SessionMessage
from mcp_types import jsonrpc_message_adapter

from trio_agent.core.errors import ProtocolError
from trio_agent.core.mcp_server import McpServer
from trio_agent.core.redaction import BY_SHAPE, Redactor
from trio_agent.tools.excerpt import Excerpt
from trio_agent.tools.process import ProcessGroup

MAX_LINE_BYTES = 16 * 1024 * 1024
"""Of one message: three of the largest images that a model is shown."""

TERM_GRACE_S = 2.0
"""For a server to end once its stdin is closed, and again after TERM: what the protocol's page suggests is "reasonable"."""

DRAIN_S = 0.5
"""For what is still in the pipes when the program has ended."""

STDERR_BYTES = 2048
_CHUNK_BYTES = 64 * 1024

Streams = tuple[MemoryObjectReceiveStream[SessionMessage | Exception], MemoryObjectSendStream[SessionMessage]]


@asynccontextmanager
async def stdio_transport(
    server: McpServer, environment: Mapping[str, str], on_end: Callable[[str], None], redactor: Redactor = BY_SHAPE
) -> AsyncIterator[Streams]:
    """The server's two streams, as the SDK takes them. `on_end` hears why, when the server has ended by itself.

    Leaving ends the program and all it started. Raises OSError where it cannot be started.
    """
    stdin, write_end = os.pipe()
    read_end, stdout = os.pipe()
    errors_end, stderr = os.pipe()
    try:
        group = ProcessGroup(
            server.command,
            # Neither the repository nor the workspace: `npx` and `python -m` would take programs from there.
            cwd=Path.home(),
            environment=environment,
            stdin=stdin,
            stdout=stdout,
            stderr=stderr,
            term_grace_s=TERM_GRACE_S,
        )
    except BaseException:
        for descriptor in (write_end, read_end, errors_end):
            os.close(descriptor)
        raise
    finally:
        for descriptor in (stdin, stdout, stderr):
            os.close(descriptor)
    to_us, received = anyio.create_memory_object_stream[SessionMessage | Exception](0)
    to_server, sent = anyio.create_memory_object_stream[SessionMessage](0)
    last_words = Excerpt(0, STDERR_BYTES)
    silent, ended = trio.Event(), trio.Event()
    try:
        async with (
            trio.lowlevel.FdStream(write_end) as into,
            trio.lowlevel.FdStream(read_end) as out,
            trio.lowlevel.FdStream(errors_end) as errors,
            trio.open_nursery() as nursery,
        ):

            async def read() -> None:
                why = "it ended"
                with to_us:
                    try:
                        await _read(out, to_us)
                    except ProtocolError as exc:
                        why = str(exc)
                    # Before the stream is closed: whoever waits for an answer is then told the reason.
                    with trio.move_on_after(DRAIN_S):
                        await silent.wait()
                    told = _last_line(last_words, redactor)
                    on_end(f"{why}; its last words: {told}" if told else why)
                ended.set()

            async def watch() -> None:
                # Something that the program started may hold its stdout for ever.
                await group.wait()
                with trio.move_on_after(DRAIN_S):
                    await ended.wait()
                on_end("it ended")

            async def listen() -> None:
                async for chunk in errors:
                    last_words.add(bytes(chunk))
                silent.set()

            for task in (read, watch, listen):
                nursery.start_soon(task)
            nursery.start_soon(_write, sent, into)
            yield received, to_server
            nursery.cancel_scope.cancel()
    finally:
        for stream in (to_us, received, sent, to_server):
            stream.close()
        await group.end(TERM_GRACE_S)  # noqa: ASYNC102  it shields itself, with a deadline


def _last_line(stderr: Excerpt, redactor: Redactor) -> str:
    lines = stderr.text().splitlines()
    if stderr.left_out:
        # An empty line, how much is missing, and half a line, which may hold half a secret.
        del lines[:3]
    told = [line.strip() for line in lines if line.strip()]
    return redactor.redact(told[-1])[:300] if told else ""


async def _read(out: trio.lowlevel.FdStream, to_us: MemoryObjectSendStream[SessionMessage | Exception]) -> None:
    """Hand on the messages of `out` until it ends, or nobody takes them any more. Raises ProtocolError for an endless line."""
    rest = bytearray()
    while chunk := await out.receive_some(_CHUNK_BYTES):
        *lines, tail = chunk.split(b"\n")
        for line in lines:
            rest += line
            try:
                message = SessionMessage(jsonrpc_message_adapter.validate_json(bytes(rest), by_name=False))
            except ValueError:
                # Many a server prints to stdout what is meant for people.
                await trio.lowlevel.checkpoint()
            else:
                try:
                    await to_us.send(message)
                except (anyio.BrokenResourceError, anyio.ClosedResourceError):
                    return
            rest.clear()
        rest += tail
        if len(rest) > MAX_LINE_BYTES:
            raise ProtocolError(f"it sent a line of more than {MAX_LINE_BYTES // 2**20} MiB")


async def _write(sent: MemoryObjectReceiveStream[SessionMessage], into: trio.lowlevel.FdStream) -> None:
    async with into:
        try:
            async for message in sent:
                text = message.message.model_dump_json(by_alias=True, exclude_unset=True)
                await into.send_all(text.encode() + b"\n")
        except trio.BrokenResourceError:
            # It does not listen any more: whoever sends is told.
            sent.close()
