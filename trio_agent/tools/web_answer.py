"""What a server of the web has answered: so much of it, unpacked, and as text."""

from __future__ import annotations

import os
import zlib

import httpx2
import trio

from trio_agent.core.errors import ToolError
from trio_agent.core.wire import clean
from trio_agent.tools.limits import Limits, limited
from trio_agent.tools.process import run_group
from trio_agent.tools.worker import worker_line

MAX_BODY_BYTES = 2 * 1024 * 1024

PAGE_LIMITS = Limits(memory_bytes=2 * 1024**3, cpu_s=5)
"""A page as large as may be, and not made to hurt, takes less than a second."""

_HTML = frozenset({"text/html", "application/xhtml+xml"})
_TEXTUAL = frozenset(
    {"application/json", "application/xml", "application/javascript", "application/yaml", "application/toml"}
)


async def read_body(answer: httpx2.Response) -> bytes:
    """The first MAX_BODY_BYTES of what it holds, unpacked. Raises ToolError for what is packed in another way than gzip."""
    encoding = answer.headers.get("Content-Encoding", "identity").strip().lower()
    if encoding not in ("identity", "", "gzip", "x-gzip"):
        raise ToolError(f"the answer is packed as {encoding}, which was not asked for")
    # Bounded piece by piece: a few packed bytes can hold gigabytes.
    unpacker = zlib.decompressobj(16 + zlib.MAX_WBITS) if "gzip" in encoding else None
    body = bytearray()
    problem = ""
    try:
        async for chunk in answer.aiter_raw():
            room = MAX_BODY_BYTES - len(body)
            if problem or not room:
                continue  # a limit of 0 would be none
            try:
                body += unpacker.decompress(chunk, room) if unpacker else chunk[:room]
            except zlib.error as exc:
                problem = f"the answer is packed wrongly: {exc}"
            if problem or len(body) >= MAX_BODY_BYTES:
                # Not left by `break`: an iterator of the library's would be left to the garbage collector. This ends it.
                await answer.aclose()
    except httpx2.HTTPError:
        if not answer.is_closed or (not problem and len(body) < MAX_BODY_BYTES):
            raise
    if problem:
        raise ToolError(problem)
    return bytes(body)


def text_of(answer: httpx2.Response, body: bytes, url: str) -> tuple[str, bool]:
    """The answer as text, and whether that is HTML. Raises ToolError where it is no text."""
    kind, _, parameters = answer.headers.get("Content-Type", "text/plain").partition(";")
    media_type = kind.strip().lower()
    is_html = media_type in _HTML
    is_text = media_type.startswith("text/") or media_type in _TEXTUAL or media_type.endswith(("+json", "+xml"))
    if not is_html and not is_text:
        raise ToolError(f"{url} is {media_type[:100]}, which is no text")
    charset = parameters.lower().partition("charset=")[2].split(";")[0].strip(" \"'") or "utf-8"
    try:
        return body.decode(charset, "replace"), is_html
    except (LookupError, ValueError):
        return body.decode("utf-8", "replace"), is_html


async def read_page(html: str, url: str) -> str:
    """The text of a page of HTML. Raises ToolError for one that is too much for its reader."""
    output = bytearray()

    def take(chunk: bytes) -> None:
        # Each link is told in full: what is a few bytes on the page may be thousands here.
        output.extend(chunk[: MAX_BODY_BYTES - len(output)])

    page = await trio.to_thread.run_sync(_as_file, clean(html).encode())
    try:
        argv = limited(worker_line("trio_agent.tools.page_text", url), PAGE_LIMITS)
        finished = await run_group(argv, cwd="/", environment={}, on_output=take, stdin=page)
    finally:
        os.close(page)
    if finished.exit_status:
        raise ToolError(f"{url} is too large or too tangled to be read")
    return output.decode("utf-8", "replace")


def _as_file(data: bytes) -> int:
    """A descriptor to read `data` from, of a file that has no name; the caller's to close."""
    descriptor = os.memfd_create("page")
    with open(descriptor, "wb", closefd=False) as file:
        file.write(data)
    os.lseek(descriptor, 0, os.SEEK_SET)
    return descriptor
