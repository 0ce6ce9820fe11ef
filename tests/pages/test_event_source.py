"""The browser's own EventSource and curl, on the same stream."""

from __future__ import annotations

import json
import subprocess
from typing import Any

import pytest
from playwright.sync_api import Page

from tests.served import ServedRepository
from trio_agent.core.sse import Parser

pytestmark = pytest.mark.browser

LISTEN = """([url]) => {
    window.got = [];
    const source = new EventSource(url);
    source.addEventListener("message", event => window.got.push([event.lastEventId, event.data]));
}"""


def post(server: ServedRepository, text: str) -> None:
    with server.client() as client:
        assert client.post("chat", json={"message": text}).status_code == 202


def wait_count(server: ServedRepository, count: int) -> list[dict[str, Any]]:
    """All messages, once there are `count`. The seed's long poll does the waiting."""
    with server.client() as client:
        while client.get("state", params={"poll": "true", "seen": count - 1}).json()["message_count"] < count:
            pass
        messages: list[dict[str, Any]] = client.get("messages").json()
        return messages


def by_curl(server: ServedRepository, count: int) -> list[list[str]]:
    """`count` messages as curl -N shows them: id and data."""
    header = f"Authorization: Bearer {server.token}"
    curl = subprocess.Popen(["curl", "-sN", "-H", header, f"{server.url}stream"], stdout=subprocess.PIPE)
    assert curl.stdout is not None
    parser, got = Parser(), []
    with curl.stdout:
        while len(got) < count:
            chunk = curl.stdout.read1()
            assert chunk, "the stream ended"
            got += [[event.id, event.data] for event in parser.feed(chunk) if event.event == "message"]
    curl.kill()
    curl.wait()
    return got


def test_event_source_and_curl_get_the_same_messages_and_event_source_resumes_by_its_last_id(
    page: Page, server: ServedRepository
) -> None:
    page.goto(f"{server.url}healthz")
    page.evaluate(LISTEN, [f"{server.url}stream?access_token={server.token}"])
    post(server, "burst 40 200")
    wait_count(server, 44)
    post(server, "echo Grüße, 世界 \U0001f680 \u2028 end")
    wait_count(server, 46)
    page.wait_for_function("() => window.got.length >= 46")
    server.kill()
    server.start()
    post(server, "echo resumed")
    messages = wait_count(server, 48)
    page.wait_for_function("() => window.got.length >= 48")
    in_browser = page.evaluate("window.got")
    assert [json.loads(data)["idx"] for _, data in in_browser] == list(range(48))
    assert [json.loads(data) for _, data in in_browser] == messages
    assert by_curl(server, 48) == in_browser
