"""The page as a phone or a desk installs it: its manifest, its icons, its edges."""

from __future__ import annotations

import json
import struct
from pathlib import Path

import httpx2
import pytest
from playwright.sync_api import Browser, Page, expect

from tests.served import ServedRepository

pytestmark = pytest.mark.browser

STATIC = Path(__file__).resolve().parents[2] / "static"


def test_the_browser_finds_nothing_amiss_with_the_manifest(page: Page, server: ServedRepository) -> None:
    page.goto(server.link)
    expect(page.locator('[data-status="connected"]').first).to_be_visible()
    browser = page.context.new_cdp_session(page)
    manifest = browser.send("Page.getAppManifest")
    assert manifest["errors"] == []
    assert manifest["url"] == f"{server.url}static/manifest.webmanifest"
    told = json.loads(manifest["data"])
    assert (told["display"], told["name"]) == ("standalone", "trio-agent")
    errors = browser.send("Page.getInstallabilityErrors")["installabilityErrors"]
    # A window without a profile of its own, as in tests, is never installed from.
    assert [each["errorId"] for each in errors if each["errorId"] != "in-incognito"] == []


def test_every_icon_is_there_without_a_token_and_as_large_as_it_says(server: ServedRepository) -> None:
    told = json.loads((STATIC / "manifest.webmanifest").read_text("utf-8"))
    with httpx2.Client() as stranger:
        answer = stranger.get(f"{server.url}static/manifest.webmanifest")
        assert (answer.status_code, answer.headers["content-type"]) == (200, "application/manifest+json")
        for icon in told["icons"]:
            got = stranger.get(f"{server.url}static/{icon['src']}")
            assert (got.status_code, got.headers["content-type"]) == (200, icon["type"])
            if icon["type"] == "image/png":
                width, height = struct.unpack(">II", got.content[16:24])
                assert f"{width}x{height}" == icon["sizes"]


def test_a_phone_neither_zooms_into_a_field_nor_misses_a_button(browser: Browser, server: ServedRepository) -> None:
    context = browser.new_context(viewport={"width": 320, "height": 640}, has_touch=True, is_mobile=True)
    page = context.new_page()
    page.goto(server.link)
    expect(page.locator('[data-status="connected"]').first).to_be_visible()
    page.locator(".net-face").tap()
    details = page.locator("#net-details").bounding_box()
    assert details is not None
    assert details["x"] >= 0
    assert details["x"] + details["width"] <= 320
    page.locator('.bar [popovertarget="sessions-panel"]').tap()
    page.locator("#settings").tap()
    small = page.evaluate(
        """() => [...document.querySelectorAll("input, select, textarea")]
            .filter((field) => !["range", "checkbox", "radio"].includes(field.type))
            .filter((field) => parseFloat(getComputedStyle(field).fontSize) < 16)
            .map((field) => field.id || field.className)"""
    )
    assert small == []
    narrow = page.evaluate(
        """() => [...document.querySelectorAll('button, a[href], select, [tabindex="0"]')]
            .map((each) => [each.id || each.className || each.textContent, each.getBoundingClientRect()])
            .filter(([, box]) => box.width > 0 && (box.width < 24 || box.height < 24)).map(([name]) => name)"""
    )
    assert narrow == []
    assert page.evaluate("document.documentElement.scrollWidth") <= 320
    context.close()
