"""What the commands that serve have in common: their options, their sockets, the line that says where they listen."""

from __future__ import annotations

import errno
import gc
import os
import resource
import socket
import sys
import threading
import webbrowser
from collections.abc import Callable
from functools import partial
from typing import Any, TypeVar
from urllib.parse import quote

import click
import trio

from trio_agent.cli import PortTaken
from trio_agent.config import DESCRIPTIONS, LogFormat, Settings
from trio_agent.core.errors import TrioAgentError, first_error
from trio_agent.web.app import App
from trio_agent.web.server import listen, serve

F = TypeVar("F", bound=Callable[..., Any])


def setting(*names: str, **more: Any) -> Callable[[F], F]:
    """A click option for a field of Settings."""
    field = names[0].lstrip("-").split("/")[0].replace("-", "_")
    return click.option(*names, help=DESCRIPTIONS[field], default=None, **more)


def log_format(settings: Settings) -> LogFormat:
    return settings.log_format or ("pretty" if sys.stderr.isatty() else "json")


def serve_app(app: App, settings: Settings) -> None:
    """Serve `app` where `settings` say until a signal ends it. Raises PortTaken, TrioAgentError, OSError."""
    _raise_descriptor_limit()
    sockets = _listen(settings)
    announce = partial(_announce, settings, app.access.token, sockets[0])
    try:
        trio.run(serve, app, sockets, announce)
    except* (TrioAgentError, OSError) as group:
        raise first_error(group) from None  # noqa: ASYNC123  its one line is all that a user sees of it


def _listen(settings: Settings) -> list[socket.socket]:
    try:
        return listen(settings.host, settings.port)
    except OSError as exc:
        place = f"{settings.host}:{settings.port}"
        if exc.errno == errno.EADDRINUSE:
            raise PortTaken(f"{place} is taken by another program; choose another --port, or 0 for a free one") from exc
        raise TrioAgentError(f"cannot listen on {place}: {exc.strerror or exc}") from exc


def _announce(settings: Settings, token: str | None, listener: socket.socket) -> None:
    # Nobody can go to the address that stands for all of this machine's.
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(settings.host, settings.host)
    host = f"[{host}]" if ":" in host else host
    url = f"http://{host}:{listener.getsockname()[1]}/" + (f"#token={quote(token, safe='')}" if token else "")
    print(f"trio-agent listening on {url}", flush=True)
    # What was made until now stays: a collection that need not look at it stops the loop for less long.
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)
    if settings.open if settings.open is not None else _has_desktop():
        # A thread that nobody waits for: some browsers' launchers stay until the browser is closed.
        threading.Thread(target=webbrowser.open, args=(url,), daemon=True).start()


def _has_desktop() -> bool:
    return sys.platform == "darwin" or bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))


def _raise_descriptor_limit() -> None:
    """Every stream is a descriptor; the usual soft limit of 1024 is a habit, not a need."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = 65536 if hard == resource.RLIM_INFINITY else min(65536, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
