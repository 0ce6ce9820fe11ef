from __future__ import annotations

import base64
import json
import re
import string
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trio_agent.core.redaction import MARK, SHAPES, SHOWN_CHARS, Redactor, secrets_of

KNOWN = 'canary"\\é-value-1'
LONGER = f"{KNOWN}-and-more"
PEM_LINES = [("MIIEvQIBADANBgkqhkiG9w0BAQEFAASC" * 2), "Ab+/" * 16, "Zz09" * 6 + "=="]
PEM = "-----BEGIN RSA PRIVATE KEY-----\n" + "\n".join(PEM_LINES) + "\n-----END RSA PRIVATE KEY-----\n"

KEYS = {
    "anthropic": "sk-ant-api03-" + "aB3_-" * 18,
    "openai": "sk-proj-" + "aB3_-" * 20,
    "openai, old": "sk-" + "aB3" * 16,
    "github": "ghp_" + "aB3" * 12,
    "github, fine-grained": "github_pat_" + "aB3_" * 20,
    "gitlab": "glpat-" + "aB3-" * 5,
    "aws": "AKIA" + "AB34" * 4,
    "google": "AIza" + "aB3_-" * 7,
    "slack": "xoxb-" + "123456789012-" * 2 + "aB3" * 8,
    "npm": "npm_" + "aB3" * 12,
    "pypi": "pypi-AgE" + "aB3_-" * 30,
    "hugging face": "hf_" + "aB" * 17,
    "stripe": "sk_live_" + "aB3" * 8,
}

ORDINARY = [
    "risk-assessment-of-the-whole-system-and-a-few-words-more-than-that",
    "task-force, mask-layer, disk-usage-analyser-with-a-very-long-name-and-no-digits",
    "AKIA is how such keys begin; ghp_ too, and sk-ant-... stands for one",
    "-----BEGIN PRIVATE KEY----- is the first line of such a file; what follows it is base64 in lines of 64 characters",
    "-----BEGIN CERTIFICATE-----\nMIIDXTCCAkWgAwIBAgIJAJC1HiIAZAiIMA0GCSqGSIb3DQEBCwUAMEUxCzAJBgNV\n-----END CERTIFICATE-----",
    "sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
    "postgres development changeme",
]


@pytest.mark.parametrize("key", KEYS.values(), ids=KEYS)
def test_a_key_that_names_itself_is_taken_out(key: str) -> None:
    assert Redactor().redact(f"KEY={key}\n") == f"KEY={MARK}\n"
    assert Redactor().redact(f"\x1b[32m{key}\x1b[0m") == f"\x1b[32m{MARK}\x1b[0m"
    assert Redactor().redact(json.dumps({"key": key})) == json.dumps({"key": MARK})


@pytest.mark.parametrize("text", ORDINARY)
def test_ordinary_text_is_left_alone(text: str) -> None:
    redactor = Redactor(
        secrets_of({"POSTGRES_PASSWORD": "postgres", "SECRET_MODE": "development", "X_TOKEN": "short1!"})
    )
    assert redactor.redact(text) == text


@pytest.mark.parametrize("join", ["\n", "\\n", "\r\n", '",\n    "', "\n12\t"], ids=repr)
def test_the_lines_of_a_private_key_are_taken_out_however_they_are_joined(join: str) -> None:
    text = Redactor().redact(f"before\n{PEM}after".replace("\n", join))
    assert not any(line in text for line in PEM_LINES)
    assert text.startswith("before")
    assert text.endswith("after")


@pytest.mark.parametrize(
    "form",
    [KNOWN, LONGER, json.dumps(KNOWN), "canary%22%5C%C3%A9-value-1", base64.b64encode(KNOWN.encode()).decode()],
)
def test_a_known_value_is_taken_out_in_the_forms_it_takes(form: str) -> None:
    text = Redactor([KNOWN, LONGER]).redact(f"<{form}>")
    assert "canary" not in text
    assert "value" not in text
    assert MARK in text
    assert "more" not in text


def test_the_lines_of_a_known_value_are_taken_out_one_by_one() -> None:
    redactor = Redactor(["{\n" + '  "private": "aaaabbbbccccdddd1",\n' + "}"])
    assert "aaaabbbb" not in redactor.redact('3\t  "private": "aaaabbbbccccdddd1",')


