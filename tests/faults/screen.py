"""The log as the page shows it, held against the log as the server has it."""

from __future__ import annotations

import re
from typing import Any

from playwright.sync_api import Page, TimeoutError

READ = """async () => {
    // What a tool said is built when its card is opened, which the browser tells in a task of its own.
    for (const details of document.querySelectorAll("tool-card details:not([open])")) details.open = true;
    // It may even have to be loaded first.
    const cards = [...document.querySelectorAll("tool-card[data-type]")];
    const built = () => cards.every(card => card.querySelector(".tool-output"));
    for (let tries = 0; tries < 100 && !built(); tries++) await new Promise(done => setTimeout(done, 50));
    const text = card => card.querySelector(":scope > .text")?.textContent ?? "";
    return [...document.querySelectorAll("[data-idx]")].map(card => ({
        idx: Number(card.dataset.idx),
        type: card.dataset.type,
        call: card.dataset.toolCallId ?? "",
        text: card.dataset.type === "tool" ? card.querySelector(".tool-output")?.textContent ?? "" : text(card),
        thinking: "draft" in card.dataset,
    }));
}"""
DRAWN = """count => document.querySelectorAll("[data-idx]").length >= count
    && !document.querySelector("[data-draft], pending-card")"""
DRAWN_NOW = """() => ({
    messages: document.querySelectorAll("[data-idx]").length,
    drafts: document.querySelectorAll("[data-draft]").length,
    pending: [...document.querySelectorAll("pending-card")].map(card => card.textContent),
    hidden: document.hidden,
})"""
DRAWN_MS = 30_000
"""Twice the silence after which a page looks for another connection, and time to find it."""


def wait_drawn(page: Page, count: int) -> None:
    """Until the page shows so many messages, none half written and none on its way. Raises AssertionError."""
    try:
        page.wait_for_function(DRAWN, arg=count, timeout=DRAWN_MS, polling=100)
    except TimeoutError as exc:
        raise AssertionError(f"of {count} messages, the page drew in time: {page.evaluate(DRAWN_NOW)}") from exc


def differences(page: Page, messages: list[dict[str, Any]]) -> list[str]:
    """What the page shows otherwise than `messages`; empty where it is the log, each message once."""
    shown = page.evaluate(READ)
    indexes = [each["idx"] for each in shown]
    if sorted(indexes) != list(range(len(messages))):
        missing = sorted(set(range(len(messages))) - set(indexes))
        twice = sorted({idx for idx in indexes if indexes.count(idx) > 1})
        return [f"of {len(messages)} messages the page shows {len(indexes)}: missing {missing}, twice {twice}"]
    wrong = []
    for each in shown:
        message = messages[each["idx"]]
        expected = _text_of(message)
        if each["type"] != message["type"] or each["call"] != message.get("tool_call_id", ""):
            wrong.append(f"message {each['idx']} is shown as {each['type']} {each['call']}, and is {message}")
        elif _words(each["text"]) != _words(expected):
            wrong.append(f"message {each['idx']} reads {each['text'][:200]!r}, and is {expected[:200]!r}")
    # Results stand in the cards of their calls, so only what the log is made of has an order of its own.
    order = [each["idx"] for each in shown if each["type"] != "tool"]
    if order != sorted(order):
        wrong.append(f"the page shows the messages in the order {order}")
    return wrong


def _text_of(message: dict[str, Any]) -> str:
    if message["type"] != "tool":
        return str(message["content"])
    return message.get("tool_result") or message["content"] or "No output"


def _words(text: str) -> list[str]:
    """Markdown that became HTML has other white space, and no marks."""
    return re.sub(r"[`*]", "", text).split()
