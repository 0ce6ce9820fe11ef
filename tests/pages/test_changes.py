"""The changes, in a real browser: files, lines, comments, a file to read; large, odd and changing ones."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, Page, Route, expect

from tests.projects import commit_files, git
from tests.served import ServedRepository

pytestmark = pytest.mark.browser

FILE = "wordcount/counting.py"


def workspace_of(server: ServedRepository) -> Path:
    with server.client() as client:
        assert client.get("changes").status_code == 200
        return Path(client.get("state").json()["working_dir"])


@pytest.fixture
def workspace(server: ServedRepository) -> Path:
    """The session's clone, with a commit and something that is not committed."""
    path = workspace_of(server)
    file = path / FILE
    commit_files(path, {FILE: file.read_text().replace(".lower()", ".casefold()")}, "Fold the case")
    (path / "notes é.md").write_text("# Notes\n\nOne line.\n")
    return path


def show_changes(page: Page) -> None:
    want(page, {"kind": "diff", "commit": "", "title": ""})


def want(page: Page, intent: dict[str, object]) -> None:
    """What a view would ask for."""
    page.evaluate("detail => document.body.dispatchEvent(new CustomEvent('intent', { bubbles: true, detail }))", intent)


def open_changes(page: Page, server: ServedRepository) -> None:
    page.goto(server.link)
    expect(page.locator('[data-status="connected"]').first).to_be_visible()
    show_changes(page)
    expect(page.get_by_role("heading", name="Changes")).to_be_visible()


def file_of(page: Page, path: str) -> Locator:
    return page.locator("diff-file").filter(has=page.locator(".d-path", has_text=path))


def number(page: Page, path: str, line: int, side: str = "new") -> Locator:
    return file_of(page, path).locator(f'.d-no button[data-side="{side}"][data-line="{line}"]')


def test_files_their_lines_and_what_differs_within_them(page: Page, server: ServedRepository, workspace: Path) -> None:
    open_changes(page, server)
    file = file_of(page, FILE)
    expect(file.locator("mark")).to_have_text(["lower", "casefold"])
    expect(file.locator(".tok-k").first).to_have_text("def")
    expect(file_of(page, "notes é.md").locator(".d-added")).to_have_count(3)
    expect(page.locator(".d-summary")).to_have_text("2 files, +4 −1")
    page.locator("diff-list").get_by_role("button", name="notes é.md").click()
    expect(page.locator('.d-item[aria-current="true"]')).to_contain_text("notes é.md")


def test_one_below_the_other_and_side_by_side(page: Page, server: ServedRepository, workspace: Path) -> None:
    open_changes(page, server)
    file = file_of(page, FILE)
    expect(file.locator(".d-split")).to_have_count(1)
    both = file.locator("tr").filter(has_text="casefold")
    expect(both).to_contain_text(".lower()")
    page.get_by_role("button", name="Side by side").click()
    expect(file.locator(".d-unified")).to_have_count(1)
    expect(file.locator("tr").filter(has_text="casefold")).not_to_contain_text(".lower()")
    page.reload()
    open_changes(page, server)
    expect(file.locator(".d-unified")).to_have_count(1)
    page.get_by_role("button", name="Side by side").click()
    page.set_viewport_size({"width": 360, "height": 740})
    expect(file.locator(".d-unified")).to_have_count(1)
    assert page.evaluate("document.documentElement.scrollWidth") <= 360


def test_one_commit_alone_and_all_again(page: Page, server: ServedRepository, workspace: Path) -> None:
    open_changes(page, server)
    chooser = page.get_by_label("What is shown")
    chooser.select_option(label=f"{git(workspace, 'rev-parse', 'HEAD')[:8]} Fold the case")
    expect(page.locator("diff-file")).to_have_count(1)
    expect(file_of(page, FILE).locator("mark")).to_have_count(2)
    chooser.select_option("")
    expect(page.locator("diff-file")).to_have_count(2)


def test_white_space_can_be_passed_over(page: Page, server: ServedRepository, workspace: Path) -> None:
    file = workspace / FILE
    file.write_text(file.read_text().replace("    return len", "        return len"))
    open_changes(page, server)
    expect(file_of(page, FILE).locator("td.d-added:not(.d-none)")).to_have_count(2)
    page.get_by_role("button", name="Ignore white space").click()
    expect(file_of(page, FILE).locator("td.d-added:not(.d-none)")).to_have_count(1)


