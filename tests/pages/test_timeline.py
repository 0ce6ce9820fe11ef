"""The log on the page: long ones, what is read while more comes, calls and what belongs to them, programs' colours."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.projects import make_project
from tests.served import ServedRepository, served

pytestmark = pytest.mark.browser

LONG = 6000
MOST_CARDS = 2500
"""As the page bounds them, but for those in view."""

DELEGATED = {"name": "subagent", "input": {"task": "Count the words."}}
SUB_SCRIPT = [
    {"tool_calls": [DELEGATED, {"name": "bash", "input": {"command": "echo beside"}}], "text": "To be counted."},
    {"text": "Counted."},
]

# Where the reader's eye is: the card in the middle of the view, and how far below the window's edge it stands.
READING = """() => {
    const box = document.querySelector("session-timeline").getBoundingClientRect();
    for (let y = box.top + box.height / 2; y < box.bottom; y += 4) {
        const card = document.elementFromPoint(box.left + box.width / 2, y)?.closest("[data-idx]");
        if (card) return [Number(card.dataset.idx), Math.round(card.getBoundingClientRect().top)];
    }
}"""
PLACE = "idx => Math.round(document.querySelector(`[data-idx='${idx}']`).getBoundingClientRect().top)"
RESTING = """async () => {
    const box = document.querySelector("session-timeline");
    for (let frames = 0, top = -1; frames < 20; frames = box.scrollTop === top ? frames + 1 : 0, top = box.scrollTop) {
        await new Promise(requestAnimationFrame);
    }
    return box.scrollTop;
}"""
AT_END = """() => {
    const box = document.querySelector("session-timeline");
    return box.scrollHeight - box.scrollTop - box.clientHeight < 2;
}"""
GROW_ABOVE = """async card => {
    card.style.paddingTop = "333px";
    await new Promise(done => requestAnimationFrame(() => setTimeout(done)));
}"""
IN_VIEW = """idx => {
    const box = document.querySelector("session-timeline").getBoundingClientRect();
    const card = document.querySelector(`[data-idx="${idx}"]`)?.getBoundingClientRect();
    return Boolean(card && card.height > 0 && card.top < box.bottom && card.bottom > box.top);
}"""


def ask(page: Page, text: str) -> None:
    page.fill("#prompt", text)
    page.press("#prompt", "Enter")


def say(server: ServedRepository, text: str) -> None:
    with server.client() as client:
        assert client.post("chat", json={"message": text}).status_code == 202


def count_after(server: ServedRepository, text: str, least: int) -> int:
    """How many messages the log has when the agent is done with `text`; at least `least`."""
    say(server, text)
    with server.client() as client:
        while True:
            state = client.get("state", params={"poll": "true", "seen": least - 1}).json()
            if state["agent_state"] == "WaitingForUserInput" and state["message_count"] >= least:
                return int(state["message_count"])


def shown(page: Page) -> list[int]:
    return page.eval_on_selector_all("[data-idx]", "cards => cards.map(card => Number(card.dataset.idx))")


def wait_in_view(page: Page, idx: int) -> None:
    page.wait_for_function(IN_VIEW, arg=idx)


def scroll(page: Page, script: str) -> None:
    page.evaluate(f"() => {{ const box = document.querySelector('session-timeline'); {script} }}")


def last_card(page: Page) -> Locator:
    return page.locator("tool-card").last


def test_a_long_log_opens_at_its_end_and_every_message_can_be_scrolled_to(page: Page, server: ServedRepository) -> None:
    count = count_after(server, f"burst {LONG} 100", LONG)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(server.link)
    wait_in_view(page, count - 1)
    assert not [url for url in asked if "/messages?" in url], "what is before the end was fetched unasked"
    scroll(page, "box.scrollTop = 0;")
    wait_in_view(page, 0)
    scroll(page, "box.scrollTop = box.scrollHeight / 2;")
    page.wait_for_function(f"() => ({READING})()")
    middle = page.evaluate(READING)[0]
    assert count / 4 < middle < 3 * count / 4
    cards = shown(page)
    assert len(cards) == len(set(cards))
    rows = page.eval_on_selector_all("message-card", "cards => cards.map(card => Number(card.dataset.idx))")
    assert rows == sorted(rows)
    scroll(page, "box.scrollTop = box.scrollHeight;")
    wait_in_view(page, count - 1)


def test_a_message_far_away_is_led_to_and_marked(page: Page, server: ServedRepository) -> None:
    count = count_after(server, f"burst {LONG} 100", LONG)
    page.goto(server.link)
    wait_in_view(page, count - 1)
    for idx in (17, LONG // 2, count - 1):
        page.evaluate("idx => document.querySelector('session-timeline').reveal(idx)", idx)
        card = page.locator(f'[data-idx="{idx}"]')
        expect(card).to_have_attribute("data-revealed", "")
        wait_in_view(page, idx)
        expect(card).to_be_focused()
    for idx in range(0, LONG, 400):
        page.evaluate("idx => document.querySelector('session-timeline').reveal(idx)", idx)
        wait_in_view(page, idx)
    cards = shown(page)
    assert len(cards) == len(set(cards))
    assert len(cards) <= MOST_CARDS + 500, "what is far away was not emptied"


def test_what_is_read_stays_where_it_is_while_more_comes_and_a_pill_counts_it(
    page: Page, server: ServedRepository
) -> None:
    count_after(server, "burst 200 200", 200)
    page.goto(server.link)
    wait_in_view(page, 200)
    page.mouse.move(600, 400)
    page.mouse.wheel(0, -3000)
    page.wait_for_function(
        "() => { const b = document.querySelector('session-timeline'); return b.scrollHeight - b.scrollTop > 2500; }"
    )
    idx, top = page.evaluate(READING)
    pill = page.locator(".pill")
    expect(pill).to_have_text("To the end")
    count = count_after(server, "burst 40 200", 243)
    expect(pill).to_contain_text("new messages")
    assert page.evaluate(PLACE, idx) == top
    say(server, "stream 300 1")
    expect(page.locator("[data-draft]")).to_contain_text(" ")
    expect(page.locator("[data-draft]")).to_have_count(0)
    assert page.evaluate(PLACE, idx) == top
    pill.click()
    wait_in_view(page, count + 1)
    expect(pill).to_be_hidden()


@pytest.mark.parametrize("way", ["wheel", "key"])
def test_who_goes_up_by_a_little_while_text_is_written_stays_there_and_is_led_back(
    page: Page, server: ServedRepository, way: str
) -> None:
    page.goto(server.link)
    say(server, "stream 30000 40")
    page.wait_for_function("() => document.querySelector('session-timeline').scrollTop > 400")
    page.mouse.move(600, 400)
    page.locator("session-timeline").focus()
    for _ in range(30):
        if way == "wheel":
            page.mouse.wheel(0, -12)
        else:
            page.keyboard.press("ArrowUp")
    pill = page.locator(".pill")
    expect(pill).to_have_text("To the end")
    top = page.evaluate(RESTING)
    height = page.evaluate("() => document.querySelector('session-timeline').scrollHeight")
    page.wait_for_function(
        "height => document.querySelector('session-timeline').scrollHeight > height + 500", arg=height
    )
    assert page.evaluate(RESTING) == top
    pill.click()
    expect(pill).to_be_hidden()
    page.wait_for_function(AT_END)


def test_what_grows_above_does_not_move_what_is_read(page: Page, server: ServedRepository) -> None:
    count_after(server, "burst 300 200", 300)
    page.goto(server.link)
    wait_in_view(page, 300)
    page.mouse.move(600, 400)
    page.mouse.wheel(0, -3000)
    page.wait_for_function(
        "() => { const b = document.querySelector('session-timeline'); return b.scrollHeight - b.scrollTop > 2500; }"
    )
    idx, top = page.evaluate(READING)
    # As Markdown that arrives, or an image; also above all that is laid out.
    for above in (idx - 20, idx - 100):
        page.locator(f'[data-idx="{above}"]').evaluate(GROW_ABOVE)
        assert page.evaluate(PLACE, idx) == top


def test_an_answer_reads_the_same_while_it_is_written_and_afterwards(page: Page, server: ServedRepository) -> None:
    page.goto(server.link)
    text = "\n\n".join(f"Paragraph {number}: " + "word " * 30 for number in range(60))
    ask(page, f"echo {text}")
    expect(page.locator('[data-idx="1"]')).to_contain_text("Paragraph 59")
    read = page.evaluate(
        """async text => {
            const { grow } = await import("./static/js/views/growing-text.js");
            const element = document.createElement("div");
            for (let end = 0; end <= text.length; end += 7) grow(element, text.slice(0, end));
            grow(element, text);
            const whole = element.textContent;
            grow(element, "anew");
            return [whole, element.textContent];
        }""",
        text,
    )
    assert read == [text, "anew"]


def test_a_program_has_its_colours_and_its_progress_bar_one_line(page: Page, server: ServedRepository) -> None:
    page.goto(server.link)
    ask(page, r"bash printf '\033[31mred\033[0m \033[38;2;1;2;3mdark\033[0m\n10%%\r50%%\r100%%\033[K done\n'; exit 3")
    card = last_card(page)
    expect(card.locator(".tool-word")).to_have_text("exit 3")
    card.locator("summary").click()
    output = card.locator(".tool-output")
    expect(output).to_contain_text("red dark")
    assert "100% done" in output.inner_text()
    assert "50%" not in output.inner_text()
    red = output.locator("span", has_text="red")
    assert red.evaluate("span => getComputedStyle(span).color") != output.evaluate("pre => getComputedStyle(pre).color")


def test_the_output_of_a_running_command_is_shown_live_and_its_own_button_stops_it(
    page: Page, server: ServedRepository
) -> None:
    page.goto(server.link)
    ask(page, r"bash printf '\033[32mready\033[0m\n'; sleep 600")
    card = last_card(page)
    expect(card).to_have_attribute("data-status", "running")
    card.locator("summary").click()
    expect(card.locator(".tool-output")).to_contain_text("ready")
    # Not the one beside what runs, which may be there by now.
    card.get_by_role("button", name="Stop bash").click()
    expect(card).to_have_attribute("data-status", "interrupted")
    expect(card.locator(".tool-word")).to_have_text("cancelled")
    expect(page.get_by_role("button", name="Stop bash")).to_have_count(0)


@pytest.fixture
def delegating(tmp_path: Path) -> Iterator[ServedRepository]:
    make_project(tmp_path / "wordcount")
    script = tmp_path / "script.jsonl"
    script.write_text("\n".join(map(json.dumps, SUB_SCRIPT)))
    with served(tmp_path / "wordcount", tmp_path / "data", "--model", f"scripted:{script}") as each:
        yield each


@pytest.mark.parametrize("ahead_ms", [600_000, -600_000])
def test_a_running_call_is_as_old_as_the_server_says_whatever_our_clock(
    page: Page, server: ServedRepository, ahead_ms: int
) -> None:
    page.add_init_script(f"const now = Date.now.bind(Date); Date.now = () => now() + {ahead_ms};")
    page.goto(server.link)
    ask(page, "slow 600")
    time = page.locator(".tool-time")
    expect(time).to_have_text(re.compile(r"^[2-9] s$"))
    page.reload()
    expect(time).to_have_text(re.compile(r"^([3-9]|[1-5]\d) s$"))
    # It did not begin anew.
    age = page.locator('task-row[data-kind="tool"] .task-age')
    told, shown = age.inner_text(), time.inner_text()
    assert abs(int(told.rpartition(":")[2]) - int(shown.removesuffix(" s"))) <= 1


def test_what_a_sub_agent_does_is_nested_in_its_call_and_folded_when_done(
    page: Page, delegating: ServedRepository
) -> None:
    page.goto(delegating.link)
    ask(page, "count them")
    expect(page.locator("[data-final]")).to_contain_text("Counted.")
    call = page.locator(".log > .cards > .block > message-card > .tools > tool-card", has_text="subagent")
    for _ in range(2):
        steps = call.locator(".tool-steps message-card")
        expect(steps).to_have_count(3)
        expect(steps.first).to_be_hidden()
        call.locator("summary").first.click()
        expect(steps.first).to_contain_text("Count the words.")
        expect(call.locator(".tool-steps tool-card").first).to_be_visible()
        with delegating.client() as client:
            count = client.get("state").json()["message_count"]
        expect(page.locator("[data-idx]")).to_have_count(count)
        assert sorted(shown(page)) == list(range(count))
        page.reload()
        expect(page.locator("[data-final]")).to_contain_text("Counted.")


def test_a_reader_of_screens_is_told_whole_answers_and_nothing_while_they_are_written(
    page: Page, server: ServedRepository
) -> None:
    page.goto(server.link)
    expect(page.locator('network-status[data-status="connected"]')).to_be_visible()
    page.evaluate("""() => {
        window.spoken = [];
        const news = document.querySelector("spoken-news");
        new MutationObserver(() => window.spoken.push(news.textContent)).observe(news, { childList: true });
    }""")
    ask(page, "stream 200 2")
    expect(page.locator("[data-final]")).to_have_count(1)
    ask(page, "echo short")
    expect(page.locator("[data-final]")).to_have_count(2)
    spoken = page.evaluate("() => window.spoken")
    assert len(spoken) == 2
    assert spoken[0].startswith("Agent: ")
    assert len(spoken[0]) < 320
    assert spoken[1] == "Agent: short"


def test_a_long_log_goes_on_after_the_server_was_killed_without_being_sent_again(
    page: Page, server: ServedRepository
) -> None:
    count = count_after(server, f"burst {LONG} 100", LONG)
    page.goto(server.link)
    wait_in_view(page, count - 1)
    page.evaluate("idx => { window.kept = document.querySelector(`[data-idx='${idx}']`); }", count - 1)
    server.kill()
    server.start()
    expect(page.locator('network-status[data-status="connected"]')).to_be_visible(timeout=30_000)
    ask(page, "echo still here")
    expect(page.locator(f'[data-idx="{count + 1}"]')).to_contain_text("still here")
    assert page.evaluate("() => window.kept.isConnected")
    cards = shown(page)
    assert len(cards) == len(set(cards))
