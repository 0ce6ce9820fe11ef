"""How a page looks, told so coarsely that another machine's fonts do not matter, and what differs between two such tellings.

A look is the boxes of what the page is built of, and a small picture of it: cells of some forty pixels, each one colour of
sixteen steps a channel. Letters vanish in a cell; a panel that is gone, a colour that is wrong, a bar that overlaps do not.
"""

from __future__ import annotations

import base64
from typing import TypedDict

from playwright.sync_api import Page

PARTS = (
    "#sessions-panel",
    "main > header",
    "session-timeline",
    "message-composer",
    "replay-bar",
    "token-gate",
    "notice-bar",
    "terminal-panel",
    "#facts-panel",
    "dialog[open]",
    ".menu:popover-open",
)
CELL_PX = 40
STEPS = 16
FARTHEST_PX = 36
"""Two lines of text: a word more or less may wrap."""
FARTHEST_STEP = 2
MOST_CELLS = 0.1


class Look(TypedDict):
    """`boxes`: left, top, width and height of each part that is seen. `rows`: a letter for each channel of each cell."""

    boxes: dict[str, list[int]]
    rows: list[str]


_BOXES = """(parts) => Object.fromEntries(parts.flatMap((part) => {
    const element = document.querySelector(part);
    const box = element?.getBoundingClientRect();
    if (!box || box.width * box.height === 0 || getComputedStyle(element).visibility === "hidden") return [];
    return [[part, [box.left, box.top, box.width, box.height].map(Math.round)]];
}))"""

_CELLS = """async ([picture, cell, steps]) => {
    const image = new Image();
    image.src = `data:image/png;base64,${picture}`;
    await image.decode();
    const canvas = document.createElement("canvas");
    canvas.width = Math.round(image.width / cell);
    canvas.height = Math.round(image.height / cell);
    const paper = canvas.getContext("2d", { willReadFrequently: true });
    paper.imageSmoothingQuality = "high";
    paper.drawImage(image, 0, 0, canvas.width, canvas.height);
    return Array.from({ length: canvas.height }, (_, row) =>
        [...paper.getImageData(0, row, canvas.width, 1).data]
            .filter((_, at) => at % 4 < 3)
            .map((each) => Math.floor((each * steps) / 256).toString(steps))
            .join(""),
    );
}"""


def look_of(page: Page, picture: bytes, desk: Page) -> Look:
    """`picture` is one of `page`, as PNG; `desk` any page whose policy lets it load one."""
    rows = desk.evaluate(_CELLS, [base64.b64encode(picture).decode(), CELL_PX, STEPS])
    return {"boxes": page.evaluate(_BOXES, list(PARTS)), "rows": rows}


def differences(before: Look, now: Look) -> list[str]:
    """What differs by more than fonts do; nothing where they look alike."""
    changed = sorted(before["boxes"].keys() ^ now["boxes"].keys())
    found = [f"{part} is {'gone' if part in before['boxes'] else 'new'}" for part in changed]
    for part, box in before["boxes"].items():
        if part in now["boxes"] and any(abs(a - b) > FARTHEST_PX for a, b in zip(box, now["boxes"][part], strict=True)):
            found.append(f"{part} was at {box} and is at {now['boxes'][part]}")
    if [len(row) for row in before["rows"]] != [len(row) for row in now["rows"]]:
        return [*found, "the picture has another size"]
    cells = [
        max(abs(int(a, STEPS) - int(b, STEPS)) for a, b in zip(one[at : at + 3], other[at : at + 3], strict=True))
        for one, other in zip(before["rows"], now["rows"], strict=True)
        for at in range(0, len(one), 3)
    ]
    share = sum(cell > FARTHEST_STEP for cell in cells) / len(cells)
    if share > MOST_CELLS:
        found.append(f"{share:.0%} of the picture has other colours")
    return found
