"""The environment of the programs a model runs: what is on the list, and nothing else. No API key is on it."""

from __future__ import annotations

from collections.abc import Mapping

ALLOWED = frozenset(
    {
        *("HOME", "PATH", "USER", "LOGNAME", "SHELL", "LANG", "LANGUAGE", "TZ", "TMPDIR"),
        # Where tool chains live that are not where they would be by default.
        *("CARGO_HOME", "RUSTUP_HOME", "GOPATH", "GOROOT", "JAVA_HOME", "NVM_DIR", "PYENV_ROOT"),
        # Certificates of a company's proxy.
        *("SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "NODE_EXTRA_CA_CERTS", "PIP_CERT"),
    }
)
ALLOWED_PREFIX = "LC_"

PROXIES = frozenset({"http_proxy", "https_proxy", "ftp_proxy", "all_proxy", "no_proxy"})
"""In either case. One that holds a user's name and password (`user:password@host`) is a credential, and stays behind."""

FIXED = {
    "TERM": "dumb",
    # Nobody is there to page, to edit or to answer a prompt; each of these would wait until the timeout.
    "PAGER": "cat",
    "GIT_PAGER": "cat",
    "GIT_EDITOR": "true",
    "GIT_TERMINAL_PROMPT": "0",
    "DEBIAN_FRONTEND": "noninteractive",
}

TERMINAL = {"TERM": "xterm-256color", "COLORTERM": "truecolor"}
"""What xterm.js, which the page draws terminals with, understands."""


def child_environment(ours: Mapping[str, str], extra: Mapping[str, str]) -> dict[str, str]:
    """What is allowed of `ours`, then FIXED, then `extra` (git's author and committer, for instance)."""
    return {**_allowed(ours), **FIXED, **extra}


def terminal_environment(ours: Mapping[str, str]) -> dict[str, str]:
    """The same for a terminal, where a person is there to page, to edit and to answer prompts."""
    return {**_allowed(ours), **TERMINAL}


def _allowed(ours: Mapping[str, str]) -> dict[str, str]:
    return {
        name: value
        for name, value in ours.items()
        if name in ALLOWED or name.startswith(ALLOWED_PREFIX) or (name.lower() in PROXIES and "@" not in value)
    }
