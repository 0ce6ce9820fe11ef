"""The list of sessions in a real browser: live, and everything that can be done with one."""

from __future__ import annotations

import re
from collections.abc import Iterator

import httpx2
import pytest
from playwright.sync_api import Browser, Locator, Page, Route, expect

from tests.pages.test_dashboard import ask, wait_idle, wait_status
from tests.pages.test_parts import wait_for_parts
from tests.served import ServedRepository
from tests.whole.test_repository import say

pytestmark = pytest.mark.browser

PHONE = {"width": 360, "height": 740}


@pytest.fixture
def client(server: ServedRepository) -> Iterator[httpx2.Client]:
    with server.client() as opened:
        yield opened


def row(page: Page, session_id: str) -> Locator:
    return page.locator(f'[data-session="{session_id}"]')


def titles(page: Page) -> list[str]:
    return page.locator(".sessions:not(#archived-sessions) .session-title").all_inner_texts()


def first_id(client: httpx2.Client) -> str:
    return str(client.get("sessions").json()[-1]["session_id"])


def begin(client: httpx2.Client, title: str) -> str:
    return str(client.post("sessions", json={"title": title}).json()["session_id"])


def choose(page: Page, session_id: str, action: str) -> None:
    row(page, session_id).hover()
    row(page, session_id).get_by_role("button").click()
    page.get_by_role("menuitem", name=action).click()


def test_sessions_come_go_and_are_renamed_on_the_page_without_a_request_of_its_own(
    page: Page, server: ServedRepository, client: httpx2.Client
) -> None:
    asked: list[str] = []
    page.goto(server.link)
    wait_status(page, "connected")
    wait_for_parts(page)
    page.on("request", lambda request: asked.append(request.url))
    made = begin(client, "Made elsewhere")
    expect(row(page, made)).to_contain_text("Made elsewhere")
    assert titles(page)[0] == "Made elsewhere"
    client.patch(f"sessions/{made}", json={"title": "Renamed elsewhere"})
    expect(row(page, made)).to_contain_text("Renamed elsewhere")
    client.delete(f"sessions/{made}")
    expect(row(page, made)).to_have_count(0)
    assert asked == []


def test_what_another_session_says_is_unread_until_it_is_looked_at(
    page: Page, server: ServedRepository, client: httpx2.Client
) -> None:
    first = first_id(client)
    page.goto(f"{server.url}sessions/{first}/{server.link.removeprefix(server.url)}")
    wait_status(page, "connected")
    other = begin(client, "The other")
    expect(row(page, other)).to_be_visible()
    expect(row(page, other)).not_to_have_attribute("data-unread", "")
    say(client, "echo over there", until="over there")
    expect(row(page, other)).to_have_attribute("data-unread", "")
    expect(row(page, other)).to_contain_text("unread")
    row(page, other).get_by_role("link").click()
    expect(page.locator('[data-idx="1"]')).to_contain_text("over there")
    expect(row(page, other)).not_to_have_attribute("data-unread", "")
    row(page, first).get_by_role("link").click()
    expect(row(page, first).get_by_role("link")).to_have_attribute("aria-current", "page")
    expect(row(page, other)).not_to_have_attribute("data-unread", "")


def test_a_tab_that_follows_another_has_the_same_list(
    page: Page, server: ServedRepository, client: httpx2.Client
) -> None:
    page.goto(server.link)
    wait_status(page, "connected")
    second = page.context.new_page()
    second.goto(server.url)
    wait_status(second, "connected")
    made = begin(client, "For both")
    for each in (page, second):
        expect(row(each, made)).to_contain_text("For both")
    third = page.context.new_page()
    third.goto(server.url + f"sessions/{first_id(client)}/")
    expect(row(third, made)).to_contain_text("For both")


