"""The `read_file` tool: a text file with numbered lines, an image, or the list of a directory."""

from __future__ import annotations

import io
import os
import stat
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import msgspec
import trio
from msgspec import Meta

from trio_agent.core.errors import ToolError
from trio_agent.core.image_size import image_problem
from trio_agent.core.media_types import MAX_IMAGE_BYTES, image_type
from trio_agent.core.redaction import BY_SHAPE, Redactor
from trio_agent.core.wire import clean
from trio_agent.seams import Toolbench, ToolResult, ToolSpec
from trio_agent.tools.paths import open_inside, resolve_inside
from trio_agent.tools.tool_input import decode_input, describe_tool

MAX_TEXT_BYTES = 64 * 1024
"""Of one answer: some 16,000 tokens. What follows is read by the next call."""

MAX_LINE_BYTES = 2000
"""A minified script is one line; nobody reads its end."""

AHEAD_BYTES = 400
"""Longer than nearly every key."""

MAX_ENTRIES = 1000

SNIFFED_BYTES = 8192
"""git, too, takes a file for binary when a NUL is among its first 8,000 bytes or so."""

DESCRIPTION = f"""Read a text file. Each line comes as its number, a tab, and the line; the number and the tab are not part \
of the file. At most {MAX_TEXT_BYTES // 1024} KiB at once: give start_line to read on. An image (PNG, JPEG, GIF, WebP; at \
most {MAX_IMAGE_BYTES / 1e6:g} MB) is shown to you. A directory is listed, directories with a slash."""


class ReadFileInput(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    path: Annotated[str, Meta(description="The file or directory, relative to the workspace.")]
    start_line: Annotated[int, Meta(ge=1, description="The first line to read, from 1.")] = 1
    end_line: Annotated[int, Meta(ge=1, description="The last line to read, itself included.")] | None = None


class ReadFile:
    def __init__(self, redactor: Redactor = BY_SHAPE, hidden: Sequence[Path] = ()) -> None:
        self._redactor = redactor
        self._hidden = hidden

    @property
    def spec(self) -> ToolSpec:
        return describe_tool("read_file", DESCRIPTION, ReadFileInput)

    async def run(self, input: bytes, bench: Toolbench) -> ToolResult:
        asked = decode_input(input, ReadFileInput)
        read = await trio.to_thread.run_sync(_read, bench.workspace, asked, self._redactor, self._hidden)
        if isinstance(read, ToolResult):
            return read
        blob = await bench.keep(read.data)
        return ToolResult(
            text=f"{read.path}: {read.media_type}, {len(read.data)} bytes",
            display={"kind": "image", "path": read.path, "blob": blob, "media_type": read.media_type},
        )


@dataclass(frozen=True, slots=True)
class _Image:
    path: str
    media_type: str
    data: bytes


def _read(workspace: Path, asked: ReadFileInput, redactor: Redactor, hidden: Sequence[Path]) -> ToolResult | _Image:
    if asked.end_line is not None and asked.end_line < asked.start_line:
        raise ToolError(f"end_line {asked.end_line} is before start_line {asked.start_line}")
    relative = resolve_inside(workspace, asked.path, hidden)
    descriptor = open_inside(workspace, relative, os.O_RDONLY)
    mode = os.fstat(descriptor).st_mode
    display = {"kind": "file", "path": clean(str(relative))}
    if stat.S_ISDIR(mode):
        try:
            return ToolResult(text=_list(descriptor), display=display)
        finally:
            os.close(descriptor)
    if not stat.S_ISREG(mode):
        os.close(descriptor)
        raise ToolError(f"{asked.path} is neither a file nor a directory")
    with open(descriptor, "rb") as file:
        media_type = image_type(file.peek(SNIFFED_BYTES)[:SNIFFED_BYTES])
        if not media_type:
            return ToolResult(text=_read_lines(file, asked, redactor), display=display)
        # One more than is allowed: the file may be growing.
        data = file.read(MAX_IMAGE_BYTES + 1)
    if len(data) > MAX_IMAGE_BYTES:
        raise ToolError(f"{asked.path} is an image of more than {MAX_IMAGE_BYTES} bytes; make a smaller one with bash")
    if problem := image_problem(data):
        raise ToolError(f"{asked.path} {problem}, so it cannot be shown to you; make another of it with bash")
    return _Image(clean(str(relative)), media_type, data)


def _list(directory: int) -> str:
    with os.scandir(directory) as entries:
        names = sorted(entry.name + "/" * entry.is_dir(follow_symlinks=False) for entry in entries)
    lines = names[:MAX_ENTRIES]
    if len(names) > MAX_ENTRIES:
        lines.append(f"… {len(names) - MAX_ENTRIES} more entries …")
    return clean("\n".join(lines)) if names else "(an empty directory)"


def _read_lines(file: io.BufferedReader, asked: ReadFileInput, redactor: Redactor) -> str:
    """The lines asked for, numbered. A file of any size is read line by line, never as a whole."""
    last = asked.end_line
    if b"\0" in file.peek(SNIFFED_BYTES)[:SNIFFED_BYTES]:
        raise ToolError(f"{asked.path} is a binary file; use bash to look into it")
    lines: list[str] = []
    size = 0
    number = 0
    for number, line in enumerate(_bounded_lines(file, redactor), start=1):
        if number < asked.start_line:
            continue
        if last is not None and number > last:
            break
        size += len(line)
        if size > MAX_TEXT_BYTES:
            return "\n".join([*lines, f"[cut here: read on with start_line {number}]"])
        lines.append(f"{number}\t{line}")
    if lines:
        return "\n".join(lines)
    if not number:
        return "(an empty file)"
    raise ToolError(f"{asked.path} has {number} lines; it has none at {asked.start_line}")


def _bounded_lines(file: io.BufferedReader, redactor: Redactor) -> Iterator[str]:
    """The lines of `file` without their ends and secrets, each cut to MAX_LINE_BYTES, in memory for little more than one."""
    # What is cut is looked at a little further: half of a secret is one too.
    most = MAX_LINE_BYTES + AHEAD_BYTES
    while line := file.readline(most):
        size = len(line)
        ended = line.endswith(b"\n")
        while not ended and (more := file.readline(most)):
            size += len(more)
            ended = more.endswith(b"\n")
        whole = line.rstrip(b"\r\n")
        text = redactor.redact(whole.decode("utf-8", "replace"))
        if size > len(line) or len(whole) > MAX_LINE_BYTES:
            kept = text.encode()[:MAX_LINE_BYTES].decode("utf-8", "ignore")
            text = f"{kept} … {size - MAX_LINE_BYTES} more bytes"
        yield text
