"""The terminal: what was said scrolls above, and below it stand the rows that change.

    …  the row being written          ⋯  tools that run       ›  messages on their way, the line being typed
    ●  the state of the connection, the agent, the session

rich's Live keeps the changing rows at the bottom. What has its place is printed once and never touched again.
"""

from __future__ import annotations

from collections.abc import Iterable

from rich.console import Console, Group
from rich.live import Live
from rich.text import Text

from trio_agent.terminal.conversation import Piece, Style
from trio_agent.terminal.rows import TAB, broken, end_that_fits
from trio_agent.terminal.sheet import Below

STYLES: dict[Style, str] = {
    "user": "bold cyan",
    "agent": "",
    "done": "green",
    "failed": "red",
    "commit": "magenta",
    "error": "bold red",
    "budget": "bold yellow",
    "aside": "dim",
}

MAX_TOOL_ROWS = 5
MAX_PENDING_ROWS = 3


class Screen:
    """A Sheet that is a terminal."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._live = _live_on(console)
        self._finished: list[Text] = []
        self._row = ""
        self._row_style: Style = "agent"
        self._painted: tuple[Below, str, int] | None = None

    def add(self, pieces: Iterable[Piece]) -> None:
        for piece in pieces:
            self._row_style = piece.style
            *lines, rest = (self._row + piece.text.replace("\t", TAB)).split("\n")
            for line in lines:
                self._finish(self._filled(line))
            self._row = self._filled(rest)

    def paint(self, below: Below) -> None:
        now = (below, self._row, self._console.width)
        if not self._finished and now == self._painted:
            return
        self._painted = now
        if self._finished:
            finished, self._finished = self._finished, []
            # Printing repeats the rows below as they were; what they are now comes with the refresh.
            self._console.print(Text("\n").join(finished), no_wrap=True, overflow="ignore", crop=False)
        self._live.update(Group(*self._rows(below)), refresh=True)

    def resume(self) -> None:
        # Not stopped but let go: to stop is to erase the rows above the cursor, and those are the shell's now.
        self._console.clear_live()
        self._console.pop_render_hook()
        self._live = _live_on(self._console)
        self._painted = None

    def close(self) -> None:
        if self._row:
            self._finish(self._row)
            self._row = ""
        self.paint(Below())
        self._live.stop()

    def _filled(self, line: str) -> str:
        """Finish all rows that `line` fills; what is left of it."""
        while (parts := broken(line, self._console.width)) is not None:
            self._finish(parts[0])
            line = parts[1]
        return line

    def _finish(self, row: str) -> None:
        self._finished.append(Text(row, STYLES[self._row_style]))

    def _rows(self, below: Below) -> list[Text]:
        rows = [Text(self._row, STYLES[self._row_style], no_wrap=True)] if self._row else []
        rows += [Text(f"⋯ {line}", "yellow", no_wrap=True, overflow="ellipsis") for line in below.tools[:MAX_TOOL_ROWS]]
        if len(below.tools) > MAX_TOOL_ROWS:
            rows.append(Text(f"⋯ and {len(below.tools) - MAX_TOOL_ROWS} more", "yellow"))
        for text in below.pending[:MAX_PENDING_ROWS]:
            rows.append(Text(f"› {text.replace(chr(10), '⏎')}  (sending)", "dim", no_wrap=True, overflow="ellipsis"))
        if below.status[1]:
            rows.append(Text(below.status[1], below.status[0], no_wrap=True, overflow="ellipsis"))
        if below.typed is not None:
            rows.append(self._typed(*below.typed))
        return rows

    def _typed(self, before: str, after: str) -> Text:
        before, after = (text.replace("\n", "⏎").replace("\t", TAB) for text in (before, after))
        # Room for the mark, the cursor and the last column, where some terminals wrap by themselves.
        shown = end_that_fits(before, max(self._console.width - 4, 1))
        return Text.assemble(
            ("› ", "bold cyan"), shown, (after[:1] or " ", "reverse"), after[1:], no_wrap=True, overflow="crop"
        )


def _live_on(console: Console) -> Live:
    live = Live(console=console, auto_refresh=False, transient=True, redirect_stdout=False, redirect_stderr=False)
    live.start()
    return live
