"""What the page makes of texts that mean harm: links tell where they lead, and nothing turns or hides what is beside it."""

from __future__ import annotations

import json

from playwright.sync_api import Page, expect

from tests.pages.test_texts import post
from tests.served import ServedRepository

HIDING = "[\u200b\u202a-\u202e\u2060\u2066-\u2069\ufeff]"
READ = f"""() => {{
    const read = [document.title];
    const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    while (texts.nextNode()) read.push(`${{texts.currentNode.parentElement.className}}: ${{texts.currentNode.data}}`);
    for (const each of document.querySelectorAll("[title], [aria-label], [placeholder]")) {{
        read.push(each.getAttribute("title"), each.getAttribute("aria-label"), each.getAttribute("placeholder"));
    }}
    return read.filter((text) => text && /{HIDING}/u.test(text));
}}"""
ANSWER = """echo [the docs](https://evil.example/a) [https://github.com/real](https://evil.example/phish)
[here](https://github.com@evil.example/) <https://xn--pple-43d.com/x> https://a.example/b [calc](src/calc.py#L3)
[top](#top) ![a pic](https://evil.example/p.png) ![](data:image/png;base64,AAAA)

- [x] done

שלום (abc)"""


def say(page: Page, server: ServedRepository, text: str) -> int:
    index = post(server, json.dumps({"message": text}))
    expect(page.locator(f'[data-idx="{index}"]')).to_be_visible()
    return index


def test_every_link_of_an_answer_says_where_it_leads(page: Page, server: ServedRepository) -> None:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(server.link)
    answer = page.locator(f'[data-idx="{say(page, server, ANSWER) + 1}"] .markdown')
    expect(answer.get_by_role("link", name="the docs (evil.example)")).to_have_attribute(
        "title", "https://evil.example/a"
    )
    loud = answer.get_by_role("link", name="https://github.com/real leads to evil.example")
    expect(loud.locator(".elsewhere")).to_be_visible()
    expect(answer.get_by_role("link", name="here (evil.example)", exact=True)).to_be_visible()
    expect(answer.get_by_role("link", name="https://xn--pple-43d.com/x", exact=True)).to_be_visible()
    expect(answer.get_by_role("link", name="https://a.example/b", exact=True)).to_be_visible()
    expect(answer.get_by_role("link", name="Image: a pic (evil.example)")).to_have_attribute(
        "href", "https://evil.example/p.png"
    )
    expect(answer.locator("span.image")).to_have_text("Image (data:image/png)")
    expect(answer.locator("a", has_text="top")).to_have_count(0)
    expect(answer.locator("li")).to_have_text("☑ done")
    assert [url for url in asked if "example" in url] == []


def test_an_answer_is_told_to_readers_of_screens_without_its_signs(page: Page, server: ServedRepository) -> None:
    page.goto(server.link)
    say(page, server, "echo **bold** [link](https://evil.example) `code`")
    expect(page.locator("spoken-news")).to_have_text("Agent: bold link code")


def test_a_link_to_a_file_opens_it_here(page: Page, server: ServedRepository) -> None:
    page.goto(server.link)
    answer = page.locator(f'[data-idx="{say(page, server, "echo [read me](README.md#L2)") + 1}"] .markdown')
    answer.get_by_role("button", name="read me (README.md)").click()
    expect(page.locator("diff-source h3")).to_have_text("README.md")


def test_nothing_in_a_text_turns_or_hides_what_stands_beside_it(page: Page, server: ServedRepository) -> None:
    turned = "safe # \u202e txt.seton etteled # rm -rf ~\u202c\u200b\u2066\ufeff"
    page.goto(server.link)
    with server.client() as client:
        session = client.get("state").json()["session_id"]
        client.patch(f"sessions/{session}", json={"title": f"title {turned}"})
    index = say(page, server, f"bash echo '{turned}'; git commit -q --allow-empty -m 'subject {turned}'")
    expect(page.locator("session-header h1")).to_contain_text("title safe # ⟨U+202E⟩")
    card = page.locator("tool-card").last
    expect(card.locator(".tool-line")).to_contain_text(
        "echo 'safe # ⟨U+202E⟩ txt.seton etteled # rm -rf ~⟨U+202C⟩⟨U+200B⟩"
    )
    card.locator("summary").click()
    expect(card.locator(".tool-input")).to_contain_text("⟨U+2066⟩")
    expect(card.locator(".tool-output")).to_contain_text("⟨U+202E⟩ txt")
    expect(page.locator(".commit .subject")).to_contain_text("subject safe # ⟨U+202E⟩")
    expect(page.locator(f'[data-idx="{index}"] .text')).to_contain_text("⟨U+202E⟩")
    say(page, server, f"echo {turned}")
    expect(page.locator(".markdown").last).to_contain_text("⟨U+202E⟩")
    assert page.evaluate(READ) == []
    # What was said comes back as it was.
    page.get_by_role("textbox", name="Message").press("ArrowUp")
    expect(page.get_by_role("textbox", name="Message")).to_have_value(f"echo {turned}")


def test_no_text_is_drawn_over_what_stands_beside_it(page: Page, server: ServedRepository) -> None:
    """Letters with hundreds of marks above and below them are as high as a page."""
    tall = "L" + "".join(chr(0x300 + at % 0x15) for at in range(400))
    page.goto(server.link)
    first = page.locator(f'[data-idx="{say(page, server, "echo This can be read.") + 1}"]')
    expect(first.locator(".markdown")).to_be_visible()
    expect(page.locator('[data-state="WaitingForUserInput"]').first).to_be_visible()
    page.evaluate("document.fonts.ready")
    before = first.screenshot()
    index = say(page, server, f"echo {tall} {tall}")
    expect(page.locator(f'[data-idx="{index + 1}"] .markdown')).to_be_visible()
    expect(page.locator('[data-state="WaitingForUserInput"]').first).to_be_visible()
    assert first.screenshot() == before
    # Nor is what is beside it drawn over by its title.
    with server.client() as client:
        client.patch(f"sessions/{client.get('state').json()['session_id']}", json={"title": f"All of {tall}"})
    expect(page.locator("session-header h1")).to_contain_text("All of")
    expect(page.locator(".session-title").first).to_contain_text("All of")
    for part in ("session-header h1", ".session-title"):
        assert page.locator(part).first.evaluate("e => getComputedStyle(e).overflowY") in ("clip", "hidden"), part
