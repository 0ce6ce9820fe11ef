"""What the comparison of pictures sees, and what it lets pass."""

from __future__ import annotations

from tests.pages.looks import Look, differences

PAPER, INK = "fff", "444"


def look(*, panel: int = 240, dark: int = 0, parts: tuple[str, ...] = ("#sessions-panel",)) -> Look:
    """A hundred cells, of which so many are dark."""
    cells = [INK] * dark + [PAPER] * (100 - dark)
    return {
        "boxes": {part: [0, 0, panel, 800] for part in parts},
        "rows": ["".join(cells[at : at + 10]) for at in range(0, 100, 10)],
    }


def test_other_fonts_pass() -> None:
    assert differences(look(), look(panel=262)) == []
    assert differences(look(), look(dark=9)) == []


def test_a_part_that_is_gone_or_new_or_elsewhere_is_told() -> None:
    assert differences(look(), look(parts=())) == ["#sessions-panel is gone"]
    assert differences(look(parts=()), look()) == ["#sessions-panel is new"]
    assert differences(look(), look(panel=320)) == [
        "#sessions-panel was at [0, 0, 240, 800] and is at [0, 0, 320, 800]"
    ]


def test_other_colours_and_another_size_are_told() -> None:
    assert differences(look(), look(dark=30)) == ["30% of the picture has other colours"]
    smaller = look()
    smaller["rows"] = smaller["rows"][:-1]
    assert differences(look(), smaller) == ["the picture has another size"]
