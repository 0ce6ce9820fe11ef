"""What messages only refer to, on the page: images, and the whole of long outputs."""

from __future__ import annotations

import base64
import json
import struct
import sys
import zlib
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.mcp.connecting import SERVERS
from tests.projects import make_project
from tests.served import ServedRepository, served

pytestmark = pytest.mark.browser

WIDTH, HEIGHT = 3, 2


def png() -> bytes:
    """A picture of one colour."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    rows = b"".join(b"\0" + b"\x20\x80\x40" * WIDTH for _ in range(HEIGHT))
    head = struct.pack(">IIBBBBB", WIDTH, HEIGHT, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


def test_an_image_that_a_tool_read_is_shown(page: Page, tmp_path: Path) -> None:
    make_project(tmp_path / "wordcount")
    make = f"echo {base64.b64encode(png()).decode()} | base64 -d > picture.png"
    script = tmp_path / "script.jsonl"
    answers = [
        {"tool_calls": [{"name": "bash", "input": {"command": make}}]},
        {"tool_calls": [{"name": "read_file", "input": {"path": "picture.png"}}]},
        {"text": "Seen."},
    ]
    script.write_text("\n".join(map(json.dumps, answers)))
    with served(tmp_path / "wordcount", tmp_path / "data", "--model", f"scripted:{script}") as server:
        page.goto(server.link)
        page.fill("#prompt", "look")
        page.press("#prompt", "Enter")
        page.locator("tool-card", has_text="read_file").locator("summary").click()
        image = page.locator("img.tool-image")
        expect(image).to_be_visible()
        page.wait_for_function("() => document.querySelector('img.tool-image')?.naturalWidth > 0")
        size = image.evaluate("image => [image.naturalWidth, image.naturalHeight, image.alt]")
        assert size == [WIDTH, HEIGHT, "picture.png"]


def test_all_images_of_one_result_are_shown(page: Page, tmp_path: Path) -> None:
    make_project(tmp_path / "wordcount")
    config = tmp_path / "config" / "trio-agent" / "config.toml"
    config.parent.mkdir(parents=True)
    config.write_text(f"[mcp.honest]\ncommand = {json.dumps([sys.executable, str(SERVERS / 'honest.py')])}\n")
    script = tmp_path / "script.json"
    call = {"name": "honest__pictures", "input": {"count": 2}}
    script.write_text(json.dumps([{"tool_calls": [call]}, {"text": "Seen."}]))
    environment = {"XDG_CONFIG_HOME": str(tmp_path / "config")}
    options = ("--model", f"scripted:{script}")
    with served(tmp_path / "wordcount", tmp_path / "data", *options, environment=environment) as server:
        page.goto(server.link)
        page.fill("#prompt", "look")
        page.press("#prompt", "Enter")
        page.locator('tool-card[data-status="ok"]', has_text="honest__pictures").locator("summary").click()
        expect(page.locator("img.tool-image")).to_have_count(3)
        page.wait_for_function("() => [...document.querySelectorAll('img.tool-image')].every(i => i.naturalWidth > 0)")


def test_the_whole_of_a_long_output_can_be_saved(page: Page, server: ServedRepository) -> None:
    page.goto(server.link)
    page.fill("#prompt", "bash seq 100000")
    page.press("#prompt", "Enter")
    card = page.locator('tool-card[data-status="ok"]', has_text="seq 100000")
    card.locator("summary").click()
    with page.expect_download() as saving:
        card.get_by_role("button", name="Save the whole output").click()
    whole = Path(saving.value.path()).read_text().split()
    assert (len(whole), whole[50_000]) == (100_000, "50001")


def test_a_tool_that_is_stopped_is_shown_as_cancelled_and_not_as_failed(page: Page, server: ServedRepository) -> None:
    page.goto(server.link)
    page.fill("#prompt", "slow 300")
    page.press("#prompt", "Enter")
    card = page.locator("tool-card", has_text="sleep 300")
    card.get_by_role("button", name="Stop").click()
    expect(card).to_have_attribute("data-status", "interrupted")
    expect(card.locator(".tool-word")).to_have_text("cancelled")