def test_what_is_secret_in_an_environment_is_known_by_its_name() -> None:
    environment = {
        "ANTHROPIC_API_KEY": "a-1",
        "GITHUB_TOKEN": "b-2",
        "AWS_SECRET_ACCESS_KEY": "c-3",
        "db_password": "d-4",
        "DATABASE_URL": "postgres://user:e%2F5@host/name",
        "HTTPS_PROXY": "http://user:f-6@proxy:3128",
        "PATH": "/usr/bin",
        "SSH_AUTH_SOCK": "/run/agent",
        "SSL_KEY_FILE": "/etc/key.pem",
        "AWS_ACCESS_KEY_ID": "AKIA",
        "KEYBOARD_LAYOUT": "de",
        "GNOME_KEYRING_CONTROL": "/run/keyring",
        "PWD": "/home",
    }
    assert sorted(secrets_of(environment)) == ["a-1", "b-2", "c-3", "d-4", "e%2F5", "e/5", "f-6", "f-6"]


def test_redacting_twice_changes_nothing_more() -> None:
    redactor = Redactor([KNOWN])
    once = redactor.redact(f"{KNOWN} {KEYS['github']} {PEM}")
    assert redactor.redact(once) == once


SECRETS = [KNOWN, LONGER, *KEYS.values(), PEM_LINES[0], PEM_LINES[1]]


@given(
    pieces=st.lists(
        st.one_of(
            st.sampled_from([KNOWN, LONGER, PEM, *KEYS.values(), *(shape.prefix for shape in SHAPES), KNOWN[:9]]),
            st.text(string.ascii_letters + string.digits + "-_ \n=", max_size=20),
        ),
        max_size=6,
    ),
    cuts=st.lists(st.integers(1, 60), min_size=1, max_size=20),
)
def test_no_cut_lets_a_secret_through(pieces: list[str], cuts: list[int]) -> None:
    # Between two keys stands something that belongs to neither.
    text = " . ".join(pieces)
    redactor = Redactor([KNOWN, LONGER])
    stream = redactor.stream()
    shown, rest, turn = "", text, 0
    while rest:
        size = cuts[turn % len(cuts)]
        shown += stream.add(rest[:size])
        rest, turn = rest[size:], turn + 1
        # Whoever looks on sees no more at any time than what is in the end.
        assert not any(secret[: len(secret) // 2 + 4] in shown for secret in SECRETS if secret in text)
    shown += stream.end()
    assert not any(secret[SHOWN_CHARS:] in shown for secret in SECRETS)
    # But for the first characters of a secret, it is what redacting the whole gives.
    pattern = re.escape(redactor.redact(text)).replace(re.escape(MARK), f".{{0,{SHOWN_CHARS}}}{re.escape(MARK)}")
    assert re.fullmatch(pattern, shown, re.DOTALL)


@pytest.mark.parametrize("key", [KNOWN, PEM_LINES[0], *KEYS.values()])
def test_a_key_that_comes_one_character_at_a_time_is_never_begun(key: str) -> None:
    text = f"-----BEGIN PRIVATE KEY-----\n{key}\n" if key == PEM_LINES[0] else f"a {key} b"
    stream = Redactor([KNOWN]).stream()
    shown = "".join(map(stream.add, text)) + stream.end()
    assert key[:12] not in shown
    assert MARK in shown


def test_a_secret_that_ends_as_it_begins_is_not_cut_in_the_middle() -> None:
    value = "abc-12345-abc"
    stream = Redactor([value]).stream()
    shown = stream.add(f"x {value}")
    assert shown + stream.add("-12 rest") + stream.end() == f"x {MARK}-12 rest"


def test_one_or_two_characters_are_not_held_back() -> None:
    stream = Redactor([KNOWN]).stream()
    assert [stream.add(piece) for piece in ("s", "k", "-", "ant", "lers ")] == ["s", "k", "", "", "-antlers "]
    assert stream.end() == ""


def test_ordinary_text_is_not_held_back() -> None:
    for text in ("All tests pass.\n", "-----BEGIN PRIVATE KEY----- is a line. ", "sk-ant-…\n", "a canary?\n"):
        assert Redactor([KNOWN]).stream().add(text) == text


def test_a_flood_costs_little() -> None:
    redactor = Redactor([KNOWN, LONGER])
    for text in (
        "y\n" * 500_000,
        "-" * 1_000_000,
        "sk-" * 300_000,
        "-----BEGIN PRIVATE KEY-----\n" * 30_000,
        PEM * 2000,
    ):
        stream = redactor.stream()
        began = time.process_time()
        for at in range(0, len(text), 65536):
            stream.add(text[at : at + 65536])
        stream.end()
        assert time.process_time() - began < 5, text[:10]
