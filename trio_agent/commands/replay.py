"""`trio-agent replay`: an exported log in the dashboard, as it came to be."""

from __future__ import annotations

import math
import os
import secrets
import sys
from pathlib import Path
from typing import Any

import click
import msgspec

from trio_agent.commands.listening import log_format, serve_app, setting
from trio_agent.config import load_settings
from trio_agent.core.errors import ConfigError, InvalidContent
from trio_agent.logs import configure_logs
from trio_agent.runtime.player import MAX_SPEED, MIN_SPEED
from trio_agent.runtime.recording import Recording, read_recording
from trio_agent.token import TOKEN_BYTES
from trio_agent.web.replay import ReplayApp
from trio_agent.wiring import access_of


@click.command("replay")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, allow_dash=True, path_type=Path))
@click.option(
    "--speed",
    type=float,
    default=1.0,
    help=f"how many times as fast as it was recorded, {MIN_SPEED:g} to {MAX_SPEED:g} (1); inf: all of it at once",
)
@setting("--host")
@click.option("--port", type=int, default=0, help="port to listen on; default: a free one")
@setting("--token")
@setting("--no-auth", is_flag=True)
@setting("--heartbeat", type=float, metavar="SECONDS")
@setting("--open/--no-open")
@setting("--log-format", type=click.Choice(["pretty", "json"]))
@setting("--allow-host", multiple=True, metavar="NAME")
@setting("--allow-origin", multiple=True, metavar="ORIGIN")
def command(file: Path, speed: float, **flags: Any) -> None:
    """Serve a log that `trio-agent export` wrote to FILE (- reads stdin), in the same dashboard, read-only.

    Messages come as they were recorded; pauses are cut to 2 seconds. In the page you go to any message, pause, and change
    the speed. No agent runs, and nothing is written: the token is made for this run, unless --token names one.
    """
    if not (MIN_SPEED <= speed <= MAX_SPEED or speed == math.inf):
        raise click.UsageError(f"--speed takes {MIN_SPEED:g} to {MAX_SPEED:g}, or inf")
    given = {name: value for name, value in flags.items() if value not in (None, ())}
    settings = load_settings(given, os.environ)
    # Not the token of `serve`, which would have to be made and kept where there is none yet.
    settings = msgspec.structs.replace(settings, token=settings.token or secrets.token_urlsafe(TOKEN_BYTES))
    recording = _read(file)
    configure_logs(log_format(settings))
    app = ReplayApp(recording, access=access_of(settings), speed=speed, heartbeat_s=settings.heartbeat)
    serve_app(app, settings)


def _read(file: Path) -> Recording:
    """Raises ConfigError where it holds no log, OSError."""
    try:
        if str(file) == "-":
            return read_recording("stdin", sys.stdin.buffer)
        with file.open("rb") as opened:
            return read_recording(str(file), opened)
    except InvalidContent as exc:
        raise ConfigError(str(exc)) from exc
