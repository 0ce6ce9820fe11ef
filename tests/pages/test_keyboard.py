"""Without a mouse, without motion, and in colours that the user has forced on all pages."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.pages.conftest import DESK
from tests.served import ServedRepository

pytestmark = pytest.mark.browser

FOCUSED = """() => {
    const { id, className, textContent, tagName } = document.activeElement;
    return id || className || textContent || tagName;
}"""


def wait_connected(page: Page) -> None:
    expect(page.locator('network-status[data-status="connected"]')).to_be_visible()


def test_tab_goes_through_the_page_as_it_is_read(page: Page, server: ServedRepository) -> None:
    with server.client() as client:
        client.post("chat", json={"message": "echo hello"})
    page.goto(server.link)
    wait_connected(page)
    expect(page.locator('[data-idx="1"]')).to_be_visible()
    # The page begins in the composer; this is where it is read from.
    page.evaluate("const brand = document.querySelector('.brand'); brand.tabIndex = -1; brand.focus();")
    stations = []
    for _ in range(30):
        page.keyboard.press("Tab")
        stations.append(str(page.evaluate(FOCUSED)))
    order = ["new-session", "find", "settings", "net-face", "terminal-toggle", "prompt", "attach", "changes"]
    assert [each for each in stations[: stations.index("changes") + 1] if each in order] == order


def test_a_dialog_keeps_the_focus_and_gives_it_back(page: Page, server: ServedRepository) -> None:
    page.goto(server.link)
    wait_connected(page)
    opener = page.locator("#settings")
    opener.focus()
    page.keyboard.press("Enter")
    dialog = page.get_by_role("dialog", name="Settings")
    expect(dialog).to_be_visible()
    for _ in range(12):
        page.keyboard.press("Tab")
        # From its last control the browser's own are next, and then its first one again.
        assert page.evaluate("document.activeElement === document.body || !!document.activeElement.closest('dialog')")
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    expect(opener).to_be_focused()


def test_focus_and_choice_are_seen_where_colours_are_forced(browser: Browser, server: ServedRepository) -> None:
    context = browser.new_context(viewport=DESK, forced_colors="active")
    page = context.new_page()
    page.goto(server.link)
    wait_connected(page)
    page.keyboard.press("Shift+Tab")
    outline = page.evaluate(
        "(({ outlineStyle, outlineWidth }) => [outlineStyle, outlineWidth])(getComputedStyle(document.activeElement))"
    )
    assert outline == ["solid", "2px"]
    page.fill("#prompt", "bash echo new > new.txt")
    page.press("#prompt", "Enter")
    said = page.locator('message-card[data-type="user"] .text')
    expect(said).to_be_visible()
    assert said.evaluate("text => getComputedStyle(text).borderTopStyle") == "solid"
    page.locator("#changes", has_text="+1").click()
    for part in (page.locator(".d-item[aria-current]"), page.locator(".d-tools [aria-pressed=true]")):
        assert part.first.evaluate("each => getComputedStyle(each).outlineStyle") == "solid"
    page.keyboard.press("Escape")
    page.locator("#settings").click()
    chosen = page.locator("label", has=page.get_by_role("radio", name="As the system"))
    assert chosen.evaluate("label => getComputedStyle(label).outlineStyle") == "solid"
    context.close()


def colours(page: Page, part: Locator) -> list[str]:
    """Those of the picture of `part` that are on more than a few of its pixels, the ground's first."""
    counted: list[str] = page.evaluate(
        """async (bytes) => {
            const picture = await createImageBitmap(new Blob([Uint8Array.from(bytes)]));
            const pen = new OffscreenCanvas(picture.width, picture.height).getContext("2d");
            pen.drawImage(picture, 0, 0);
            const { data } = pen.getImageData(0, 0, picture.width, picture.height);
            const counts = new Map();
            for (let at = 0; at < data.length; at += 4) {
                const colour = data.slice(at, at + 3).join(" ");
                counts.set(colour, (counts.get(colour) ?? 0) + 1);
            }
            return [...counts].filter(([, count]) => count > 100).sort((a, b) => b[1] - a[1]).map(([colour]) => colour);
        }""",
        list(part.screenshot()),
    )
    return counted


def test_the_slider_and_the_way_to_the_end_are_seen_where_colours_are_forced(
    browser: Browser, server: ServedRepository
) -> None:
    context = browser.new_context(viewport=DESK, forced_colors="active")
    page = context.new_page()
    page.goto(server.link)
    wait_connected(page)
    page.fill("#prompt", "echo " + "A line.\n\n" * 80)
    page.press("#prompt", "Enter")
    expect(page.locator('[data-idx="1"]')).to_be_visible()
    page.locator("session-timeline").hover()
    page.mouse.wheel(0, -2000)
    pill = page.locator(".pill")
    expect(pill).to_be_visible()
    assert pill.evaluate("each => getComputedStyle(each).borderTopStyle") == "solid"
    page.keyboard.press("Alt+t")
    slider = page.get_by_role("slider")
    expect(slider).to_be_visible()
    slider.press("Home")
    slider.evaluate("each => each.blur()")
    # The ground, what was played or the handle, and the rest of the way.
    assert len(colours(page, slider)) == 3
    context.close()


def test_nothing_moves_where_less_motion_is_wanted(browser: Browser, server: ServedRepository) -> None:
    context = browser.new_context(viewport=DESK, reduced_motion="reduce")
    page = context.new_page()
    page.goto(server.link)
    wait_connected(page)
    page.fill("#prompt", "slow 600")
    page.press("#prompt", "Enter")
    expect(page.locator('tool-card[data-status="running"]')).to_be_visible()
    assert page.evaluate("document.getAnimations().filter((each) => each.playState === 'running').length") == 0
    context.close()


def test_what_is_said_aloud_are_whole_answers_and_changes_of_state(page: Page, server: ServedRepository) -> None:
    """A region that told of every piece of an answer, or of every second of a countdown, would never be silent."""
    page.goto(server.link)
    wait_connected(page)
    page.evaluate(
        """() => {
            window.heard = [];
            const live = document.querySelectorAll('[role="status"], [role="alert"], [aria-live="polite"]');
            const tell = (region) => region.checkVisibility() && heard.push(region.textContent.trim());
            const changes = { childList: true, characterData: true, subtree: true };
            for (const region of live) new MutationObserver(() => tell(region)).observe(region, changes);
        }"""
    )
    page.fill("#prompt", "stream 60 10")
    page.press("#prompt", "Enter")
    expect(page.locator("[data-final]")).to_be_visible()
    expect(page.locator('[data-state="WaitingForUserInput"]').first).to_be_attached()
    heard = page.evaluate("heard.filter(Boolean)")
    assert len([each for each in heard if each.startswith("Agent: ")]) == 1
    assert len(heard) < 20, heard
