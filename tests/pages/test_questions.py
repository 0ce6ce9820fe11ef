"""A question of the agent's in the page: answered by a press, by words, or withdrawn."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.pages.test_settings import NOTED
from tests.projects import make_project
from tests.served import ServedRepository, served

pytestmark = pytest.mark.browser

ASKS = {"name": "ask_user", "input": {"question": "Which colour?", "options": ["red", "blue <b>"]}}
LONG = {
    "name": "ask_user",
    "input": {"question": "How?", "options": [("Slowly, and with great care. " * 6).strip(), "fast"]},
}
SCRIPT = [{"tool_calls": [ASKS]}, {"text": "Thanks."}, {"tool_calls": [ASKS]}, {"text": "Thanks again."}]
ROOM = """(e) => {
    const words = document.createRange();
    words.selectNodeContents(e);
    const [inner, outer] = [words.getBoundingClientRect(), e.getBoundingClientRect()];
    return Math.min(inner.top - outer.top, outer.bottom - inner.bottom);
}"""


@pytest.fixture
def server(tmp_path: Path) -> Iterator[ServedRepository]:
    make_project(tmp_path / "wordcount")
    script = tmp_path / "script.jsonl"
    script.write_text("\n".join(map(json.dumps, SCRIPT)))
    with served(tmp_path / "wordcount", tmp_path / "data", "--model", f"scripted:{script}") as each:
        yield each


def ask(page: Page, text: str) -> None:
    page.fill("#prompt", text)
    page.press("#prompt", "Enter")


def test_a_press_answers_the_question_and_the_agent_goes_on(page: Page, server: ServedRepository) -> None:
    page.goto(server.link)
    ask(page, "paint it")
    card = page.get_by_role("article", name="Question")
    expect(card).to_contain_text("Which colour?")
    expect(card).not_to_contain_text("- red")
    card.get_by_role("button", name="blue <b>").click()
    expect(page.locator('[data-idx="3"][data-type="user"]')).to_contain_text("blue <b>")
    expect(page.locator('[data-idx="5"]')).to_contain_text("Thanks.")
    expect(card.get_by_role("button")).to_have_count(0)
    page.reload()
    expect(page.locator('[data-idx="5"]')).to_contain_text("Thanks.")
    expect(page.get_by_role("article", name="Question").get_by_role("button")).to_have_count(0)


def test_who_answers_by_keyboard_goes_on_in_the_field(page: Page, server: ServedRepository) -> None:
    page.goto(server.link)
    ask(page, "paint it")
    option = page.get_by_role("article", name="Question").get_by_role("button", name="red")
    expect(option).to_be_visible()
    page.locator("#prompt").press("Shift+Tab")
    option.focus()
    option.press("Enter")
    expect(page.locator("#prompt")).to_be_focused()
    expect(page.locator('[data-idx="3"][data-type="user"]')).to_contain_text("red")


def test_a_long_answer_has_room_within_its_border(page: Page, tmp_path: Path) -> None:
    make_project(tmp_path / "long")
    script = tmp_path / "long.jsonl"
    script.write_text(json.dumps({"tool_calls": [LONG]}))
    with served(tmp_path / "long", tmp_path / "kept", "--model", f"scripted:{script}") as server:
        page.goto(server.link)
        ask(page, "paint it")
        option = page.get_by_role("article", name="Question").get_by_role("button", name="Slowly")
        expect(option).to_be_visible()
        assert option.evaluate(ROOM) >= 6


def test_that_another_session_asks_is_told_by_the_list(page: Page, server: ServedRepository) -> None:
    with server.client() as client:
        asking = client.get("sessions").json()[0]["url"]
        other = client.post("sessions", json={"title": "Another"}).json()["url"]
        page.goto(f"{server.url}{other}#token={server.token}")
        row = page.get_by_role("navigation", name="Sessions").locator("li").filter(has_text="paint it")
        client.post(f"{asking}chat", json={"message": "paint it"})
        expect(row).to_contain_text("Waits for your answer")
        expect(row).to_have_attribute("data-mood", "asks")
        page.keyboard.press("Control+k")
        expect(page.get_by_role("option").filter(has_text="paint it")).to_contain_text("Waits for your answer")
        page.keyboard.press("Escape")
        client.post(f"{asking}chat", json={"message": "red"})
        expect(row).not_to_contain_text("Waits for your answer")


def test_a_session_that_is_not_on_the_screen_and_asks_calls_the_user_and_marks_the_way_to_the_list(
    page: Page, server: ServedRepository
) -> None:
    page.add_init_script(NOTED)
    page.set_viewport_size({"width": 360, "height": 740})
    with server.client() as client:
        asking = client.get("sessions").json()[0]["url"]
        other = client.post("sessions", json={"title": "Another"}).json()["url"]
        page.goto(f"{server.url}{other}#token={server.token}")
        opener = page.get_by_role("button", name="Sessions", exact=True)
        expect(opener).to_be_visible()
        expect(page.locator(".session-row")).to_have_count(2)
        page.evaluate("localStorage.setItem('trio-agent.notify', 'on')")
        page.evaluate("leave()")
        client.post(f"{asking}chat", json={"message": "paint it"})
        page.wait_for_function("() => noted.length > 0")
        assert page.evaluate("noted[0].slice(0, 2)") == ["The agent asks: paint it", ""]
        expect(page).to_have_title("(1) Another · Waiting for you")
        page.evaluate("back()")
        expect(page).to_have_title("Another · Waiting for you")
        marked = page.get_by_role("button", name="Sessions: 1 other waits for your answer")
        expect(marked).to_be_visible()
        assert marked.evaluate("button => getComputedStyle(button, '::after').content") == '"?"'
        client.post(f"{asking}chat", json={"message": "red"})
        expect(opener).to_be_visible()


def test_all_of_the_page_says_that_the_agent_waits_for_an_answer(page: Page, server: ServedRepository) -> None:
    page.goto(server.link)
    ask(page, "paint it")
    card = page.get_by_role("article", name="Question")
    expect(card.get_by_text("Question", exact=True)).to_be_visible()
    doing = page.locator("#agent-state")
    expect(doing).to_have_text("Waits for your answer")
    expect(doing).to_have_attribute("data-mood", "asks")
    expect(page).to_have_title("? paint it · Waits for your answer")
    expect(page.get_by_role("navigation", name="Sessions").get_by_role("listitem")).to_contain_text(
        "Waits for your answer"
    )
    expect(page.get_by_placeholder("Answer the question…")).to_be_visible()
    expect(page.locator("#prompt-hint")).to_have_text("What you send is the answer")
    expect(page.locator("tool-card .tool-word")).to_have_text("asks")
    expect(page.locator("session-header").get_by_role("status")).to_have_text("The agent asks")
    assert page.evaluate("document.getAnimations().length") == 0, "nothing moves as if it were at work"
    card.get_by_role("button", name="red").click()
    expect(doing).to_have_text("Waiting for you")
    expect(page.locator("#prompt")).to_have_attribute("placeholder", "Ask for a change…")
    expect(card.get_by_text("Question", exact=True)).to_be_visible()


def test_words_answer_it_as_well_and_a_stop_withdraws_it(page: Page, server: ServedRepository) -> None:
    page.goto(server.link)
    ask(page, "paint it")
    card = page.get_by_role("article", name="Question")
    expect(card.get_by_role("button")).to_have_count(2)
    ask(page, "green")
    expect(page.locator('[data-idx="5"]')).to_contain_text("Thanks.")
    expect(card.get_by_role("button")).to_have_count(0)
    ask(page, "paint it again")
    again = page.get_by_role("article", name="Question").nth(1)
    expect(again.get_by_role("button")).to_have_count(2)
    page.click("#cancel")
    expect(page.get_by_text("Stopped by you").first).to_be_visible()
    expect(again.get_by_role("button")).to_have_count(0)


def test_on_a_narrow_page_all_buttons_of_a_working_agent_are_within_it(page: Page, server: ServedRepository) -> None:
    page.set_viewport_size({"width": 375, "height": 700})
    page.goto(server.link)
    ask(page, "paint it")
    expect(page.get_by_role("article", name="Question").get_by_role("button")).to_have_count(2)
    for button in ("#cancel", "#send", "question-options button >> nth=1"):
        expect(page.locator(button)).to_be_visible()
        box = page.locator(button).bounding_box()
        assert box is not None
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= 363, f"{button} sticks out of the composer"
