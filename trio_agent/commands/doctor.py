"""`trio-agent doctor`: is everything there that a session needs."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import click
import trio

from trio_agent.config import Settings, load_settings
from trio_agent.core.errors import ConfigError, StoreRefused
from trio_agent.models.choose import default_model_name, make_model
from trio_agent.stores.sqlite import open_sqlite
from trio_agent.tools.sandbox import find_sandbox
from trio_agent.web.server import listen


@click.command("doctor")
@click.option("--data-dir", default=None, type=click.Path(path_type=Path), help="the data directory of serve")
@click.option("--model", default=None, help="the model to check")
@click.option("--port", default=None, type=int, help="the port to check")
def command(data_dir: Path | None, model: str | None, port: int | None) -> None:
    """Check the store, git, the address, the sandbox and the model's credentials; exit 1 if something is broken."""
    settings = load_settings({"data_dir": data_dir, "model": model, "port": port}, os.environ)
    broken = False
    for name, problem, remark in _checks(settings):
        broken = broken or bool(problem)
        click.echo(f"{'broken' if problem else 'ok    '}  {name}: {problem or remark}")
    sys.exit(1 if broken else 0)


def _checks(settings: Settings) -> Iterator[tuple[str, str, str]]:
    """Each check's name, what is broken (empty where nothing is) and what there is to say otherwise."""
    yield "python", "", sys.version.split()[0]
    yield _git()
    yield _store(settings)
    yield _address(settings)
    yield _sandbox(settings)
    yield _model(settings)


def _git() -> tuple[str, str, str]:
    path = shutil.which("git")
    if path is None:
        return "git", "not found on PATH; install git", ""
    version = subprocess.run([path, "--version"], capture_output=True, text=True, check=False).stdout.strip()
    return "git", "", version


def _store(settings: Settings) -> tuple[str, str, str]:
    path = settings.store_path
    if path is None:
        return "store", "", "in memory: nothing survives the server"

    async def try_opening() -> None:
        async with open_sqlite(path):
            pass

    try:
        trio.run(try_opening)
    except StoreRefused as exc:
        return "store", str(exc), ""
    return "store", "", str(path)


def _address(settings: Settings) -> tuple[str, str, str]:
    place = f"{settings.host}:{settings.port}"
    try:
        for each in listen(settings.host, settings.port):
            each.close()
    except OSError as exc:
        return "address", f"{place}: {exc.strerror or exc}; choose another --port", ""
    return "address", "", f"{place} is free"


def _sandbox(settings: Settings) -> tuple[str, str, str]:
    try:
        return "sandbox", "", find_sandbox(settings.sandbox).name
    except ConfigError as exc:
        return "sandbox", str(exc), ""


def _model(settings: Settings) -> tuple[str, str, str]:
    name = settings.model or default_model_name(os.environ)
    try:
        make_model(name, os.environ, settings.base_url or None)
    except ConfigError as exc:
        return "model", str(exc), ""
    return "model", "", name
