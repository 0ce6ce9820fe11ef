"""`trio-agent serve`: the dashboard and the API for one repository."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import click

from trio_agent.commands.listening import log_format, serve_app, setting
from trio_agent.config import load_settings
from trio_agent.logs import configure_logs
from trio_agent.wiring import create_app


@click.command("serve")
@click.argument("repository", metavar="[REPO]", default=".", type=click.Path(path_type=Path))
@setting("--host")
@setting("--port", type=int)
@setting("--model")
@setting("--base-url")
@setting("--price", metavar="IN,OUT")
@setting("--store", metavar="sqlite:PATH|memory:")
@setting("--data-dir", type=click.Path(path_type=Path, file_okay=False))
@setting("--token")
@setting("--no-auth", is_flag=True)
@setting("--heartbeat", type=float, metavar="SECONDS")
@setting("--budget-dollars", type=float)
@setting("--budget-responses", type=int)
@setting("--budget-seconds", type=float)
@setting("--session-dollars", type=float)
@setting("--session-responses", type=int)
@setting("--session-seconds", type=float)
@setting("--context-window", type=int, metavar="TOKENS")
@setting("--sandbox", type=click.Choice(["auto", "bwrap", "none"]))
@setting("--sandbox-net", type=click.Choice(["on", "off"]))
@setting("--hide", multiple=True, metavar="PATH")
@setting("--ask", is_flag=True)
@setting("--web-fetch", is_flag=True)
@setting("--in-place", is_flag=True)
@setting("--with-changes", is_flag=True)
@setting("--open/--no-open")
@setting("--log-format", type=click.Choice(["pretty", "json"]))
@setting("--allow-host", multiple=True, metavar="NAME")
@setting("--allow-origin", multiple=True, metavar="ORIGIN")
def command(repository: Path, **flags: Any) -> None:
    """Serve the dashboard and the API for the git repository REPO (default: the current directory)."""
    given = {name: value for name, value in flags.items() if value not in (None, ())}
    settings = load_settings(given, os.environ)
    if not repository.is_dir():
        raise click.UsageError(f"{repository} is not a directory")
    configure_logs(log_format(settings))
    serve_app(create_app(settings=settings, repository=repository), settings)