def test_a_session_is_renamed_archived_and_taken_back(
    page: Page, server: ServedRepository, client: httpx2.Client
) -> None:
    made = begin(client, "Old name")
    begin(client, "The one on screen")
    page.goto(server.link)
    choose(page, made, "Rename")
    field = page.get_by_role("textbox", name="Title")
    expect(field).to_be_focused()
    expect(field).to_have_value("Old name")
    field.fill("<b>New</b> name")
    field.press("Enter")
    expect(page.get_by_role("dialog")).to_have_count(0)
    expect(row(page, made)).to_contain_text("<b>New</b> name")
    choose(page, made, "Archive")
    expect(row(page, made)).to_be_hidden()
    page.get_by_role("button", name="Archived (1)").click()
    expect(row(page, made)).to_be_visible()
    choose(page, made, "Take out of the archive")
    expect(page.locator(".sessions").first.locator(f'[data-session="{made}"]')).to_be_visible()
    expect(page.locator("#show-archived")).to_be_hidden()


def test_a_session_is_deleted_after_a_question_and_not_while_it_runs(
    page: Page, server: ServedRepository, client: httpx2.Client
) -> None:
    page.goto(server.link)
    ask(page, "slow 600")
    expect(page.locator('[data-state="RunningTool"]').first).to_be_visible()
    here = first_id(client)
    choose(page, here, "Delete")
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_role("button", name="Cancel")).to_be_focused()
    # Said before it is tried, and one press does both.
    expect(dialog.get_by_role("alert")).to_have_text("The agent is at work in it.")
    dialog.get_by_role("button", name="Stop and delete").click()
    expect(row(page, here)).to_have_count(0)
    wait_status(page, "connected")
    assert client.get(f"sessions/{here}/state").status_code == 404


def test_a_session_that_begins_to_work_while_one_asks_for_it_is_not_stopped_unasked(
    page: Page, server: ServedRepository, client: httpx2.Client
) -> None:
    page.goto(server.link)
    wait_status(page, "connected")
    here = first_id(client)
    choose(page, here, "Delete")
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_role("button", name="Cancel")).to_be_focused()
    client.post("chat", json={"message": "slow 600"})
    expect(page.locator('[data-state="RunningTool"]').first).to_be_visible()
    dialog.get_by_role("button", name="Delete", exact=True).click()
    expect(dialog.get_by_role("alert")).to_have_text("The agent is at work in it.")
    expect(dialog.get_by_role("button", name="Stop and delete")).to_be_enabled()
    assert client.get("state").json()["agent_state"] == "RunningTool"
    dialog.get_by_role("button", name="Cancel").click()
    page.click("#cancel")
    wait_idle(page)


def test_the_focus_stays_in_the_list_when_its_row_leaves(
    page: Page, server: ServedRepository, client: httpx2.Client
) -> None:
    page.goto(server.link)
    wait_status(page, "connected")
    made = [begin(client, name) for name in ("three", "two", "one")]
    expect(row(page, made[2])).to_be_visible()
    choose(page, made[2], "Archive")
    expect(row(page, made[1]).get_by_role("link")).to_be_focused()
    choose(page, made[1], "Delete")
    page.get_by_role("dialog").get_by_role("button", name="Delete").click()
    expect(row(page, made[0]).get_by_role("link")).to_be_focused()


