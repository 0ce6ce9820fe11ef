"""What is left on a terminal after all its repainting."""

from __future__ import annotations

import io
import re

from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from trio_agent.terminal.conversation import Piece
from trio_agent.terminal.screen import MAX_TOOL_ROWS, Screen
from trio_agent.terminal.sheet import Below

WIDTH = 20


class Glass:
    """The least of a terminal: lines, a cursor, and the four sequences that move it or erase."""

    def __init__(self) -> None:
        self.lines = [""]
        self.row = self.column = 0

    def show(self, data: str) -> None:
        for sequence, character in re.findall(r"(\x1b\[[0-9;?]*[A-Za-z])|(.)", data, re.DOTALL):
            if sequence.endswith("A"):
                self.row = max(0, self.row - int(sequence[2:-1] or 1))
            elif sequence.endswith("K"):
                self.lines[self.row] = ""
            elif character == "\n":
                self.row, self.column = self.row + 1, 0
                self.lines += [""] * (self.row + 1 - len(self.lines))
            elif character == "\r":
                self.column = 0
            elif character:
                line = self.lines[self.row].ljust(self.column)
                self.lines[self.row] = line[: self.column] + character + line[self.column + 1 :]
                self.column += 1

    @property
    def shown(self) -> list[str]:
        lines = [line.rstrip() for line in self.lines]
        while lines and not lines[-1]:
            lines.pop()
        return lines


class Terminal:
    def __init__(self) -> None:
        self.file = io.StringIO()
        console = Console(file=self.file, force_terminal=True, width=WIDTH, height=30, legacy_windows=False)
        self.screen = Screen(console)

    @property
    def shown(self) -> list[str]:
        glass = Glass()
        glass.show(self.file.getvalue())
        return glass.shown


def below(status: str = "", **more: object) -> Below:
    return Below(status=("green", status), **more)  # type: ignore[arg-type]


def test_what_was_said_stands_above_what_changes() -> None:
    terminal = Terminal()
    terminal.screen.add([Piece("agent", "one\ntwo\nthr")])
    terminal.screen.paint(below("status", tools=["bash ls"], pending=["hi"], typed=("ab", "c")))
    assert terminal.shown == ["one", "two", "thr", "⋯ bash ls", "› hi  (sending)", "status", "› abc"]


def test_what_changes_is_true_after_every_painting() -> None:
    terminal = Terminal()
    terminal.screen.paint(below("connecting"))
    terminal.screen.add([Piece("agent", "one\n")])
    terminal.screen.paint(below("connected"))
    assert terminal.shown == ["one", "connected"]
    terminal.screen.paint(below("reconnecting"))
    assert terminal.shown == ["one", "reconnecting"]


def test_a_row_is_broken_once_and_stays() -> None:
    terminal = Terminal()
    for word in ("a long ", "line that ", "does not ", "fit into ", "one row"):
        terminal.screen.add([Piece("agent", word)])
        terminal.screen.paint(below("status"))
    assert terminal.shown == ["a long line that", "does not fit into", "one row", "status"]


def test_the_rows_below_are_few_and_one_row_each() -> None:
    terminal = Terminal()
    tools = [f"bash {number} " + "x" * 50 for number in range(MAX_TOOL_ROWS + 2)]
    terminal.screen.paint(below("s" * 50, tools=tools, typed=("y" * 50, "z" * 50)))
    assert len(terminal.shown) == MAX_TOOL_ROWS + 3
    assert terminal.shown[MAX_TOOL_ROWS] == "⋯ and 2 more"
    assert all(len(row) <= WIDTH for row in terminal.shown)


def test_nothing_is_painted_where_nothing_changed() -> None:
    terminal = Terminal()
    terminal.screen.paint(below("status"))
    before = terminal.file.tell()
    terminal.screen.paint(below("status"))
    assert terminal.file.tell() == before


def test_what_another_program_wrote_meanwhile_is_left_alone() -> None:
    terminal = Terminal()
    terminal.screen.add([Piece("agent", "one\n")])
    terminal.screen.paint(below("status", typed=("x", "")))
    terminal.file.write("\n$ fg\n")
    terminal.screen.resume()
    terminal.screen.paint(below("status", typed=("x", "")))
    terminal.screen.add([Piece("agent", "two\n")])
    terminal.screen.close()
    assert terminal.shown == ["one", "status", "› x", "$ fg", "two"]


def test_in_the_end_what_was_said_is_left_alone() -> None:
    terminal = Terminal()
    terminal.screen.add([Piece("user", "› go\n"), Piece("agent", "half")])
    terminal.screen.paint(below("status", typed=("", "")))
    terminal.screen.close()
    assert terminal.shown == ["› go", "half"]


PIECES = st.lists(st.text(st.sampled_from("abc \n[]"), min_size=1, max_size=30), max_size=8)


@given(PIECES, st.sets(st.integers(0, 7)))
def test_however_often_it_is_painted_everything_is_left_once(texts: list[str], painted_after: set[int]) -> None:
    terminal = Terminal()
    for number, text in enumerate(texts):
        terminal.screen.add([Piece("agent", text)])
        if number in painted_after:
            terminal.screen.paint(below(f"status {number}", typed=("x", "")))
    terminal.screen.close()
    left = "".join(terminal.shown)
    assert left.replace(" ", "") == "".join(texts).replace("\n", "").replace(" ", "")
