"""The link that a server prints, and what it may be turned into."""

from __future__ import annotations

import pytest

from trio_agent.client.address import Address, parse_address
from trio_agent.core.errors import InvalidInput


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("http://127.0.0.1:8000/#token=abc-_1", Address("http://127.0.0.1:8000/", token="abc-_1")),
        ("http://127.0.0.1:8000", Address("http://127.0.0.1:8000/")),
        ("http://[::1]:8000/", Address("http://[::1]:8000/")),
        ("https://example.org/agent#token=t", Address("https://example.org/agent/", token="t")),
        ("http://h:1/sessions/12ab/#token=t", Address("http://h:1/", "12ab", "t")),
        ("http://h:1/below/sessions/12ab", Address("http://h:1/below/", "12ab")),
        ("  http://h:1/ \n", Address("http://h:1/")),
    ],
)
def test_a_link_names_the_server_the_session_and_the_token(url: str, expected: Address) -> None:
    assert parse_address(url) == expected


@pytest.mark.parametrize(
    "url", ["", "foo", "127.0.0.1:8000", "ftp://h/", "http://", "http://h:port/", "http://h:99999/", "http://[::1/"]
)
def test_what_is_no_link_is_refused(url: str) -> None:
    with pytest.raises(InvalidInput, match="no address"):
        parse_address(url)


def test_a_password_in_the_link_is_refused_rather_than_dropped() -> None:
    with pytest.raises(InvalidInput):
        parse_address("http://user:secret@h/")


def test_what_is_given_wins_over_the_link() -> None:
    address = parse_address("http://h:1/sessions/12ab/#token=t", token="other", session="34cd")
    assert address == Address("http://h:1/", "34cd", "other")


def test_routes_are_the_sessions_own_once_it_is_known() -> None:
    address = Address("http://h:1/below/")
    assert address.url("stream") == "http://h:1/below/stream"
    assert address.of_session("12/ab").url("stream") == "http://h:1/below/sessions/12%2Fab/stream"


@pytest.mark.parametrize(
    ("root", "loopback"),
    [("http://localhost:1/", True), ("http://[::1]:1/", True), ("http://127.0.0.1.example.org/", False)],
)
def test_only_this_machine_is_loopback(root: str, loopback: bool) -> None:
    assert Address(root).is_loopback is loopback