@pytest.mark.parametrize("size", [{"width": 1280, "height": 800}, {"width": 320, "height": 640}])
def test_many_sessions_scroll_between_a_head_and_a_foot_that_stay(
    browser: Browser, server: ServedRepository, client: httpx2.Client, size: dict[str, int]
) -> None:
    first = first_id(client)
    for number in range(30):
        begin(client, f"Session {number} with a title that is too long for the list")
    context = browser.new_context(viewport=size)  # type: ignore[arg-type]
    page = context.new_page()
    page.goto(f"{server.url}sessions/{first}/#token={server.token}")
    wait_status(page, "connected")
    if size["width"] < 800:
        page.get_by_role("button", name="Sessions").click()
    rows = page.locator("session-list nav .session-row")
    expect(rows).to_have_count(31)
    foot = page.get_by_role("button", name="Settings")
    for at in (0, 30):
        rows.nth(at).scroll_into_view_if_needed()
        for name in ("New session", "Find a session or a message", "Settings"):
            expect(page.get_by_role("button", name=name, exact=True)).to_be_in_viewport(ratio=1)
    last, settings = rows.nth(30).bounding_box(), foot.bounding_box()
    assert last
    assert settings
    assert last["y"] + last["height"] <= settings["y"]
    if size["width"] >= 800:
        # The one on the screen is brought into view by itself, and a title has the room of the button that is not shown.
        page.reload()
        expect(row(page, first)).to_be_in_viewport()
        title, whole = rows.nth(1).locator(".session-title").bounding_box(), rows.nth(1).bounding_box()
        assert title
        assert whole
        assert whole["x"] + whole["width"] - title["x"] - title["width"] < 10
    context.close()


def test_where_there_is_no_such_session_the_others_are_listed_and_nothing_else_is_offered(
    page: Page, server: ServedRepository, client: httpx2.Client
) -> None:
    first, made = first_id(client), begin(client, "The other")
    page.goto(f"{server.url}sessions/nowhere/#token={server.token}")
    expect(page.get_by_role("heading", name="There is no such session")).to_be_visible()
    expect(row(page, made)).to_contain_text("The other")
    expect(page.locator(".list-note")).to_be_hidden()
    page.goto(f"{server.url}sessions/{made}/")
    wait_status(page, "connected")
    expect(page.locator("#changes")).to_be_enabled()
    assert client.delete(f"sessions/{made}").status_code == 204
    expect(page.locator("#prompt-hint")).to_have_text("Nothing can be sent: there is no such session")
    expect(page.locator("#changes")).to_be_disabled()
    expect(row(page, made)).to_have_count(0)
    expect(row(page, first)).to_be_visible()


def test_a_link_to_a_message_that_is_not_there_says_so(
    page: Page, server: ServedRepository, client: httpx2.Client
) -> None:
    page.goto(f"{server.url}sessions/{first_id(client)}/#token={server.token}")
    wait_status(page, "connected")
    page.evaluate("location.hash = '#message-98'")
    expect(page.locator("notice-bar")).to_contain_text("There is no message 99 yet")


def test_words_lead_to_the_message_in_which_they_stand(
    page: Page, server: ServedRepository, client: httpx2.Client
) -> None:
    begin(client, "Hay")
    say(client, "echo the needle <i>in</i> it", until="the needle")
    target = client.get("state").json()["session_id"]
    begin(client, "Another")
    page.goto(server.link)
    wait_status(page, "connected")
    page.keyboard.press("Control+k")
    field = page.get_by_role("combobox", name="Find")
    expect(field).to_be_focused()
    field.fill("needle")
    options = page.get_by_role("option")
    expect(options).to_have_count(2)
    expect(options.first).to_have_attribute("aria-selected", "true")
    expect(options.first.locator("mark")).to_have_text("needle")
    expect(options.first).to_contain_text("<i>in</i>")
    field.press("Enter")
    page.wait_for_url(re.compile(rf"/sessions/{target}/#message-1$"))
    expect(page.locator('[data-idx="1"]')).to_be_in_viewport()
    expect(page.locator('[data-idx="1"]')).to_have_attribute("data-revealed", "")


