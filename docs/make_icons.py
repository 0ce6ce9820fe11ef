"""Makes the page's icons from one drawing: `python docs/make_icons.py` writes static/icon.svg and static/icons/*.png.

Needs playwright and Chromium, as the tests do. Installed pages (static/manifest.webmanifest) and phones want PNGs of fixed
sizes; a *maskable* one is cut to whatever shape the system likes, of which only a circle over four fifths is safe.
"""

from __future__ import annotations

import sys
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

HERE = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(HERE))

from tests.browser import FLAGS, find_chromium  # noqa: E402  (found by the line above)

STATIC = HERE / "static"
GREEN = "#0f766e"
MARK = (
    '<g fill="none" stroke="#fff" stroke-width="1.2" stroke-linecap="round">'
    '<path d="M7.2 6.3 5 10M8.8 6.3 11 10M6 11.2h4"/><circle cx="8" cy="4.7" r="1.6"/>'
    '<circle cx="4.4" cy="11.2" r="1.6"/><circle cx="11.6" cy="11.2" r="1.6"/></g>'
)
"""Three tasks in one nursery, in a square of 16."""


def drawing(radius: float, scale: float = 1) -> str:
    """The mark on green. `radius` is of the corners; `scale` shrinks the mark about the middle."""
    offset = 8 * (1 - scale)
    mark = MARK if scale == 1 else f'<g transform="translate({offset} {offset}) scale({scale})">{MARK}</g>'
    corners = f' rx="{radius:g}"' if radius else ""
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 16">'
        f'<rect width="16" height="16"{corners} fill="{GREEN}"/>{mark}</svg>'
    )


PICTURES = {
    "icon-192.png": (192, drawing(4)),
    "icon-512.png": (512, drawing(4)),
    "maskable-512.png": (512, drawing(0, 0.8)),
    # Apple rounds the corners itself, and shows what is transparent as black.
    "apple-180.png": (180, drawing(0, 0.9)),
}


def paint(browser: Browser, size: int, svg: str) -> bytes:
    page = browser.new_page(viewport={"width": size, "height": size})
    page.set_content(f"<style>html, body {{ margin: 0 }} svg {{ display: block; width: {size}px }}</style>{svg}")
    picture = page.screenshot(omit_background=True)
    page.close()
    return picture


def main() -> None:
    (STATIC / "icon.svg").write_text(drawing(4) + "\n", "utf-8")
    folder = STATIC / "icons"
    folder.mkdir(exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=find_chromium(), args=list(FLAGS))
        for name, (size, svg) in PICTURES.items():
            (folder / name).write_bytes(paint(browser, size, svg))
        browser.close()


if __name__ == "__main__":
    main()
