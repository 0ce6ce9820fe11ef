"""Every view and state of the page, in light and dark, on a desk and on a phone: drawn, as it looked before, and accessible.

The pictures go to a temporary folder; `nox -s screenshots` puts them into docs/screenshots, and what they look like (looks.py)
beside this file, for the next run to compare with.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Literal

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.pages.gallery import SCENES, House, Scene
from tests.pages.looks import Look, differences, look_of

pytestmark = pytest.mark.browser

HERE = Path(__file__).resolve().parent
KEPT = HERE / "looks"
AXE = HERE.parents[1] / "node_modules" / "axe-core" / "axe.min.js"
FOLDER_VARIABLE = "TRIO_AGENT_SCREENSHOTS"
DESK = {"viewport": {"width": 1280, "height": 800}}
PHONE = {"viewport": {"width": 390, "height": 844}, "is_mobile": True, "has_touch": True}
DEVICES: dict[str, dict[str, Any]] = {"desk": DESK, "phone": PHONE}
SCHEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")
PICTURES = bool(os.environ.get(FOLDER_VARIABLE))
QUICK: dict[str, tuple[Literal["light", "dark"], ...]] = {"desk": ("light",), "phone": ("dark",)}
"""Where no pictures are wanted, each device in one scheme: colours do not know on which of them they are."""
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]

SAY_THE_SAME = """() => {
    // What no two runs have in common. Only texts are changed, and they keep their length as far as it goes.
    const changing = [
        [/\\b\\d{1,2}:\\d{2}\\s[AP]M\\b/g, "09:41 AM"],
        [/\\b\\d{1,2}:\\d{2}(:\\d{2})?\\b(?! AM)/g, "0:12"],
        [/\\b\\d[\\d.,]* (ms|s)\\b/g, "1.2 s"],
        [/\\b(?=\\d*[a-f])(?=[a-f]*\\d)[0-9a-f]{8}\\b/g, "0c0ffee1"],
        [/…\\/[0-9a-f]{16}\\b/g, "…/0c0ffee10c0ffee1"],
        [/\\bjust now\\b|\\b\\d+\\s(sec|min)\\.\\sago/g, "just now"],
    ];
    const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    while (texts.nextNode()) {
        const node = texts.currentNode;
        if (node.parentElement.closest(".xterm, .d-code, pre")) continue;
        const same = changing.reduce((text, [what, instead]) => text.replace(what, instead), node.data);
        if (same !== node.data) node.data = same;
    }
}"""

LOOK_FOR_BARRIERS = """async (rules) => {
    const { violations } = await axe.run(document, { runOnly: { type: "tag", values: rules } });
    const told = (id) => ({ target, failureSummary }) => `${id}: ${target}: ${failureSummary}`;
    return violations.flatMap(({ id, nodes }) => nodes.map(told(id)));
}"""


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    expect.set_options(timeout=20_000)
    with pytest.MonkeyPatch.context() as patch, ExitStack() as stack:
        home = tmp_path_factory.mktemp("home")
        patch.setenv("HOME", str(home))
        patch.setenv("SHELL", "/bin/bash")
        yield House(stack, tmp_path_factory.mktemp("house"))
    expect.set_options(timeout=5_000)


@pytest.fixture(scope="module")
def desk(browser: Browser) -> Iterator[Page]:
    """Where pictures are looked at: a page without a policy."""
    page = browser.new_page()
    yield page
    page.close()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    chosen = Path(os.environ.get(FOLDER_VARIABLE) or tmp_path / "screenshots")
    chosen.mkdir(parents=True, exist_ok=True)
    return chosen


def opened(browser: Browser, device: str) -> BrowserContext:
    context = browser.new_context(locale="en-US", reduced_motion="reduce", **DEVICES[device])
    assert AXE.is_file(), "axe-core is missing: run `npm ci`"
    # Before the page's own scripts, and so before its policy, which would not let it in.
    context.add_init_script(path=AXE)
    # Not asked yet, whichever browser it is: Chromium's shell has no notifications, and says that they are forbidden.
    context.add_init_script("Object.defineProperty(Notification, 'permission', { get: () => 'default' })")
    return context


@pytest.mark.timeout(300)  # Two visits each, and the first of them waits for the house to be furnished.
@pytest.mark.parametrize("scene", SCENES, ids=lambda scene: scene.name)
def test_every_view_looks_as_it_did_and_bars_nobody(
    browser: Browser, house: House, desk: Page, folder: Path, scene: Scene
) -> None:
    kept = KEPT / f"{scene.name}.json"
    before: dict[str, Look] = json.loads(kept.read_text("utf-8")) if kept.is_file() else {}
    now: dict[str, Look] = {}
    barriers = {}
    for device in DEVICES:
        context = opened(browser, device)
        page = context.new_page()
        scene.enter(page, house)
        page.evaluate("document.fonts.ready")
        for scheme in SCHEMES if PICTURES else QUICK[device]:
            guise = f"{device}-{scheme}"
            # As when the sun goes down: what is on the screen changes, and nothing is loaded anew.
            page.emulate_media(color_scheme=scheme)
            page.evaluate(SAY_THE_SAME)
            picture = page.screenshot(path=folder / f"{scene.name}-{guise}.png", animations="disabled", caret="hide")
            now[guise] = look_of(page, picture, desk)
            if found := page.evaluate(LOOK_FOR_BARRIERS, RULES):
                barriers[guise] = found
        assert page.evaluate("document.documentElement.scrollWidth") <= DEVICES[device]["viewport"]["width"]
        context.close()
    assert barriers == {}
    if PICTURES:
        KEPT.mkdir(exist_ok=True)
        kept.write_text(json.dumps(now, indent=1) + "\n", "utf-8")
        return
    assert before, f"{kept.name} is not there: make it with `nox -s screenshots`, look at the pictures, and commit both"
    assert {guise: differences(before[guise], look) for guise, look in now.items()} == {guise: [] for guise in now}
