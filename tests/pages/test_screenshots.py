"""Pictures of the dashboard, for the docs and for whoever changes it: looked at, not compared.

They go to a temporary folder; `nox -s screenshots` puts them into docs/screenshots.
"""

from __future__ import annotations

import os
import struct
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from tests.served import ServedRepository

pytestmark = pytest.mark.browser

FOLDER_VARIABLE = "TRIO_AGENT_SCREENSHOTS"
FIRST_TURN = 13  # messages
VIEWS = {
    "dashboard": {"viewport": {"width": 1280, "height": 800}, "color_scheme": "light"},
    "dark": {"viewport": {"width": 1280, "height": 800}, "color_scheme": "dark"},
    "phone": {"viewport": {"width": 390, "height": 844}, "color_scheme": "light"},
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    chosen = Path(os.environ.get(FOLDER_VARIABLE) or tmp_path / "screenshots")
    chosen.mkdir(parents=True, exist_ok=True)
    return chosen


def test_every_view_is_drawn_without_overflowing_its_width(
    browser: Browser, server: ServedRepository, folder: Path
) -> None:
    with server.client() as client:
        client.post("chat", json={"message": "Show me around this project"})
        client.get("state", params={"poll": "true", "seen": FIRST_TURN - 1})
        client.post("chat", json={"message": "bash git show --stat --oneline HEAD"})
    for name, view in VIEWS.items():
        context = browser.new_context(**view)
        page = context.new_page()
        page.goto(server.link)
        expect(page.locator("[data-final] .markdown")).to_have_count(2)
        expect(page.locator('[data-state="WaitingForUserInput"]').first).to_be_attached()
        page.locator("details").last.evaluate("details => { details.open = true; }")
        picture = page.screenshot(path=folder / f"{name}.png", animations="disabled")
        assert struct.unpack(">II", picture[16:24]) == (view["viewport"]["width"], view["viewport"]["height"])
        assert page.evaluate("document.documentElement.scrollWidth") <= view["viewport"]["width"]
        context.close()