def test_enter_chooses_what_is_found_for_the_words_that_were_typed(
    page: Page, server: ServedRepository, client: httpx2.Client
) -> None:
    say(client, "echo the needle", until="the needle")
    target = client.get("state").json()["session_id"]
    begin(client, "The newest")
    page.goto(server.link)
    wait_status(page, "connected")
    asked: list[Route] = []
    page.route(re.compile(r"/search\?"), lambda route: asked.append(route))
    page.keyboard.press("Control+k")
    field = page.get_by_role("combobox", name="Find")
    options = page.get_by_role("option")
    expect(options).to_have_count(2)
    for words in ("needle", "nowhere"):
        with page.expect_request(re.compile(rf"/search\?text={words}")):
            field.fill(words)
            field.press("Enter")
        # What is listed still is the offer of before, of which none is chosen.
        expect(page.get_by_text("Searching…")).to_be_visible()
        expect(options.first).to_have_attribute("aria-selected", "false")
        assert options.count() == 2
    asked.pop().continue_()
    expect(page.get_by_text("Nothing found for “nowhere”.")).to_be_visible()
    with page.expect_request(re.compile(r"/search\?text=needle")):
        field.fill("needle")
        field.press("Enter")
    expect(page.get_by_text("Searching…")).to_be_visible()
    asked.pop().continue_()
    page.wait_for_url(re.compile(rf"/sessions/{target}/"))


def test_a_search_says_when_nothing_is_found_and_when_it_failed(page: Page, server: ServedRepository) -> None:
    page.goto(server.link)
    wait_status(page, "connected")
    page.click("#find")
    field = page.get_by_role("combobox", name="Find")
    field.fill("nowhere")
    expect(page.get_by_text("Nothing found for “nowhere”.")).to_be_visible()
    field.fill("***")
    expect(page.get_by_text("Type a word or a number.")).to_be_visible()
    server.kill()
    field.fill("anything")
    expect(page.get_by_text("The search failed: The server does not answer.")).to_be_visible()
    field.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)


def test_a_link_to_a_message_far_up_leads_there(page: Page, server: ServedRepository, client: httpx2.Client) -> None:
    say(client, "burst 500", until="")
    here = first_id(client)
    page.goto(f"{server.url}sessions/{here}/#token={server.token}")
    wait_status(page, "connected")
    page.goto(f"{server.url}sessions/{here}/#message-40")
    expect(page.locator('[data-idx="40"]')).to_be_in_viewport()
    page.reload()
    target = page.locator('[data-idx="40"]')
    expect(target).to_be_in_viewport()
    # The same link leads there again, from where the reader has gone meanwhile.
    for way in ("link", "search"):
        page.get_by_role("button", name="To the end").click()
        expect(target).not_to_be_in_viewport()
        if way == "link":
            page.evaluate(
                """() => {
                    const link = document.body.appendChild(document.createElement("a"));
                    link.href = location.href;
                    link.click();
                    link.remove();
                }"""
            )
        else:
            page.evaluate(
                """(url) => document.dispatchEvent(new CustomEvent("intent", { detail: { kind: "open", url } }))""",
                f"sessions/{here}/#message-40",
            )
        expect(target).to_be_in_viewport()


def test_keys_switch_sessions_and_say_what_they_do(page: Page, server: ServedRepository, client: httpx2.Client) -> None:
    first, second = first_id(client), begin(client, "Second")
    page.goto(server.link)
    expect(row(page, second).get_by_role("link")).to_have_attribute("aria-current", "page")
    page.keyboard.press("Alt+ArrowDown")
    expect(row(page, first).get_by_role("link")).to_have_attribute("aria-current", "page")
    page.keyboard.press("Alt+ArrowUp")
    expect(row(page, second).get_by_role("link")).to_have_attribute("aria-current", "page")
    page.locator("#prompt").fill("")
    page.locator("#prompt").press("?")
    expect(page.locator("#prompt")).to_have_value("?")
    page.locator("#prompt").blur()
    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="Keyboard shortcuts")).to_contain_text("Next session")
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)


