"""Text to rows of a terminal. Pure."""

from __future__ import annotations

from rich.cells import get_character_cell_size

TAB = "    "


def broken(text: str, width: int) -> tuple[str, str] | None:
    """The first row of `text` (one line, no newline) and the rest, or None where it fits into `width` cells.

    Broken at the last blank that leaves a row, which goes; in the middle of a word that is longer than a row.
    """
    cells = 0
    blank = -1
    for at, character in enumerate(text):
        cells += get_character_cell_size(character)
        if cells > width:
            if character == " ":
                return text[:at], text[at + 1 :]
            if blank > 0:
                return text[:blank], text[blank + 1 :]
            # A row takes one character at least, however narrow the terminal is.
            cut = max(at, 1)
            return (text[:cut], text[cut:]) if cut < len(text) else None
        if character == " ":
            blank = at
    return None


def end_that_fits(text: str, width: int) -> str:
    """The longest end of `text` that fits into `width` cells."""
    cells = 0
    for at in range(len(text) - 1, -1, -1):
        cells += get_character_cell_size(text[at])
        if cells > width:
            return text[at + 1 :]
    return text
