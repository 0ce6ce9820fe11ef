from __future__ import annotations

import pytest

from trio_agent.tools.environment import child_environment


@pytest.mark.parametrize(
    "name",
    [
        "ANTHROPIC_API_KEY",
        "OPENAI_API_KEY",
        "GITHUB_TOKEN",
        "AWS_SECRET_ACCESS_KEY",
        "SSH_AUTH_SOCK",
        "TRIO_AGENT_TOKEN",
    ],
)
def test_a_secret_is_not_handed_down(name: str) -> None:
    assert name not in child_environment({name: "secret", "PATH": "/bin"}, {})


@pytest.mark.parametrize("name", ["HOME", "PATH", "LANG", "LC_CTYPE", "TZ", "SSL_CERT_FILE", "https_proxy", "NO_PROXY"])
def test_what_programs_need_to_find_their_way_is_handed_down(name: str) -> None:
    assert child_environment({name: "value"}, {})[name] == "value"


def test_a_proxy_that_holds_a_password_is_not_handed_down() -> None:
    assert "https_proxy" not in child_environment({"https_proxy": "http://user:password@proxy:3128"}, {})


def test_nothing_waits_for_a_person() -> None:
    environment = child_environment({"TERM": "xterm", "PAGER": "less", "GIT_EDITOR": "vi"}, {})
    assert (environment["TERM"], environment["PAGER"], environment["GIT_EDITOR"]) == ("dumb", "cat", "true")


def test_what_the_caller_adds_has_the_last_word() -> None:
    assert child_environment({"HOME": "/root"}, {"HOME": "/other"})["HOME"] == "/other"
