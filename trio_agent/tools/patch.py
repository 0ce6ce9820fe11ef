"""The `patch` tool: edit a file, or make one."""

from __future__ import annotations

import os
import secrets
import stat
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import msgspec
import trio
from msgspec import Meta

from trio_agent.core.errors import ToolError
from trio_agent.core.redaction import BY_SHAPE, Redactor
from trio_agent.core.wire import clean
from trio_agent.seams import Toolbench, ToolResult, ToolSpec
from trio_agent.tools.patch_edits import Edit, find_edits
from trio_agent.tools.paths import directory_inside, open_inside, resolve_inside
from trio_agent.tools.tool_input import decode_input, describe_tool
from trio_agent.tools.unified_diff import Span, apply_spans, unified_diff

MAX_FILE_BYTES = 8 * 1024 * 1024
"""Larger than any source; what is larger is data, and no work for a patch."""

MAX_PATCHES = 200
"""Of one call. Each is looked for in the whole file, and the thread that does it is not cancelled."""

MAX_DIFF_CHARS = 100_000
"""Of the diff shown to people. The whole stands in git."""

DESCRIPTION = """Edit a text file, or make one. All patches of a call are applied together to the file as it is now, or none \
is. replace needs oldText exactly as it stands in the file, whitespace and all, and often enough of it to be unique. \
overwrite, append_eof and prepend_bof make the file, and its directories, where it does not exist. Line endings and mode \
of the file are kept."""


class PatchInput(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    path: Annotated[str, Meta(description="The file, relative to the workspace.")]
    patches: Annotated[tuple[Edit, ...], Meta(min_length=1, max_length=MAX_PATCHES, description="The edits.")]


class Patch:
    def __init__(self, redactor: Redactor = BY_SHAPE, hidden: Sequence[Path] = ()) -> None:
        self._redactor = redactor
        self._hidden = hidden

    @property
    def spec(self) -> ToolSpec:
        return describe_tool("patch", DESCRIPTION, PatchInput)

    async def run(self, input: bytes, bench: Toolbench) -> ToolResult:
        asked = decode_input(input, PatchInput)
        return await trio.to_thread.run_sync(_patch, bench.workspace, asked, self._redactor, self._hidden)


def _patch(workspace: Path, asked: PatchInput, redactor: Redactor, hidden: Sequence[Path]) -> ToolResult:
    relative = resolve_inside(workspace, asked.path, hidden)
    shown = clean(str(relative))
    if not relative.parts:
        raise ToolError("the workspace itself is a directory; name a file in it")
    creates = all(edit.operation != "replace" for edit in asked.patches)
    before, mode = _read(workspace, relative, may_be_missing=creates)
    # A model writes "\n", also where the file's lines end in CRLF: such a file is edited with "\n" and written back.
    crlf = _ends_lines_with_crlf(before)
    old = before.replace("\r\n", "\n") if crlf else before
    edits = tuple(_unix(edit) for edit in asked.patches) if crlf else asked.patches
    spans = find_edits(old, edits)
    new = apply_spans(old, spans)
    if mode is not None and new == old:
        return ToolResult(text=f"{shown} is as it was: the patches change nothing.")
    _write(workspace, relative, (new.replace("\n", "\r\n") if crlf else new).encode(), mode)
    diff = _cut(redactor.redact(_diff(old, spans, shown, is_new=mode is None)))
    did = "made" if mode is None else "patched"
    return ToolResult(text=f"{did} {shown}", display={"kind": "diff", "path": shown, "diff": diff})


def _read(workspace: Path, relative: Path, *, may_be_missing: bool) -> tuple[str, int | None]:
    """The file's text and its mode; empty and None where it does not exist and need not."""
    try:
        descriptor = open_inside(workspace, relative, os.O_RDONLY)
    except ToolError as exc:
        if may_be_missing and isinstance(exc.__cause__, FileNotFoundError):
            return "", None
        raise
    shown = clean(str(relative))
    facts = os.fstat(descriptor)
    if not stat.S_ISREG(facts.st_mode):
        os.close(descriptor)
        raise ToolError(f"{shown} is no regular file")
    with open(descriptor, "rb") as file:
        if facts.st_size > MAX_FILE_BYTES:
            raise ToolError(f"{shown} has {facts.st_size} bytes; at most {MAX_FILE_BYTES} can be patched")
        data = file.read(MAX_FILE_BYTES)
    try:
        return data.decode(), stat.S_IMODE(facts.st_mode)
    except UnicodeDecodeError as exc:
        raise ToolError(f"{shown} is not UTF-8 text; use bash for it") from exc


def _write(workspace: Path, relative: Path, data: bytes, mode: int | None) -> None:
    """Put the file in place in one step: whoever reads it meanwhile sees the old one or the new one, whole."""
    with directory_inside(workspace, relative.parent, create=True) as directory:
        draft = f".{secrets.token_hex(8)}.draft"
        try:
            descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o666, dir_fd=directory)
            with open(descriptor, "wb") as file:
                if mode is not None:
                    os.fchmod(descriptor, mode)
                file.write(data)
            os.rename(draft, relative.name, src_dir_fd=directory, dst_dir_fd=directory)
        except OSError as exc:
            try:
                os.unlink(draft, dir_fd=directory)
            except FileNotFoundError:
                pass
            raise ToolError(f"{clean(str(relative))} could not be written: {exc.strerror}") from exc


def _ends_lines_with_crlf(text: str) -> bool:
    """Whether every line does. A file of mixed endings is edited as it stands."""
    return "\r\n" in text and text.count("\r\n") == text.count("\n") == text.count("\r")


def _unix(edit: Edit) -> Edit:
    return msgspec.structs.replace(
        edit, oldText=edit.oldText.replace("\r\n", "\n"), newText=edit.newText.replace("\r\n", "\n")
    )


def _diff(old: str, spans: Sequence[Span], name: str, *, is_new: bool) -> str:
    """The change as a unified diff in git's form."""
    return unified_diff(old, spans, "/dev/null" if is_new else f"a/{name}", f"b/{name}")


def _cut(diff: str) -> str:
    """`diff`, cut where it is too long to be looked at."""
    left_out = len(diff) - MAX_DIFF_CHARS
    return diff if left_out <= 0 else f"{diff[:MAX_DIFF_CHARS]}\n… {left_out} more characters …\n"
