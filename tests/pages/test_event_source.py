"""The browser's own EventSource, on the cases of our parsers; and it and curl on the same stream."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page

from tests.served import ServedRepository
from tests.sse_cases.case import cases
from tests.sse_cases.origin import serving
from trio_agent.core.sse import Event, Parser

pytestmark = pytest.mark.browser

# What EventSource dispatches, until the stream ends; where it shall come back, until it has.
HEAR = """([types, comesBack]) => {
    window.heard = [];
    window.over = false;
    const source = new EventSource("stream");
    const finish = () => { source.close(); window.over = true; };
    for (const type of types)
        source.addEventListener(type, event => {
            window.heard.push([event.type, event.data, event.lastEventId]);
            if (comesBack && event.data === "again") finish();
        });
    source.addEventListener("error", () => { if (!comesBack) finish(); });
}"""

PIECES: dict[str, Callable[[bytes], list[bytes]]] = {
    "whole": lambda stream: [stream],
    "byte by byte": lambda stream: _cut(stream, 1, 0),
    "two by two from the second": lambda stream: _cut(stream, 2, 1),
}
MANY = 400
"""Of a longer stream, that is so in its comments, the pieces are larger."""

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


def _cut(stream: bytes, size: int, begin: int) -> list[bytes]:
    size = size if len(stream) < MANY else 97 * size
    return [stream[:begin], *(stream[at : at + size] for at in range(begin, len(stream), size))]


@pytest.mark.parametrize("cut", PIECES)
def test_the_browsers_event_source_reads_every_case_as_our_parsers_do(page: Page, cut: str) -> None:
    with serving() as origin:
        page.goto(origin.url)
        browser = page.context.new_cdp_session(page)
        browser.send("Network.enable")
        # Each piece leaves when the one before has arrived in the page: only so does the browser see the pieces at all.
        browser.on("Network.dataReceived", lambda event: origin.taken.put(event["dataLength"]))
        for case in cases():
            origin.aim([piece for piece in PIECES[cut](case.stream) if piece])
            types = sorted({"message", "no", *(event.event for event in case.events)})
            page.evaluate(HEAR, [types, case.reconnects])
            page.wait_for_function("() => window.over")
            heard = [Event(*event) for event in page.evaluate("window.heard")]
            expected = list(case.events)
            if case.reconnects:
                # That it comes at once shows the retry, and its header the id, which goes on on the new connection.
                expected.append(Event("message", "again", case.last_event_id))
                assert origin.came_back_with == [case.last_event_id.encode() or None], (case.name, case.shows)
            assert heard == expected, (case.name, case.shows)


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
