"""A recorded session in a real browser: the page shows the file, wherever somebody goes in it."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.replays import Replayed, replayed
from tests.runtime.recordings import TURN, lines
from tests.served import ServedRepository
from trio_agent.core.message import Message

pytestmark = pytest.mark.browser

WIDTHS = (1280, 375)
TURNS = 4
PATIENCE_MS = 60_000
CARDS = """
cards => cards.map(card => ({
  idx: Number(card.dataset.idx), type: card.dataset.type,
  text: card.matches("tool-card") ? card.querySelector(".tool-name").textContent : card.querySelector(".text").textContent,
}))
"""


@pytest.fixture(autouse=True)
def patience() -> Iterator[None]:
    """A tour is a dozen commands and commits: on a busy machine more than the five seconds that are usual."""
    expect.set_options(timeout=PATIENCE_MS)
    yield
    expect.set_options(timeout=5_000)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "log.jsonl"
    path.write_bytes(b"\n".join(lines(TURN * TURNS)) + b"\n")
    return path


@pytest.fixture
def replay(tmp_path: Path, file: Path) -> Iterator[Replayed]:
    """A replay that stands at its end."""
    with replayed(tmp_path / "home", file, "--speed", "inf") as each:
        yield each


def recorded(file: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in file.read_text("utf-8").splitlines()]


def letters(text: str) -> str:
    """What is left of Markdown and of its HTML alike."""
    return re.sub(r"\W+", "", text)


def expect_shown(page: Page, messages: list[dict[str, Any]]) -> None:
    """The page comes to show `messages`, each once, in order, and nothing else."""
    expect(page.locator("[data-idx]")).to_have_count(len(messages))
    said = [each["tool_name"] if each["type"] == "tool" else each["content"] for each in messages]
    assert look(page) == [(each["idx"], each["type"], letters(text)) for each, text in zip(messages, said, strict=True)]


def look(page: Page) -> list[tuple[int, str, str]]:
    """Index, type and text of each message on the page, in its order."""
    cards = page.eval_on_selector_all("[data-idx]", CARDS)
    return [(card["idx"], card["type"], letters(card["text"])) for card in cards]


def place(page: Page) -> str:
    return page.locator("#replay-place").inner_text()


def seek(page: Page, position: int) -> None:
    """As somebody who lets go of the slider there."""
    drag = (
        "(slider, to) => { slider.value = to; ['input', 'change'].map(each => slider.dispatchEvent(new Event(each))); }"
    )
    page.locator("#replay-position").evaluate(drag, position)


def test_a_recorded_tour_plays_to_its_end(page: Page, server: ServedRepository, tmp_path: Path) -> None:
    page.goto(server.link)
    page.fill("#prompt", "show me around")
    page.press("#prompt", "Enter")
    expect(page.locator("[data-final]")).to_have_count(1)
    expect(page.locator('[data-state="WaitingForUserInput"]').first).to_be_visible()
    live = look(page)
    with server.client() as client:
        session = client.get("state").json()["session_id"]
    export = [sys.executable, "-m", "trio_agent", "export", session, "--data-dir", str(server.data_dir)]
    file = tmp_path / "tour.jsonl"
    file.write_bytes(subprocess.run(export, capture_output=True, check=True).stdout)
    with replayed(tmp_path / "home", file, "--speed", "50") as replay:
        page.goto(replay.link)
        expect(page.locator("#replay-place")).to_have_text(f"Message {len(live)} of {len(live)}")
        expect_shown(page, recorded(file))
        expect(page.locator("[data-final] .markdown")).to_have_count(1)
        assert look(page) == live, "it looks as it looked when it was made"


def test_seeking_back_and_forth_shows_what_the_file_holds_up_to_there(page: Page, replay: Replayed, file: Path) -> None:
    messages = recorded(file)
    page.goto(replay.link)
    expect_shown(page, messages)
    for position in (9, 3, 12, 1, 16, 2):
        seek(page, position)
        expect(page.locator("#replay-place")).to_have_text(f"Message {position} of {len(messages)}")
        expect_shown(page, messages[:position])
        expect(page.locator("network-status")).to_have_attribute("data-status", "connected")
    page.click("#replay-on")
    expect_shown(page, messages[:3])
    page.click("#replay-back")
    expect_shown(page, messages[:2])
    page.locator("#replay-position").press("End")
    expect_shown(page, messages)
    page.locator("#replay-position").press("ArrowLeft")
    expect_shown(page, messages[:-1])


def test_at_each_message_the_page_tells_what_the_agent_did_then(page: Page, replay: Replayed) -> None:
    page.goto(replay.link)
    # A slider goes no further than what it knows of.
    expect(page.locator("#replay-place")).to_have_text(f"Message {4 * TURNS} of {4 * TURNS}")
    seek(page, 6)
    expect(page.locator("#agent-state")).to_have_text("Running bash")
    expect(page.locator('tool-card[data-status="running"]')).to_have_count(1)
    expect(page.locator(".tool-stop:visible")).to_have_count(0)
    seek(page, 7)
    expect(page.locator("#agent-state")).to_have_text("Thinking")
    expect(page.locator("session-header h1")).to_have_text("run the tests")
    expect(page.locator("usage-meter .big")).to_have_text("$1.00")


def test_it_plays_pauses_and_begins_again(page: Page, replay: Replayed) -> None:
    page.goto(replay.link)
    play = page.locator("#replay-play")
    expect(play).to_have_attribute("aria-label", "Play again")
    page.select_option("#replay-speed", "0.5")
    play.click()
    expect(play).to_have_attribute("aria-label", "Pause")
    expect(page.locator("#replay-place")).to_have_text(f"Message 2 of {4 * TURNS}")
    play.click()
    expect(play).to_have_attribute("aria-label", "Play")
    with replay.client() as client:
        told = client.get("replay").json()
        assert (told["playing"], told["speed"]) == (False, 0.5)
        assert place(page).startswith(f"Message {told['position']} of")
    page.select_option("#replay-speed", "100")
    play.click()
    expect(play).to_have_attribute("aria-label", "Play again")
    expect(page.locator("#replay-place")).to_have_text(f"Message {4 * TURNS} of {4 * TURNS}")


def test_what_one_page_does_all_pages_show(page: Page, replay: Replayed, file: Path) -> None:
    page.goto(replay.link)
    other = page.context.new_page()
    other.goto(replay.link)
    expect(other.locator("#replay-position")).to_be_enabled()
    seek(page, 5)
    page.select_option("#replay-speed", "20")
    for each in (page, other):
        expect_shown(each, recorded(file)[:5])
        expect(each.locator("#replay-place")).to_have_text(f"Message 5 of {4 * TURNS}")
        expect(each.locator("#replay-speed")).to_have_value("20")
    seek(other, 8)
    for each in (page, other):
        expect_shown(each, recorded(file)[:8])


def test_there_is_nothing_to_write_to_to_stop_or_to_begin(page: Page, replay: Replayed) -> None:
    page.goto(replay.link)
    expect(page.locator("#replay-play")).to_be_visible()
    for gone in ("#prompt", "#send", "#cancel", "#new-session", "#changes"):
        expect(page.locator(gone)).to_be_hidden()


def test_a_server_at_work_shows_no_bar(page: Page, server: ServedRepository) -> None:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(server.link)
    expect(page.locator("#prompt")).to_be_visible()
    expect(page.locator("replay-bar")).to_be_hidden()
    assert not [url for url in asked if url.endswith("/replay")]


@pytest.mark.parametrize("width", WIDTHS)
def test_the_bar_of_a_long_log_fits_and_everything_on_it_can_be_reached(
    browser: Browser, tmp_path: Path, width: int
) -> None:
    file = tmp_path / "long.jsonl"
    file.write_bytes(b"\n".join(lines([Message(content="x")] * 12_345)))
    context = browser.new_context(viewport={"width": width, "height": 740})
    page = context.new_page()
    with replayed(tmp_path / "home", file, "--speed", "inf") as replay:
        page.goto(replay.link)
        expect(page.locator("#replay-position")).to_be_enabled()
        expect(page.locator("#replay-place")).to_have_text("Message 12,345 of 12,345")
        bar = page.locator(".replay").bounding_box()
        assert bar is not None
        for control in ("back", "play", "on", "position", "place", "speed"):
            box = page.locator(f"#replay-{control}").bounding_box()
            assert box is not None
            assert bar["x"] < box["x"]
            assert box["x"] + box["width"] < bar["x"] + bar["width"] <= width
            assert box["y"] + box["height"] < bar["y"] + bar["height"] <= 740
            assert box["height"] >= 20
        assert page.locator("#replay-place").evaluate("place => place.scrollWidth <= place.clientWidth"), "cut off"
        assert page.evaluate("document.documentElement.scrollWidth") <= width
    context.close()
