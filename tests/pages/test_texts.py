"""Text that breaks others' streams: from a POST through the log, the store and the stream to the page, the same everywhere."""

from __future__ import annotations

import json
import subprocess
import sys
from itertools import count

import pytest
from playwright.sync_api import Page, expect

from tests.served import ServedRepository
from trio_agent.core.sse import Parser
from trio_agent.web.visible import visible_prose

pytestmark = pytest.mark.browser

TEXTS = {
    "what other parsers take for line ends": "a\u2028b\u2029c\u0085d\x0be\x0cf\x1cg\x1dh\x1ei",
    "fields of an event stream": "x\n\ndata: {}\nid: 9\nevent: reset\nretry: 1\n\n: comment\r\ndata: y\rz",
    "characters of two, three and four bytes": "ß €  \U0001f469\U0001f3fd\u200d\U0001f680 \U0001d4f3 e\u0301" * 3000,
    "a byte order mark and other invisible ones": "\ufeffa\u200bb\u202ec\u2066d\u00ade\ufffe\uffff",
    "a NUL and a DEL": "a\x00b\x7fc",
    "right to left": "שלום \u200f مرحبا 123",
}
PAIR = "\\ud83d\\ude80"
LONE = ("\\ud800", "a\\udfffb", "\\ud83d \\ude80", "\\ude80\\ud83d")
"""Surrogates as JSON may spell them: a pair is a character, and one alone is none."""


def post(server: ServedRepository, body: str) -> int:
    """The message's index. `body` is JSON text, so that it may say what no encoder would."""
    headers = {"Content-Type": "application/json"}
    with server.client() as client:
        answer = client.post("chat", content=body.encode(), headers=headers)
        assert answer.status_code == 202, answer.text
        index: int = answer.json()["idx"]
        # Until the turn is over: two texts at once would be one turn.
        for number in count(index + 1):
            while client.get("state", params={"poll": "true", "seen": number}).json()["message_count"] <= number:
                pass
            if client.get("messages", params={"start": number, "end": number + 1}).json()[0]["end_of_turn"]:
                break
    return index


def streamed(server: ServedRepository, total: int) -> list[str]:
    """The contents of the first `total` messages, as a client reads them that gets them in crumbs."""
    parser, contents, heard = Parser(), list[str](), b""
    with server.client() as client, client.stream("GET", "stream") as response:
        for chunk in response.iter_raw(7):
            heard += chunk
            contents += [json.loads(event.data)["content"] for event in parser.feed(chunk) if event.event == "message"]
            if len(contents) >= total:
                break
    assert heard.isascii()
    assert b"\r" not in heard
    return contents


def exported(server: ServedRepository) -> list[str]:
    with server.client() as client:
        session = client.get("state").json()["session_id"]
    command = [sys.executable, "-m", "trio_agent", "export", session, "--data-dir", str(server.data_dir)]
    lines = subprocess.run(command, capture_output=True, check=True).stdout.split(b"\n")
    return [json.loads(line)["content"] for line in lines if line]


def on_page(page: Page, index: int) -> str:
    """The card's text as it stands in the document, before a layout folds its blanks."""
    text: str = page.locator(f'[data-idx="{index}"] .text').evaluate("element => element.textContent")
    return text


def test_every_text_arrives_as_it_was_sent_in_store_stream_and_page(page: Page, server: ServedRepository) -> None:
    page.goto(server.link)
    said = [f"echo {text}" for text in (*TEXTS.values(), "\U0001f680")]
    bodies = [
        *(json.dumps({"message": f"echo {text}"}, ensure_ascii=False) for text in TEXTS.values()),
        f'{{"message":"echo {PAIR}"}}',
    ]
    indexes = [post(server, body) for body in bodies]
    with server.client() as client:
        told = [message["content"] for message in client.get("messages").json()]
    total = len(told)
    expect(page.locator("[data-idx]")).to_have_count(total)
    assert [told[index] for index in indexes] == said
    assert streamed(server, total) == told == exported(server)
    assert [on_page(page, index) for index in indexes] == [visible_prose(text) for text in said]
    server.kill()
    server.start()
    with server.client() as client:
        assert [message["content"] for message in client.get("messages").json()] == told
    assert page.evaluate("() => document.querySelectorAll('[data-idx]').length") == total


def test_half_a_character_is_refused_at_the_door_and_harms_nobody(page: Page, server: ServedRepository) -> None:
    page.goto(server.link)
    with server.client() as client:
        for text in LONE:
            body = f'{{"message":"{text}"}}'.encode()
            answer = client.post("chat", content=body, headers={"Content-Type": "application/json"})
            assert answer.status_code == 400
    post(server, json.dumps({"message": "echo still here"}))
    expect(page.locator('[data-idx="1"]')).to_contain_text("still here")


def test_output_of_a_command_that_is_no_text_is_shown_with_replacements(page: Page, server: ServedRepository) -> None:
    page.goto(server.link)
    command = r"bash printf 'a\377\355\240\200b\342\200'; printf '\250c\360\237'; printf '\232\200\000\033[31md'"
    index = post(server, json.dumps({"message": command}))
    with server.client() as client:
        messages = client.get("messages").json()
    (result,) = [message["tool_result"] for message in messages[index:] if message["type"] == "tool"]
    assert result.startswith("a\ufffd")
    assert "b\u2028c\U0001f680" in result
    expect(page.locator(f'[data-idx="{len(messages) - 1}"]')).to_be_visible()
