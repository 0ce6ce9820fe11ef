"""The `search` tool: a regular expression in the files of the workspace."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated

import msgspec
import trio
from msgspec import Meta

from trio_agent.core.errors import ToolError
from trio_agent.core.redaction import BY_SHAPE, Redactor
from trio_agent.seams import Toolbench, ToolResult, ToolSpec
from trio_agent.tasks import bounded
from trio_agent.tools.glob_filter import GlobFilter
from trio_agent.tools.limits import Limits, limited
from trio_agent.tools.matches import Matches
from trio_agent.tools.process import run_group
from trio_agent.tools.sandbox import NoSandbox, Sandbox
from trio_agent.tools.search_place import Place
from trio_agent.tools.tool_input import decode_input, describe_tool
from trio_agent.tools.worker import worker_line

SEARCH_S = 30.0
"""Long for ripgrep on a large repository; short for a regular expression that never ends."""

MAX_FILE_BYTES = 8 * 1024 * 1024
MAX_LINE_BYTES = 4096
"""Of a matching line, as the search program prints it. The shown part is shorter still."""

LIMITS = Limits(memory_bytes=2 * 1024**3, cpu_s=60)
"""A file of patterns without end would otherwise be read until there is no memory left."""

RG_ERROR = 2
UNFIT_FOR_RG = 99

START_RG = f"""
if [ -n "$(find . -path '*/.git/objects' -prune -o \\( -name .gitignore -o -path '*/.git/info/exclude' \\) ! -type f \\
        -print -quit 2> /dev/null)" ]; then exit {UNFIT_FOR_RG}; fi
cd -- "$1" && shift && exec "$@"
"""
"""ripgrep waits for whoever writes to a FIFO that is called .gitignore. git takes only regular files for patterns."""

DESCRIPTION = """Search the files of the workspace, line by line, for a regular expression (put (?i) first to ignore case). \
Returns `path:line: text`, sorted by path. What git ignores, binary files and symlinks are left out."""


class SearchInput(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    pattern: Annotated[str, Meta(min_length=1, max_length=4096, description="The regular expression.")]
    path: Annotated[str, Meta(description="A directory or file to search in; default the workspace.")] = "."
    glob: Annotated[str, Meta(max_length=1024, description="Only files like this: *.py, src/**/*.{js,ts}.")] = ""
    max_results: Annotated[int, Meta(ge=1, le=1000, description="Stop after so many lines.")] = 100


class Search:
    """Searches by the program `rg` in `sandbox`, or, where either is missing, by a Python program that prints the same.

    ripgrep opens what it finds by name, and reads patterns of any size: outside of a sandbox a link put there meanwhile
    could lead it anywhere. Ours walks by descriptors, more slowly, and takes over where ripgrep would wait or give up.
    """

    def __init__(
        self,
        *,
        rg: str | None,
        environment: Mapping[str, str],
        sandbox: Sandbox | None = None,
        hidden: Sequence[Path] = (),
        redactor: Redactor = BY_SHAPE,
        search_s: float = SEARCH_S,
    ) -> None:
        self._sandbox = sandbox or NoSandbox()
        self._rg = rg if self._sandbox.name != "none" else None
        self._hidden = hidden
        self._redactor = redactor
        self._search_s = search_s
        self._environment = environment

    @property
    def spec(self) -> ToolSpec:
        return describe_tool("search", DESCRIPTION, SearchInput)

    async def run(self, input: bytes, bench: Toolbench) -> ToolResult:
        asked = decode_input(input, SearchInput)
        glob = GlobFilter(asked.glob) if asked.glob else None
        place = await trio.to_thread.run_sync(Place, bench.workspace, asked.path, self._hidden)
        ends_at = trio.current_time() + self._search_s
        try:
            ended, matches = False, Matches(asked.max_results, place.shown, _any)
            for line in [self._rg_line, self._worker_line] if self._rg else [self._worker_line]:
                wanted = glob.matches if glob else _any
                matches = Matches(asked.max_results, place.shown, wanted, self._redactor.redact)
                argv = await trio.to_thread.run_sync(line, asked.pattern, glob.names if glob else (), place)
                status = await self._search(argv, place, matches, ends_at)
                ended = status is not None
                if status in (None, 0, 1) or (status == RG_ERROR and matches.messages):
                    break
        finally:
            place.close()
        if status not in (None, 0, 1) and not matches.lines:
            raise ToolError(f"the search failed: {matches.messages.strip() or f'status {status}'}")
        if not ended and not matches.lines:
            raise ToolError(self._overtime)
        lines = list(matches.lines)
        if matches.more:
            lines.append(f"[stopped at {asked.max_results}: narrow the pattern, path or glob, or raise max_results]")
        elif status not in (None, 0, 1, RG_ERROR):
            lines.append(f"[the search broke off: {matches.messages.strip() or f'status {status}'}]")
        elif not ended:
            lines.append(f"[{self._overtime}]")
        return ToolResult(
            text="\n".join(lines) or "no matches",
            display={"kind": "search", "pattern": asked.pattern, "matches": len(matches.lines)},
        )

    async def _search(self, argv: Sequence[str], place: Place, matches: Matches, ends_at: float) -> int | None:
        """The program's exit status; None where it was ended, for there was enough, or no time left."""
        enough = trio.CancelScope(deadline=ends_at)

        def take(chunk: bytes) -> None:
            matches.add(chunk)
            if matches.more:
                enough.cancel()

        try:
            with enough, bounded(enough):
                finished = await run_group(
                    argv, cwd=place.cwd, environment=self._environment, on_output=take, stdin=place.stdin
                )
                return finished.exit_status
        except (OSError, ValueError) as exc:
            raise ToolError(f"the search could not be started: {exc}") from exc
        return None

    @property
    def _overtime(self) -> str:
        return f"the search was not done after {self._search_s:g} s; narrow it, or simplify the pattern"

    def _rg_line(self, pattern: str, names: tuple[str, ...], place: Place) -> list[str]:
        line = [str(self._rg), "--no-config", "--no-messages", "--color=never", "--no-heading", "--with-filename"]
        line += ["--line-number", "--null", "--sort=path", "--hidden", "--no-ignore-dot", "--glob=!.git"]
        line += [f"--max-columns={MAX_LINE_BYTES}", "--max-columns-preview", f"--max-filesize={MAX_FILE_BYTES}"]
        # Not by --glob: that would bring back the files which git ignores.
        for name in names:
            line.append(f"--type-add=asked:{name}")
        line += ["--type=asked"] if names and not place.is_file else []
        line += [f"--regexp={pattern}", "-" if place.is_file else "."]
        # In the directory by name, for a descriptor of ours leads nowhere in there.
        start = ["bash", "-c", START_RG, "bash", str(place.directory), *line]
        return self._sandbox.wrap(limited(start, LIMITS), place.workspace, self._hidden)

    def _worker_line(self, pattern: str, names: tuple[str, ...], place: Place) -> list[str]:
        return limited(_worker_line(pattern, names, place), LIMITS)


def _any(path: str) -> bool:
    return True


def _worker_line(pattern: str, names: tuple[str, ...], place: Place) -> list[str]:
    request = {
        "pattern": pattern,
        "names": () if place.is_file else names,
        "stdin": place.is_file,
        "max_file_bytes": MAX_FILE_BYTES,
        "max_line_bytes": MAX_LINE_BYTES,
        "hidden": place.hidden,
    }
    # Not by msgspec: names of files are bytes, and those that are no UTF-8 must arrive as they are.
    return worker_line("trio_agent.tools.search_worker", json.dumps(request))