def test_comments_on_lines_become_the_next_message(page: Page, server: ServedRepository, workspace: Path) -> None:
    open_changes(page, server)
    number(page, FILE, 8).click()
    page.get_by_role("textbox", name="Comment on Line 8").fill("Why not lower?")
    page.get_by_role("button", name="Keep the comment").click()
    number(page, "notes é.md", 3).focus()
    page.keyboard.press("Enter")
    page.keyboard.type("Say more.")
    page.keyboard.press("Control+Enter")
    expect(page.locator(".d-comment").nth(1).get_by_role("button", name="Change")).to_be_focused()
    expect(page.locator("comment-bar")).to_contain_text("2 comments")
    page.reload()
    page.fill("#prompt", "Please look at this:")
    page.get_by_role("button", name="Changes").click()
    expect(page.locator(".d-said")).to_have_text(["Why not lower?", "Say more."])
    page.get_by_role("button", name="Put into the message").click()
    expect(page.get_by_role("dialog")).to_have_count(0)
    expect(page.locator("#prompt")).to_have_value(
        "Please look at this:\n\n"
        f"{FILE}:8\n> return text.casefold().split()\nWhy not lower?\n\n"
        "notes é.md:3\n> One line.\nSay more."
    )
    expect(page.locator("#prompt")).to_be_focused()
    page.reload()
    open_changes_again(page)
    expect(page.locator("comment-bar")).to_be_hidden()


def comment_on(page: Page, path: str, line: int, text: str) -> None:
    number(page, path, line).click()
    page.keyboard.type(text)
    page.keyboard.press("Control+Enter")


def test_two_tabs_show_each_others_comments_and_what_one_took_does_not_come_back(
    page: Page, server: ServedRepository, workspace: Path
) -> None:
    open_changes(page, server)
    other = page.context.new_page()
    open_changes(other, server)
    comment_on(page, FILE, 8, "of the one")
    comment_on(other, "notes é.md", 3, "of the other")
    for each in (page, other):
        expect(each.locator(".d-said")).to_have_text(["of the one", "of the other"])
        expect(each.locator("comment-bar")).to_contain_text("2 comments")
    page.reload()
    open_changes_again(page)
    expect(page.locator(".d-said")).to_have_text(["of the one", "of the other"])
    # Open for writing in one tab while the other takes it.
    page.locator(".d-comment").first.get_by_role("button", name="Change").click()
    page.keyboard.press("End")
    other.get_by_role("button", name="Put into the message").click()
    expect(page.locator(".d-comment")).to_have_count(0)
    expect(number(page, FILE, 8)).to_be_focused()
    page.keyboard.type("more")
    expect(page.locator("comment-bar")).to_be_hidden()
    page.reload()
    open_changes_again(page)
    expect(page.locator("comment-bar")).to_be_hidden()
    expect(other.locator("#prompt")).to_have_value(re.compile("of the one(.|\\n)*of the other"))


def open_changes_again(page: Page) -> None:
    expect(page.locator('[data-status="connected"]').first).to_be_visible()
    show_changes(page)
    expect(page.locator("diff-file").first).to_be_visible()


def test_lines_are_walked_and_comments_given_up_by_keyboard(
    page: Page, server: ServedRepository, workspace: Path
) -> None:
    open_changes(page, server)
    number(page, "notes é.md", 1).focus()
    page.keyboard.press("ArrowDown")
    expect(number(page, "notes é.md", 2)).to_be_focused()
    page.keyboard.press("End")
    expect(number(page, "notes é.md", 3)).to_be_focused()
    page.keyboard.press("Enter")
    page.keyboard.type("no")
    page.keyboard.press("Escape")
    expect(page.locator(".d-comment")).to_have_count(0)
    expect(page.get_by_role("dialog")).to_be_visible()
    expect(number(page, "notes é.md", 3)).to_be_focused()


