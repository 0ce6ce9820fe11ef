"""Paths that a model names, kept inside the workspace whatever symlinks say.

Two steps. `resolve_inside` follows every link there is now and refuses what ends outside. `open_inside` then walks the
resolved path from the workspace's own descriptor and follows no link at all: one that appears between the two steps, put
there by something that races us, is refused. All of it blocks: callers run it in a thread.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from trio_agent.core.errors import ToolError
from trio_agent.core.wire import clean

MAX_PATH_BYTES = 4096

_DIRECTORY = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC


def resolve_inside(workspace: Path, named: str, hidden: Sequence[Path] = ()) -> Path:
    """The path relative to `workspace` (absolute, resolved) that `named` leads to; it need not exist.

    `named` is relative to the workspace, or absolute inside it. Raises ToolError where it leads elsewhere, or to something
    `hidden` (which may have the workspace in it), or is no path.
    """
    try:
        size = len(os.fsencode(named))
    except UnicodeEncodeError as exc:
        raise ToolError(f"not a path: {clean(named)!r}") from exc
    if not named or "\0" in named or size > MAX_PATH_BYTES:
        raise ToolError(f"not a path (empty, with a NUL, or over {MAX_PATH_BYTES} bytes): {clean(named)[:100]!r}")
    try:
        real = Path(os.path.realpath(workspace / named))
    except OSError as exc:
        raise ToolError(f"{named}: {exc.strerror}") from exc
    if not real.is_relative_to(workspace):
        raise ToolError(f"{named} leads outside the workspace {workspace}; name a path inside it")
    for secret in map(os.path.realpath, hidden):
        if real.is_relative_to(secret) and not workspace.is_relative_to(secret):
            raise ToolError(f"{named} is hidden, as if outside the workspace {workspace}; name another path inside it")
    return real.relative_to(workspace)


@contextmanager
def directory_inside(workspace: Path, relative: Path, *, create: bool = False) -> Iterator[int]:
    """A descriptor of the directory `relative`, which `resolve_inside` returned. `create` makes what is missing of it.

    Raises ToolError where it is not there, no directory, or a symlink by now.
    """
    with _refusals(relative):
        descriptor = os.open(workspace, _DIRECTORY)
        try:
            for name in relative.parts:
                try:
                    below = os.open(name, _DIRECTORY, dir_fd=descriptor)
                except FileNotFoundError:
                    if not create:
                        raise
                    with suppress(FileExistsError):  # another call has made it meanwhile
                        os.mkdir(name, dir_fd=descriptor)
                    below = os.open(name, _DIRECTORY, dir_fd=descriptor)
                os.close(descriptor)
                descriptor = below
        except BaseException:
            os.close(descriptor)
            raise
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def open_inside(workspace: Path, relative: Path, flags: int, mode: int = 0o666) -> int:
    """A descriptor of the file or directory `relative`, which `resolve_inside` returned; the caller closes it.

    Never waits for the other end of a FIFO. Raises ToolError as `directory_inside` does.
    """
    if not relative.parts:
        with directory_inside(workspace, relative) as directory:
            return os.dup(directory)
    with directory_inside(workspace, relative.parent) as directory, _refusals(relative):
        flags |= os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK
        return os.open(relative.name, flags, mode, dir_fd=directory)


@contextmanager
def _refusals(relative: Path) -> Iterator[None]:
    try:
        yield
    except OSError as exc:
        raise ToolError(f"{clean(str(relative))}: {exc.strerror}") from exc
