"""A server on a small project, and Chromium on its dashboard."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, sync_playwright

from tests.browser import FLAGS, find_headless
from tests.projects import make_project
from tests.served import ServedRepository, served

DESK = {"width": 1280, "height": 800}
PATIENCE_MS = 15_000


@pytest.fixture
def server(tmp_path: Path) -> Iterator[ServedRepository]:
    make_project(tmp_path / "wordcount")
    with served(tmp_path / "wordcount", tmp_path / "data", "--model", "demo") as each:
        yield each


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=find_headless(), args=list(FLAGS))
        yield chromium
        chromium.close()


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    """A browser of one person, for several tabs. Servers go and come back meanwhile: it is more patient than a page."""
    opened = browser.new_context()
    opened.set_default_timeout(30_000)
    yield opened
    opened.close()


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A fresh page; what it complains of in its console fails the test."""
    context = browser.new_context(viewport=DESK)
    opened = context.new_page()
    opened.set_default_timeout(PATIENCE_MS)
    complaints: list[str] = []

    def note(message: ConsoleMessage) -> None:
        # A server that is away, or refuses, is told by the browser as an error of its own: that is not the page's.
        if message.type == "error" and "Failed to load resource" not in message.text:
            complaints.append(message.text)

    opened.on("console", note)
    opened.on("pageerror", lambda error: complaints.append(str(error)))
    yield opened
    context.close()
    assert complaints == []