def test_a_file_is_opened_at_a_line_and_left_again(page: Page, server: ServedRepository, workspace: Path) -> None:
    (workspace / "long.py").write_text("".join(f"x = {n}\n" for n in range(1, 3001)))
    open_changes(page, server)
    file_of(page, FILE).get_by_role("button", name=f"Open {FILE}").click()
    expect(page.locator("diff-source .d-here")).to_contain_text("casefold")
    expect(page.locator("diff-source .d-here")).to_be_in_viewport()
    expect(page.locator("diff-source tr")).to_have_count(len((workspace / FILE).read_text().splitlines()))
    page.keyboard.press("Escape")
    expect(file_of(page, FILE)).to_be_visible()
    expect(file_of(page, FILE).get_by_role("button", name=f"Open {FILE}")).to_be_focused()
    want(page, {"kind": "open-file", "path": "long.py", "line": 2500})
    here = page.locator("diff-source .d-here")
    expect(here).to_contain_text("x = 2500")
    expect(here).to_be_in_viewport()
    page.get_by_role("button", name="Earlier lines").click()
    expect(page.locator("diff-source tr").first).to_contain_text("x = 1001")
    page.get_by_role("button", name="Back").click()
    expect(page.locator("diff-source")).to_be_hidden()
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)


def test_the_list_marks_the_file_that_is_read_or_was_chosen_also_after_news(
    page: Page, server: ServedRepository, workspace: Path
) -> None:
    for name in "abcd":
        (workspace / f"{name}.txt").write_text("".join(f"line {n}\n" for n in range(1, 20)))
    (workspace / "big.txt").write_text("line\n" * 18_000)
    open_changes(page, server)
    marked = page.locator('.d-item[aria-current="true"]')
    items = page.locator("diff-list .d-item")
    expect(items).to_have_count(7)
    expect(page.locator(".d-summary")).to_have_text("7 files, +18,080 −1")
    expect(items.nth(3).locator(".diff-count-add")).to_have_text("+18,000")
    expect(marked).to_have_text(items.first.inner_text().replace("\n", ""))
    # The last ones cannot come to the top, however far the others are scrolled.
    for at in (6, 4, 5):
        items.nth(at).click()
        expect(items.nth(at)).to_have_attribute("aria-current", "true")
        expect(marked).to_have_count(1)
    (workspace / "e.txt").write_text("more\n")
    refresh = "document.querySelector('diff-view').refresh()"
    page.evaluate(refresh)
    expect(items).to_have_count(8)
    expect(marked).to_contain_text("d.txt")
    main = page.locator(".d-main")
    main.hover()
    page.mouse.wheel(0, -100_000)
    expect(items.first).to_have_attribute("aria-current", "true")
    expect(marked).to_have_count(1)


OPENS = """heads => heads.map(head => {
    const open = [...head.querySelectorAll("button")].find(each => each.textContent === "Open").getBoundingClientRect();
    return [open.top - head.getBoundingClientRect().top, open.right];
})"""
"""Of each head, how far below its top its button begins and where on the page it ends: at one moment, for all still moves."""


def test_on_a_phone_the_lines_have_the_room(browser: Browser, server: ServedRepository, workspace: Path) -> None:
    (workspace / "big.txt").write_text("line\n" * 18_000)
    (workspace / FILE).chmod(0o755)
    context = browser.new_context(viewport={"width": 360, "height": 740}, has_touch=True, is_mobile=True)
    phone = context.new_page()
    open_changes(phone, server)
    heads = phone.locator("diff-file .d-head")
    expect(heads).to_have_count(3)
    for below, right in heads.evaluate_all(OPENS):
        # Beside the name, not below it.
        assert below < 24
        assert right <= 360
    lines = phone.locator(".d-main").bounding_box()
    assert lines
    assert lines["y"] < 740 / 4
    assert phone.evaluate("document.documentElement.scrollWidth") == 360
    context.close()


