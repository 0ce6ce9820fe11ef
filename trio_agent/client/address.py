"""Where a session is served, as its link says it: `http://HOST:PORT/[sessions/ID/]#token=TOKEN`."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from urllib.parse import parse_qs, quote, unquote, urlsplit

from trio_agent.core.errors import InvalidInput

_SESSION = re.compile(r"(?P<root>.*/)sessions/(?P<session>[^/]+)/?")
_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})


@dataclass(frozen=True, slots=True)
class Address:
    """`root` ends with a slash, and all routes are relative to it. An empty `session` means the newest one, an empty
    `token` that none is sent."""

    root: str
    session: str = ""
    token: str = ""

    def url(self, route: str) -> str:
        """Where `route` of the session is."""
        return f"{self.root}sessions/{quote(self.session, safe='')}/{route}" if self.session else self.root + route

    @property
    def is_loopback(self) -> bool:
        """Does it lead to this very machine, where no proxy goes?"""
        return urlsplit(self.root).hostname in _LOOPBACK

    def of_session(self, session: str) -> Address:
        return replace(self, session=session)


def parse_address(url: str, *, token: str | None = None, session: str | None = None) -> Address:
    """The address that `url` spells, as the server prints it. `token` and `session`, where given, win over the link's own.

    Raises InvalidInput where it is no http or https URL.
    """
    try:
        parts = urlsplit(url.strip())
        # Reading the port is what judges it.
        well_formed = parts.scheme in ("http", "https") and bool(parts.hostname) and (parts.port or 0) >= 0
    except ValueError as exc:
        raise InvalidInput(f"{url!r} is no address: {exc}") from exc
    if not well_formed or parts.username is not None:
        raise InvalidInput(f"{url!r} is no address: it should look like http://HOST:PORT/#token=TOKEN")
    path = parts.path or "/"
    found = _SESSION.fullmatch(path)
    named = unquote(found["session"]) if found else ""
    path = found["root"] if found else path if path.endswith("/") else f"{path}/"
    given = parse_qs(parts.fragment).get("token", [""])[0]
    return Address(
        root=f"{parts.scheme}://{parts.netloc}{path}",
        session=named if session is None else session,
        token=given if token is None else token,
    )
