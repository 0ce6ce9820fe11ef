"""Where the user writes: files, completion, what was said before, what waits, two tabs, and what it says of the connection."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Route, expect

from tests.served import ServedRepository

pytestmark = pytest.mark.browser

PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAIAAAACCAIAAAD91JpzAAAAFklEQVR4nGP8z8DAwMDAxMDAwMDAAAANHQEDasKb6QAAAABJRU5ErkJggg=="
)


def open_page(page: Page, server: ServedRepository) -> None:
    page.goto(server.link)
    expect(page.locator('network-status[data-status="connected"]')).to_be_visible(timeout=30_000)


def ask(page: Page, text: str) -> None:
    page.fill("#prompt", text)
    page.press("#prompt", "Enter")


def wait_idle(page: Page) -> None:
    expect(page.locator('[data-state="WaitingForUserInput"]').first).to_be_visible()


def said(server: ServedRepository) -> list[dict[str, Any]]:
    with server.client() as client:
        return [each for each in client.get("messages").json() if each["type"] == "user"]


def give(page: Page, how: str, name: str, kind: str, data: bytes) -> None:
    """A file by `paste` into the field, or by `drop` on the page."""
    page.evaluate(
        """([how, name, type, bytes]) => {
            const carried = new DataTransfer();
            carried.items.add(new File([Uint8Array.from(bytes)], name, { type }));
            const field = document.querySelector("#prompt");
            const init = { bubbles: true, cancelable: true };
            if (how === "paste") field.dispatchEvent(new ClipboardEvent("paste", { ...init, clipboardData: carried }));
            else for (const kind of ["dragover", "drop"]) {
                document.querySelector("main").dispatchEvent(new DragEvent(kind, { ...init, dataTransfer: carried }));
            }
        }""",
        [how, name, kind, list(data)],
    )


@pytest.mark.parametrize("how", ["picker", "paste", "drop"])
def test_an_image_goes_with_the_words_and_is_shown_in_the_bubble(
    page: Page, server: ServedRepository, tmp_path: Path, how: str
) -> None:
    open_page(page, server)
    if how == "picker":
        picture = tmp_path / "shot.png"
        picture.write_bytes(PNG)
        page.set_input_files("message-composer input[type=file]", picture)
    else:
        give(page, how, "shot.png", "image/png", PNG)
    expect(page.locator('.composer-file[data-status="ready"]')).to_contain_text("shot.png")
    ask(page, "echo look")
    bubble = page.locator('[data-idx="0"]')
    bubble.get_by_role("button", name="Show shot.png larger").click()
    expect(bubble.locator('.file-image[aria-expanded="true"] img')).to_be_visible()
    assert bubble.locator("img").evaluate("image => image.decode().then(() => image.naturalWidth)") == 2
    expect(page.locator(".composer-file")).to_have_count(0)
    (message,) = said(server)
    assert [(each["name"], each["media_type"]) for each in message["display"]["files"]] == [("shot.png", "image/png")]


def test_a_file_can_be_removed_and_files_alone_are_a_message(page: Page, server: ServedRepository) -> None:
    open_page(page, server)
    give(page, "drop", "one.txt", "text/plain", b"one")
    give(page, "drop", "two.txt", "text/plain", b"two")
    expect(page.locator('.composer-file[data-status="ready"]')).to_have_count(2)
    page.get_by_role("button", name="Remove one.txt").click()
    page.press("#prompt", "Enter")
    expect(page.locator('[data-idx="0"] .file-chip')).to_contain_text("two.txt")
    assert [each["text"] for each in said(server)[0]["display"]["files"]] == ["two"]


def test_a_message_sent_before_its_files_are_there_waits_for_them_and_goes_before_later_ones(
    page: Page, server: ServedRepository
) -> None:
    open_page(page, server)
    page.context.set_offline(True)
    expect(page.locator("#prompt-hint.news")).to_contain_text("goes out", timeout=30_000)
    give(page, "paste", "shot.png", "image/png", PNG)
    waiting = page.locator('.composer-file[data-status="waiting"]')
    expect(waiting).to_contain_text("Waits for the connection")
    ask(page, "echo look")
    expect(page.locator("#prompt")).to_have_value("")
    expect(page.locator(".composer-file")).to_have_count(0)
    ask(page, "echo afterwards")
    cards = page.locator("pending-card")
    expect(cards.nth(0)).to_contain_text("Waits for its files")
    expect(cards.nth(0)).to_contain_text("shot.png")
    give(page, "paste", "other.txt", "text/plain", b"other")
    ask(page, "echo no")
    cards.nth(2).get_by_role("button", name="Take it back").click()
    expect(cards).to_have_count(2)
    page.context.set_offline(False)
    expect(page.locator('[data-type="user"]')).to_have_count(2, timeout=30_000)
    expect(cards).to_have_count(0)
    messages = said(server)
    assert [each["content"] for each in messages] == ["echo look", "echo afterwards"]
    assert [each["name"] for each in messages[0]["display"]["files"]] == ["shot.png"]
    # Nothing of it is left in the browser.
    assert page.evaluate(SHELF) == []
    assert page.evaluate("Object.keys(localStorage).filter(key => key.includes('outbox'))") == []


SHELF = """() => new Promise((resolve) => {
    const opening = indexedDB.open("trio-agent", 1);
    opening.onupgradeneeded = () => opening.result.createObjectStore("files");
    opening.onsuccess = () => {
        const asked = opening.result.transaction("files").objectStore("files").getAllKeys();
        asked.onsuccess = () => (opening.result.close(), resolve(asked.result));
    };
})"""


def test_what_waits_for_its_files_goes_out_though_the_page_was_closed(
    context: BrowserContext, server: ServedRepository
) -> None:
    page = context.new_page()
    open_page(page, server)
    page.route("**/blobs", lambda route: route.abort())
    give(page, "drop", "one.txt", "text/plain", b"one")
    ask(page, "echo look")
    expect(page.locator('pending-card[data-status="gathering"]')).to_contain_text("one.txt")
    page.wait_for_function(f"({SHELF})().then(kept => kept.length === 1)")
    page.close()
    late = context.new_page()
    open_page(late, server)
    expect(late.locator('[data-idx="0"] .file-chip')).to_contain_text("one.txt", timeout=30_000)
    assert [each["content"] for each in said(server)] == ["echo look"]


def test_a_file_that_the_browser_has_not_kept_fails_its_message_and_the_words_can_be_edited(
    context: BrowserContext, server: ServedRepository
) -> None:
    page = context.new_page()
    page.add_init_script("Object.defineProperty(window, 'indexedDB', { value: null })")
    open_page(page, server)
    page.route("**/blobs", lambda route: route.abort())
    give(page, "drop", "one.txt", "text/plain", b"one")
    ask(page, "echo look")
    expect(page.locator('pending-card[data-status="gathering"]')).to_contain_text("one.txt")
    page.reload()
    card = page.locator('pending-card[data-status="failed"]')
    expect(card).to_contain_text("one.txt was not kept", timeout=30_000)
    expect(card.get_by_role("button", name="Try again")).to_be_hidden()
    card.get_by_role("button", name="Edit").click()
    expect(page.locator("#prompt")).to_have_value("echo look")
    expect(page.locator(".composer-told")).to_contain_text("attach it again")
    assert said(server) == []


def test_a_file_that_is_refused_is_said_before_and_after_its_message_is_sent(
    page: Page, server: ServedRepository
) -> None:
    open_page(page, server)
    refusal = {"status": 415, "content_type": "application/problem+json", "body": '{"detail": "not such a file"}'}
    page.route("**/blobs", lambda route: route.fulfill(**refusal))  # type: ignore[arg-type]
    give(page, "drop", "one.txt", "text/plain", b"one")
    expect(page.locator('.composer-file[data-status="failed"]')).to_contain_text("not such a file")
    page.fill("#prompt", "echo look")
    expect(page.locator("#send")).to_be_disabled()
    expect(page.locator("#prompt-hint")).to_contain_text("one.txt cannot be sent")
    page.get_by_role("button", name="Remove one.txt").click()
    page.unroute("**/blobs")
    page.route("**/blobs", lambda route: route.abort())
    give(page, "drop", "two.txt", "text/plain", b"two")
    page.press("#prompt", "Enter")
    card = page.locator("pending-card")
    expect(card).to_have_attribute("data-status", "gathering")
    page.unroute("**/blobs")
    page.route("**/blobs", lambda route: route.fulfill(**refusal))  # type: ignore[arg-type]
    expect(card).to_contain_text("Not sent: two.txt: not such a file", timeout=30_000)
    page.unroute("**/blobs")
    card.get_by_role("button", name="Edit").click()
    # Its contents are still here, and so it goes up again.
    expect(page.locator('.composer-file[data-status="ready"]')).to_contain_text("two.txt")
    page.press("#prompt", "Enter")
    expect(page.locator('[data-idx="0"] .file-chip')).to_contain_text("two.txt")


def test_a_message_that_is_too_long_says_so_and_offers_no_second_try(page: Page, server: ServedRepository) -> None:
    open_page(page, server)
    page.fill("#prompt", "echo " + "long " * 250_000)
    # To lay out a million characters takes a busy machine its time.
    page.press("#prompt", "Enter", timeout=60_000)
    card = page.locator('pending-card[data-status="failed"]')
    expect(card).to_contain_text("the message is too long; it may have 1 MB")
    expect(card.locator(".icon-warning")).to_have_count(1)
    expect(card.get_by_role("button", name="Try again")).to_be_hidden()
    card.get_by_role("button", name="Edit").click()
    expect(page.locator("#prompt")).to_have_value("echo " + ("long " * 250_000).strip())


def test_what_is_too_large_or_empty_is_refused_before_it_is_sent(page: Page, server: ServedRepository) -> None:
    open_page(page, server)
    give(page, "drop", "empty.txt", "text/plain", b"")
    expect(page.locator(".composer-told")).to_contain_text("empty.txt is empty")
    page.evaluate(
        """() => {
            const carried = new DataTransfer();
            carried.items.add(new File([new Uint8Array(10 * 1024 * 1024 + 1)], "huge.bin"));
            document.dispatchEvent(new DragEvent("drop", { bubbles: true, cancelable: true, dataTransfer: carried }));
        }"""
    )
    expect(page.locator(".composer-told")).to_contain_text("huge.bin is too large")
    expect(page.locator(".composer-file")).to_have_count(0)


def test_a_large_photograph_is_made_small_enough_for_a_model(page: Page, server: ServedRepository) -> None:
    open_page(page, server)
    page.evaluate(
        """async () => {
            const canvas = Object.assign(document.createElement("canvas"), { width: 2400, height: 1200 });
            const context = canvas.getContext("2d");
            const noise = context.createImageData(2400, 1200);
            let seed = 1;
            for (let at = 0; at < noise.data.length; at++) {
                seed = (seed * 16807) % 2147483647;
                noise.data[at] = at % 4 === 3 ? 255 : seed % 256;
            }
            context.putImageData(noise, 0, 0);
            const blob = await new Promise((take) => canvas.toBlob(take, "image/png"));
            const carried = new DataTransfer();
            carried.items.add(new File([blob], "photo.png", { type: "image/png" }));
            document.dispatchEvent(new DragEvent("drop", { bubbles: true, cancelable: true, dataTransfer: carried }));
        }"""
    )
    expect(page.locator('.composer-file[data-status="ready"]')).to_contain_text("photo.jpg")
    page.press("#prompt", "Enter")
    expect(page.locator('[data-idx="0"] img')).to_be_visible()
    (file,) = said(server)[0]["display"]["files"]
    assert (file["media_type"], file["size"] < 3_500_000) == ("image/jpeg", True)


def test_a_draft_keeps_its_files(page: Page, server: ServedRepository) -> None:
    open_page(page, server)
    give(page, "paste", "notes.txt", "text/plain", b"notes")
    expect(page.locator('.composer-file[data-status="ready"]')).to_be_visible()
    page.fill("#prompt", "echo with notes")
    page.reload()
    expect(page.locator("#prompt")).to_have_value("echo with notes")
    expect(page.locator('.composer-file[data-status="ready"]')).to_contain_text("notes.txt")
    page.press("#prompt", "Enter")
    expect(page.locator('[data-idx="0"] .file-chip')).to_contain_text("notes.txt")


def test_two_tabs_keep_a_draft_each_and_the_next_one_takes_up_what_was_left(
    context: BrowserContext, server: ServedRepository
) -> None:
    one, other = context.new_page(), context.new_page()
    for tab, words in ((one, "words of one"), (other, "words of the other")):
        open_page(tab, server)
        tab.fill("#prompt", words)
    # Whatever is written in one is not lost to the other, in either order.
    one.press("#prompt", "End")
    one.locator("#prompt").press_sequentially("!")
    one.close()
    third = context.new_page()
    open_page(third, server)
    expect(third.locator("#prompt")).to_have_value("words of one!")
    expect(other.locator("#prompt")).to_have_value("words of the other")
    other.reload()
    expect(other.locator("#prompt")).to_have_value("words of the other")
    third.press("#prompt", "Control+a")
    third.press("#prompt", "Delete")
    fourth = context.new_page()
    open_page(fourth, server)
    expect(fourth.locator("#prompt")).to_have_value("")
    kept = fourth.evaluate(
        "Object.entries(localStorage).filter(([key]) => key.includes('.draft.')).map(([, value]) => value)"
    )
    assert len(kept) == 1


def test_a_file_name_is_completed_after_an_at(page: Page, server: ServedRepository) -> None:
    open_page(page, server)
    field = page.locator("#prompt")
    field.press_sequentially("echo see @word")
    choices = page.get_by_role("listbox", name="Completions")
    expect(choices.get_by_role("option").first).to_be_visible()
    first = choices.get_by_role("option").first
    expect(first).to_have_attribute("aria-selected", "true")
    chosen = first.get_attribute("data-value")
    assert field.get_attribute("aria-activedescendant") == first.get_attribute("id")
    field.press("ArrowDown")
    field.press("ArrowUp")
    field.press("Tab")
    expect(choices).to_be_hidden()
    expect(field).to_have_value(f"echo see @{chosen} ")
    expect(field).to_be_focused()
    field.press_sequentially("@word")
    expect(choices).to_be_visible()
    field.press("Escape")
    expect(choices).to_be_hidden()
    field.press_sequentially("s")
    expect(choices).to_be_hidden()
    field.press("Enter")
    expect(page.locator('[data-idx="0"]')).to_contain_text(f"echo see @{chosen} @words")


def test_a_command_is_completed_with_a_line_of_help(page: Page, server: ServedRepository) -> None:
    open_page(page, server)
    field = page.locator("#prompt")
    field.press_sequentially("/")
    choices = page.get_by_role("listbox", name="Completions")
    expect(choices.get_by_role("option")).to_have_count(4)
    expect(choices).to_contain_text("Sum up the conversation")
    field.press_sequentially("mo")
    choices.get_by_role("option").first.click()
    expect(field).to_have_value("/model ")
    field.press("Enter")
    expect(page.locator('[data-type="auto"]')).to_contain_text("The model is demo")


def test_a_suggestion_takes_nothing_away_and_is_undone_by_the_keyboard(page: Page, server: ServedRepository) -> None:
    open_page(page, server)
    field = page.locator("#prompt")
    field.press_sequentially("my own careful words")
    page.get_by_role("button", name="Show me around").click()
    expect(field).to_have_value("my own careful words\n\nShow me around")
    expect(field).to_be_focused()
    field.press("Control+z")
    expect(field).to_have_value("my own careful words")
    field.fill("")
    page.get_by_role("button", name="Show me around").click()
    expect(field).to_have_value("Show me around")


def test_names_that_come_after_the_words_were_sent_are_not_offered(page: Page, server: ServedRepository) -> None:
    """Not before the pause is over, and not by a request that was out."""
    open_page(page, server)
    field = page.locator("#prompt")
    choices = page.get_by_role("listbox", name="Completions")
    field.press_sequentially("@word")
    expect(choices).to_be_visible()
    held: list[Route] = []
    page.route("**/files?*", lambda route: held.append(route))
    field.fill("")
    with page.expect_request("**/files?*"):
        field.press_sequentially("echo see @read")
    field.press("Enter")
    expect(page.locator('[data-idx="0"]')).to_contain_text("echo see @read")
    for each in held:
        each.fulfill(json={"names": ["README.md"]})
    wait_idle(page)
    ask(page, "echo see @read")
    expect(page.locator('[data-idx="2"]')).to_be_visible()
    wait_idle(page)
    expect(choices).to_be_hidden()
    field.press("ArrowUp")
    expect(field).to_have_value("echo see @read")


def test_what_was_said_before_comes_back_with_the_arrows(page: Page, server: ServedRepository) -> None:
    open_page(page, server)
    for text in ("echo one", "echo two\nlines"):
        ask(page, text)
        wait_idle(page)
        expect(page.locator(f'[data-idx="{1 if text == "echo one" else 3}"]')).to_be_visible()
    field = page.locator("#prompt")
    field.press("ArrowUp")
    expect(field).to_have_value("echo two\nlines")
    field.press("ArrowUp")
    field.press("ArrowUp")
    expect(field).to_have_value("echo one")
    field.press("ArrowDown")
    expect(field).to_have_value("echo two\nlines")
    field.press("ArrowDown")
    expect(field).to_have_value("")
    field.press_sequentially("mine")
    field.press("ArrowUp")
    expect(field).to_have_value("mine")


def test_what_waits_is_shown_and_can_be_taken_back_before_it_is_read(page: Page, server: ServedRepository) -> None:
    open_page(page, server)
    ask(page, "slow 600")
    expect(page.locator('[data-state="RunningTool"]').first).to_be_visible()
    ask(page, "echo soon")
    page.fill("#prompt", "echo afterwards")
    page.get_by_role("button", name="After this turn").click()
    page.press("#prompt", "Enter")
    rows = page.locator(".waiting-row")
    expect(rows).to_have_count(2)
    expect(rows.nth(0)).to_contain_text("as soon as the agent looks")
    expect(rows.nth(1)).to_contain_text("after this turn")
    marks = page.locator("message-card .unread-mark")
    expect(marks).to_have_text(["not read yet", "not read yet"])
    page.get_by_role("button", name="Take back: echo soon").click()
    expect(rows).to_have_count(1)
    expect(marks).to_have_count(1)
    expect(page.get_by_role("button", name="Take back: echo afterwards")).to_be_focused()
    expect(page.locator("message-card[data-withdrawn]")).to_contain_text("echo soon")
    page.get_by_role("button", name="Take back and edit: echo afterwards").click()
    expect(rows).to_have_count(0)
    expect(page.locator("#prompt")).to_have_value("echo afterwards")
    expect(marks).to_have_count(0)
    page.click("#cancel")
    wait_idle(page)
    page.press("#prompt", "Enter")
    expect(page.locator('[data-type="agent"]').last).to_contain_text("afterwards")
    with server.client() as client:
        answers = [each["content"] for each in client.get("messages").json() if each["type"] == "agent"]
    assert not any("soon" in each for each in answers)


def test_what_waits_is_known_after_a_reload_and_in_another_tab(
    context: BrowserContext, server: ServedRepository
) -> None:
    one = context.new_page()
    open_page(one, server)
    ask(one, "slow 600")
    expect(one.locator('[data-state="RunningTool"]').first).to_be_visible()
    ask(one, "echo soon")
    expect(one.locator(".waiting-row")).to_have_count(1)
    other = context.new_page()
    open_page(other, server)
    expect(other.locator(".waiting-row")).to_have_count(1)
    one.reload()
    expect(one.locator(".waiting-row")).to_have_count(1)
    other.get_by_role("button", name="Take back: echo soon").click()
    for tab in (one, other):
        expect(tab.locator(".waiting-row")).to_have_count(0)
    one.click("#cancel")


def test_words_and_files_said_while_the_server_is_away_arrive_once_when_it_is_back(
    page: Page, server: ServedRepository
) -> None:
    open_page(page, server)
    give(page, "drop", "one.txt", "text/plain", b"one")
    expect(page.locator('.composer-file[data-status="ready"]')).to_be_visible()
    server.kill()
    expect(page.locator("#prompt-hint.news")).to_contain_text("goes out when it is back", timeout=30_000)
    ask(page, "echo from the train")
    expect(page.locator("pending-card")).to_contain_text("one.txt")
    expect(page.locator("pending-card")).to_contain_text("Not sent yet")
    give(page, "drop", "two.txt", "text/plain", b"two")
    expect(page.locator('.composer-file[data-status="waiting"]')).to_be_visible()
    server.start()
    expect(page.locator('[data-idx="0"] .file-chip')).to_contain_text("one.txt", timeout=30_000)
    # What could not be brought meanwhile is, by itself.
    expect(page.locator('.composer-file[data-status="ready"]')).to_contain_text("two.txt", timeout=30_000)
    assert [[each["name"] for each in message["display"]["files"]] for message in said(server)] == [["one.txt"]]


def test_a_message_that_is_refused_goes_back_into_the_field_with_its_files(
    page: Page, server: ServedRepository
) -> None:
    open_page(page, server)
    give(page, "drop", "one.txt", "text/plain", b"one")
    expect(page.locator('.composer-file[data-status="ready"]')).to_be_visible()
    refusal = {"status": 422, "content_type": "application/problem+json", "body": '{"detail": "not like this"}'}
    page.route("**/chat", lambda route: route.fulfill(**refusal))  # type: ignore[arg-type]
    ask(page, "echo look")
    card = page.locator('pending-card[data-status="failed"]')
    expect(card).to_contain_text("Not sent: not like this")
    card.get_by_role("button", name="Edit").click()
    expect(page.locator("#prompt")).to_have_value("echo look")
    expect(page.locator(".composer-file")).to_contain_text("one.txt")


def test_what_was_not_sent_yet_can_be_taken_back_and_is_never_said(page: Page, server: ServedRepository) -> None:
    open_page(page, server)
    server.kill()
    ask(page, "echo no")
    ask(page, "echo yes")
    cards = page.locator("pending-card")
    expect(cards.nth(1)).to_contain_text("Not sent yet", timeout=30_000)
    cards.nth(0).get_by_role("button", name="Take it back").click()
    expect(cards.nth(0)).to_contain_text("Being taken back")
    server.start()
    expect(page.locator('[data-idx="1"]')).to_contain_text("yes", timeout=30_000)
    expect(cards).to_have_count(0)
    assert [each["content"] for each in said(server)] == ["echo yes"]


def test_what_arrived_without_an_answer_can_be_taken_back_too(page: Page, server: ServedRepository) -> None:
    open_page(page, server)
    ask(page, "slow 600")
    expect(page.locator('[data-state="RunningTool"]').first).to_be_visible()

    def lose_the_answer(route: Route) -> None:
        route.fetch()
        route.abort()

    page.route("**/chat", lose_the_answer)
    ask(page, "echo no")
    expect(page.locator(".waiting-row")).to_have_count(1)
    page.locator('pending-card[data-status="waiting"]').get_by_role("button", name="Take it back").click()
    expect(page.locator("pending-card")).to_have_count(0)
    expect(page.locator(".waiting-row")).to_have_count(0)
    expect(page.locator("message-card[data-withdrawn]")).to_contain_text("echo no")
    page.click("#cancel")


def test_what_nobody_answers_can_be_taken_back_once_the_connection_is_gone(
    page: Page, server: ServedRepository
) -> None:
    open_page(page, server)
    page.route("**/chat", lambda route: None)
    with page.expect_request("**/chat"):
        ask(page, "echo oops")
    card = page.locator("pending-card")
    expect(card).to_contain_text("Sending")
    server.kill()
    expect(card).to_contain_text("Not sent yet: no answer from the server")
    card.get_by_role("button", name="Edit").click()
    expect(page.locator("#prompt")).to_have_value("echo oops")
    page.unroute("**/chat")
    server.start()
    expect(card).to_have_count(0, timeout=30_000)
    page.fill("#prompt", "echo right")
    page.press("#prompt", "Enter")
    expect(page.locator('[data-idx="1"]')).to_contain_text("right")
    assert [each["content"] for each in said(server)] == ["echo right"]


def test_on_a_phone_enter_breaks_the_line_and_the_button_sends(browser: Browser, server: ServedRepository) -> None:
    context = browser.new_context(viewport={"width": 360, "height": 640}, has_touch=True, is_mobile=True)
    phone = context.new_page()
    open_page(phone, server)
    phone.locator("#prompt").press_sequentially("echo a")
    phone.press("#prompt", "Enter")
    phone.locator("#prompt").press_sequentially("b")
    expect(phone.locator("#prompt")).to_have_value("echo a\nb")
    for button in ("#send", "#attach"):
        box = phone.locator(button).bounding_box()
        assert box is not None
        assert min(box["width"], box["height"]) >= 44, button
    phone.tap("#send")
    expect(phone.locator('[data-idx="0"]')).to_contain_text("echo a\nb")
    assert phone.evaluate("document.documentElement.scrollWidth") == 360
    context.close()