def test_a_commit_that_arrives_is_shown_and_the_reader_stays_where_they_are(
    page: Page, server: ServedRepository, workspace: Path
) -> None:
    for name in ("a.txt", "zz.txt"):
        (workspace / name).write_text("".join(f"{name} {n}\n" for n in range(200)))
    open_changes(page, server)
    target = number(page, "zz.txt", 100)
    page.locator("diff-list").get_by_role("button", name="zz.txt").click()
    expect(file_of(page, "zz.txt").locator("tr")).to_have_count(200)
    expect(page.locator(".d-item[aria-current]")).to_contain_text("zz.txt")
    let_the_page_keep_the_place(page)
    read_on(page, target)
    before = target.bounding_box()
    with server.client() as client:
        more = "bash printf 'new\\n' > b.txt; rm a.txt; git add --all; git commit -q -m More"
        client.post("chat", json={"message": more})
    expect(page.locator("diff-list")).to_contain_text("b.txt")
    expect(page.get_by_label("What is shown")).to_contain_text("More")
    expect(file_of(page, "a.txt")).to_have_count(0)
    expect(target).to_be_visible()
    after = target.bounding_box()
    assert before is not None
    assert after is not None
    assert abs(before["y"] - after["y"]) < 3


def test_lines_that_come_late_do_not_move_what_is_read(page: Page, server: ServedRepository, workspace: Path) -> None:
    for name in ("y.txt", "zz.txt"):
        (workspace / name).write_text("".join(f"{name} {n}\n" for n in range(200)))
    late: list[Route] = []
    lines_of_y = re.compile(r"changes/lines\?.*path=y\.txt")
    page.route(lines_of_y, lambda route: late.append(route))
    with page.expect_request(lines_of_y):
        open_changes(page, server)
    target = number(page, "zz.txt", 30)
    page.locator("diff-list").get_by_role("button", name="zz.txt").click()
    expect(file_of(page, "zz.txt").locator("tr")).to_have_count(200)
    let_the_page_keep_the_place(page)
    read_on(page, target)
    before = target.bounding_box()
    late[0].continue_()
    expect(file_of(page, "y.txt").locator("tr")).to_have_count(200)
    after = target.bounding_box()
    assert before is not None
    assert after is not None
    assert abs(before["y"] - after["y"]) < 3


def let_the_page_keep_the_place(page: Page) -> None:
    """For not every browser does so by itself."""
    page.evaluate("document.querySelector('.d-main').style.overflowAnchor = 'none'")


def read_on(page: Page, target: Locator) -> None:
    """To `target`, as a reader does: after a turn of the wheel the page no longer holds what was jumped to."""
    page.locator(".d-main").dispatch_event("wheel")
    target.scroll_into_view_if_needed()


def test_a_tool_that_comes_as_the_page_lets_go_of_its_oldest_messages_is_not_missed(
    page: Page, server: ServedRepository, workspace: Path
) -> None:
    open_changes(page, server)
    expect(file_of(page, FILE)).to_be_visible()
    with page.expect_request(re.compile(r"/changes\?")):
        # As many are on the page as it looked through before, and the last of them is new.
        page.evaluate(
            """() => {
                const panel = document.querySelector("diff-panel");
                const messages = Array(2048).fill({ type: "auto" });
                const show = log => panel.show({ log: { generation: -1, ...log }, connection: { status: "connected" } });
                show({ base: 0, messages });
                show({ base: 1, messages: [...messages.slice(1), { type: "tool" }] });
            }"""
        )


def test_what_is_written_is_kept_while_its_file_changes(page: Page, server: ServedRepository, workspace: Path) -> None:
    open_changes(page, server)
    number(page, "notes é.md", 3).click()
    page.keyboard.type("half a tho")
    with server.client() as client:
        client.post("chat", json={"message": "bash echo more >> 'notes é.md'"})
    expect(file_of(page, "notes é.md").locator(".diff-count-add")).to_have_text("+4")
    page.keyboard.type("ught")
    expect(page.locator(".d-comment textarea")).to_have_value("half a thought")
    page.keyboard.press("Control+Enter")
    expect(file_of(page, "notes é.md").locator("tr").filter(has_text="more")).to_have_count(1)
    expect(page.locator(".d-said")).to_have_text("half a thought")


