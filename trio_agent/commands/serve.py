"""`trio-agent serve`: the dashboard and the API for one repository."""

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
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import quote

import click
import trio

from trio_agent.cli import PortTaken
from trio_agent.config import DESCRIPTIONS, Settings, load_settings
from trio_agent.core.errors import TrioAgentError, first_error
from trio_agent.logs import configure_logs
from trio_agent.web.server import listen, serve
from trio_agent.wiring import create_app

F = TypeVar("F", bound=Callable[..., Any])


def _option(*names: str, **more: Any) -> Callable[[F], F]:
    field = names[0].lstrip("-").split("/")[0].replace("-", "_")
    return click.option(*names, help=DESCRIPTIONS[field], default=None, **more)


@click.command("serve")
@click.argument("repository", metavar="[REPO]", default=".", type=click.Path(path_type=Path))
@_option("--host")
@_option("--port", type=int)
@_option("--model")
@_option("--base-url")
@_option("--store", metavar="sqlite:PATH|memory:")
@_option("--data-dir", type=click.Path(path_type=Path, file_okay=False))
@_option("--token")
@_option("--no-auth", is_flag=True)
@_option("--heartbeat", type=float, metavar="SECONDS")
@_option("--budget-dollars", type=float)
@_option("--budget-responses", type=int)
@_option("--budget-seconds", type=float)
@_option("--sandbox", type=click.Choice(["auto", "bwrap", "none"]))
@_option("--in-place", is_flag=True)
@_option("--with-changes", is_flag=True)
@_option("--open/--no-open")
@_option("--log-format", type=click.Choice(["pretty", "json"]))
@_option("--allow-host", multiple=True, metavar="NAME")
@_option("--allow-origin", multiple=True, metavar="ORIGIN")
def command(repository: Path, **flags: Any) -> None:
    """Serve the dashboard and the API for the git repository REPO (default: the current directory)."""
    given = {name: value for name, value in flags.items() if value not in (None, ())}
    settings = load_settings(given, os.environ)
    if not repository.is_dir():
        raise click.UsageError(f"{repository} is not a directory")
    configure_logs(settings.log_format or ("pretty" if sys.stderr.isatty() else "json"))
    _raise_descriptor_limit()
    app = create_app(settings=settings, repository=repository)
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
