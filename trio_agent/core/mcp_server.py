"""An MCP server that the user names in their config file: a command to start, or an address."""

from __future__ import annotations

import re

import msgspec

NAME = re.compile(r"[a-zA-Z0-9](?:[a-zA-Z0-9-]|_(?!_)){0,23}")
"""Names of tools have 64 characters for it, two underscores and the tool's own name; the first two must be told apart."""


class McpServer(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`command` is the program and its arguments, `env` what it gets beside the allow-list; or `url`, with `headers`."""

    command: tuple[str, ...] = ()
    env: dict[str, str] = {}
    url: str = ""
    headers: dict[str, str] = {}

    def __post_init__(self) -> None:
        """Raises ValueError, which msgspec turns into a ValidationError that names the place."""
        if bool(self.command) == bool(self.url):
            raise ValueError("takes either command = [PROGRAM, ARGUMENTS…] or url")
        if self.url and not re.match(r"https?://[^/]", self.url):
            raise ValueError("url takes http://… or https://…")
        if self.url and self.env:
            raise ValueError("env goes with command")
        if self.command and self.headers:
            raise ValueError("headers go with url")
        if any("\0" in text for text in (*self.command, *self.env, *self.env.values())):
            raise ValueError("takes no NUL")
        for name, value in self.headers.items():
            # Source: RFC 9110, 5.1 and 5.5.
            if not re.fullmatch(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+", name) or not re.fullmatch(r"[\t\x20-\x7e]*", value):
                raise ValueError("headers take visible ASCII")

    @property
    def secrets(self) -> dict[str, str]:
        """What may be secret in it, under names that say so: the values of all headers, with and without their scheme."""
        found = dict(self.env)
        found["URL"] = self.url
        for number, value in enumerate(self.headers.values()):
            found[f"SECRET_{number}"] = value
            found[f"SECRET_{number}_BARE"] = value.rpartition(" ")[2]
        return found