def test_a_hundred_thousand_lines_do_not_hold_up_the_page(
    page: Page, server: ServedRepository, workspace: Path
) -> None:
    (workspace / "huge.txt").write_text("".join(f"line {n}\n" for n in range(100_000)))
    open_changes(page, server)
    file = file_of(page, "huge.txt")
    expect(file).to_contain_text("A large change: 100,000 lines")
    page.evaluate(
        """() => {
            window.longest = 0;
            new PerformanceObserver((list) => {
                for (const { duration } of list.getEntries()) window.longest = Math.max(window.longest, duration);
            }).observe({ type: "longtask" });
        }"""
    )
    file.get_by_role("button", name="Show the lines").click()
    expect(file.locator("tr")).to_have_count(1000)
    file.get_by_role("button", name=re.compile("Show more of 99,000 lines")).click()
    expect(file.locator("tr")).to_have_count(2000)
    assert page.evaluate("window.longest") < 2000


def test_odd_files_are_what_they_are(page: Page, server: ServedRepository, workspace: Path) -> None:
    (workspace / "picture.bin").write_bytes(b"\0" * 3000)
    (workspace / 'quote" and\nline').write_text("x")
    (workspace / "empty").touch()
    (workspace / "README.md").chmod(0o755)
    git(workspace, "mv", "pyproject.toml", "project.toml")
    (workspace / "<b>markup<b>").write_text("<img src=x onerror=alert(1)>\u202e\n")
    open_changes(page, server)
    expect(file_of(page, "picture.bin")).to_contain_text("A binary file: 3 kB")
    expect(file_of(page, 'quote" and␊line').locator(".d-unended")).to_have_count(1)
    expect(file_of(page, "empty")).to_contain_text("The file is empty.")
    expect(file_of(page, "README.md")).to_contain_text("mode 100644 → 100755")
    expect(file_of(page, "project.toml")).to_contain_text("pyproject.toml → project.toml")
    expect(file_of(page, "<b>markup<b>").locator(".d-added")).to_contain_text("<img src=x onerror=alert(1)>⟨U+202E⟩")
    assert page.locator("diff-view :is(img, b)").count() == 0


def test_more_lines_around_a_change_are_shown_when_asked_for(
    page: Page, server: ServedRepository, workspace: Path
) -> None:
    lines = [f"line {n}\n" for n in range(300)]
    commit_files(workspace, {"long.txt": "".join(lines)}, "Long")
    lines[150] = "changed\n"
    head = commit_files(workspace, {"long.txt": "".join(lines)}, "Changed")
    open_changes(page, server)
    page.get_by_label("What is shown").select_option(head)
    file = file_of(page, "long.txt")
    expect(file.locator("tr:not(.d-gap)")).to_have_count(7)
    file.get_by_role("button", name="Show more lines around").first.click()
    expect(file.locator("tr:not(.d-gap)")).to_have_count(61)
    file.get_by_role("button", name="Show more lines around").first.click()
    expect(file.locator("tr:not(.d-gap)")).to_have_count(300)


def test_where_the_server_is_away_the_panel_says_so_and_tries_again(
    page: Page, server: ServedRepository, workspace: Path
) -> None:
    page.goto(server.link)
    expect(page.locator('[data-status="connected"]').first).to_be_visible()
    page.route(re.compile(r"/changes\?"), lambda route: route.abort())
    show_changes(page)
    expect(page.get_by_text("The changes could not be fetched")).to_be_visible()
    page.unroute(re.compile(r"/changes\?"))
    page.get_by_role("button", name="Try again").click()
    expect(file_of(page, FILE)).to_be_visible()


def test_where_no_files_are_shown_the_bare_diff_is_or_the_reason_why_not(
    page: Page, server: ServedRepository, workspace: Path
) -> None:
    def refused(status: int, detail: str) -> Callable[[Route], None]:
        return lambda route: route.fulfill(status=status, json={"status": status, "detail": detail})

    page.goto(server.link)
    expect(page.locator('[data-status="connected"]').first).to_be_visible()
    page.route(re.compile(r"/changes\?"), refused(404, "this agent shows no files"))
    show_changes(page)
    expect(page.locator("diff-view .diff-file")).to_contain_text(["notes", FILE])
    page.get_by_role("button", name="Close").click()
    page.route(re.compile(r"/diff"), refused(409, "a replay has no diff"))
    show_changes(page)
    expect(page.get_by_text("a replay has no diff")).to_be_visible()