def test_the_menu_of_a_session_is_worked_by_keys_alone(
    page: Page, server: ServedRepository, client: httpx2.Client
) -> None:
    page.goto(server.link)
    here = first_id(client)
    more = row(page, here).get_by_role("button")
    more.focus()
    more.press("Enter")
    expect(page.get_by_role("menuitem", name="Rename")).to_be_focused()
    page.keyboard.press("ArrowDown")
    expect(page.get_by_role("menuitem", name="Archive")).to_be_focused()
    page.keyboard.press("End")
    expect(page.get_by_role("menuitem", name="Delete")).to_be_focused()
    page.keyboard.press("Escape")
    expect(more).to_be_focused()


def test_a_message_is_forked_and_the_fork_says_where_it_came_from(
    page: Page, server: ServedRepository, client: httpx2.Client
) -> None:
    page.goto(server.link)
    ask(page, "echo one")
    expect(page.locator('[data-idx="1"]')).to_be_visible()
    ask(page, "echo two")
    expect(page.locator('[data-idx="3"]')).to_be_visible()
    source = first_id(client)
    page.locator('[data-idx="1"]').hover()
    page.locator('[data-idx="1"]').get_by_role("button", name="Actions").click()
    page.get_by_role("menuitem", name="Fork from here").click()
    page.wait_for_url(lambda url: "/sessions/" in url and source not in url)
    expect(page.locator('[data-idx="1"]')).to_contain_text("one")
    expect(page.locator('[data-idx="3"]')).to_have_count(0)
    forked = page.locator(".session-row", has=page.locator("[aria-current]"))
    expect(forked).to_contain_text("echo one (fork)")
    expect(forked).to_contain_text("forked at 2")
    origin = page.locator("session-origin").get_by_role("link")
    expect(origin).to_have_text("Forked from “echo one” at message 2")
    origin.click()
    page.wait_for_url(re.compile(rf"/sessions/{source}/#message-1$"))
    expect(page.locator('[data-idx="3"]')).to_be_attached()


def test_back_and_a_reload_stay_in_the_session_to_which_the_root_has_led(
    page: Page, server: ServedRepository, client: httpx2.Client
) -> None:
    first = first_id(client)
    current = row(page, first).get_by_role("link")
    page.goto(server.link)
    expect(current).to_have_attribute("aria-current", "page")
    page.wait_for_url(server.url + f"sessions/{first}/")
    page.click("#new-session")
    page.wait_for_url(lambda url: "/sessions/" in url and first not in url)
    expect(page.locator(".session-row")).to_have_count(2)
    page.go_back()
    expect(current).to_have_attribute("aria-current", "page")
    begin(client, "Made on a phone")
    page.reload()
    expect(current).to_have_attribute("aria-current", "page")
    # The root is the newest's, as before.
    page.goto(server.url)
    expect(page.locator(".session-row", has=page.locator("[aria-current]"))).to_contain_text("Made on a phone")


def test_on_a_phone_the_list_is_a_drawer(browser: Browser, server: ServedRepository, client: httpx2.Client) -> None:
    made = begin(client, "On the train")
    context = browser.new_context(viewport=PHONE, has_touch=True, is_mobile=True)
    page = context.new_page()
    page.goto(server.link)
    wait_status(page, "connected")
    expect(row(page, made)).to_be_hidden()
    page.get_by_role("button", name="Sessions").tap()
    expect(row(page, made)).to_be_visible()
    row(page, made).get_by_role("button").tap()
    item = page.get_by_role("menuitem", name="Rename")
    box = item.bounding_box()
    assert box is not None
    assert box["height"] >= 44
    item.tap()
    expect(page.get_by_role("textbox", name="Title")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    context.close()


def test_the_list_says_that_it_waits_for_the_server(page: Page, server: ServedRepository) -> None:
    page.goto(server.link)
    wait_status(page, "connected")
    page.route(re.compile(r"/stream\?"), lambda route: route.abort())
    page.reload()
    note = page.locator("session-list .list-note")
    expect(note).to_have_text(re.compile("Loading the sessions…|when the server answers"))
    page.unroute(re.compile(r"/stream\?"))
    expect(note).to_be_hidden()
    expect(page.locator(".session-row")).to_have_count(1)
