"""Formatters that a repository is configured for, run on files of a commit, in the sandbox like any command."""

from __future__ import annotations

import hashlib
import os
import shutil
import stat
from collections.abc import Sequence
from pathlib import Path

import trio

from trio_agent.core.errors import ToolError
from trio_agent.seams import Formatted, Ran
from trio_agent.tools.confined import Confined
from trio_agent.tools.formatter_choice import Choice, Formatter
from trio_agent.tools.paths import open_inside, resolve_inside

FORMAT_S = 60.0
"""How long one formatter may take."""

MAX_FILES = 500
"""A commit of more is no edit (a vendored library, generated code), and is left as it is."""

MAX_FILE_BYTES = 2 * 1024 * 1024

MAX_PROBLEM_CHARS = 600


class Formatters:
    """Formats files where their repository wants it, and the program for it is installed.

    Programs are taken from the search path only, not from the repository. Those whose configuration can name further programs
    are run only where there is a sandbox.
    """

    def __init__(self, confined: Confined, format_s: float = FORMAT_S) -> None:
        self._confined = confined
        self._format_s = format_s

    async def format(self, workspace: Path, files: Sequence[str]) -> Formatted:
        """See `FormatFiles`."""
        if len(files) > MAX_FILES:
            await trio.lowlevel.checkpoint()
            return Formatted()
        wanted = await trio.to_thread.run_sync(_wanted, workspace, files)
        by: list[str] = []
        changed: list[str] = []
        problems: list[str] = []
        for formatter, names in wanted.items():
            program = shutil.which(formatter.program, path=self._confined.search_path)
            if program is None or (formatter.runs_theirs and not self._confined.is_sandboxed):
                continue
            before = await trio.to_thread.run_sync(_digests, workspace, names)
            ran: Ran | None = None
            with trio.move_on_after(self._format_s):
                command = formatter.command(program, [f"./{name}" for name in names])
                ran = await self._confined.run(command, workspace)
            after = await trio.to_thread.run_sync(_digests, workspace, names)
            made = [name for name in names if before.get(name) != after.get(name)]
            changed += made
            by += [formatter.name] * bool(made)
            if ran is None:
                problems.append(f"{formatter.name} was not finished after {self._format_s:g} s, and was ended")
            elif ran.exit_status:
                said = " ".join(ran.output.split())[:MAX_PROBLEM_CHARS]
                problems.append(f"{formatter.name} failed: {said or f'exit status {ran.exit_status}'}")
        return Formatted(changed=tuple(changed), by=tuple(by), problems=tuple(problems))


def _wanted(workspace: Path, files: Sequence[str]) -> dict[Formatter, list[str]]:
    choice = Choice(workspace)
    wanted: dict[Formatter, list[str]] = {}
    for name in files:
        if _is_plain(workspace, name) and (formatter := choice.formatter_of(Path(name))) is not None:
            wanted.setdefault(formatter, []).append(name)
    return wanted


def _is_plain(workspace: Path, name: str) -> bool:
    """Whether `name` is a file in the workspace itself: what a link leads to may be the user's."""
    try:
        if str(resolve_inside(workspace, name)) != name:
            return False
        facts = (workspace / name).lstat()
    except (ToolError, OSError):
        return False
    return stat.S_ISREG(facts.st_mode) and facts.st_size <= MAX_FILE_BYTES


def _digests(workspace: Path, names: Sequence[str]) -> dict[str, bytes]:
    digests: dict[str, bytes] = {}
    for name in names:
        try:
            descriptor = open_inside(workspace, Path(name), os.O_RDONLY)
        except ToolError:
            continue  # gone meanwhile
        with os.fdopen(descriptor, "rb") as file:
            if stat.S_ISREG(os.fstat(descriptor).st_mode):
                digests[name] = hashlib.sha256(file.read(MAX_FILE_BYTES * 2)).digest()
    return digests
