"""`trio-agent doctor`: is everything there that a session needs."""

from __future__ import annotations

import errno
import fcntl
import http.client
import importlib
import logging
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import click
import trio

from trio_agent.commands.reading import open_reader
from trio_agent.config import Settings, load_settings
from trio_agent.core.errors import ConfigError, StoreError
from trio_agent.core.redaction import Redactor, secrets_of
from trio_agent.logs import configure_logs
from trio_agent.models.choose import default_model_name, make_model
from trio_agent.stores.sqlite import open_sqlite
from trio_agent.tools.sandbox import find_sandbox
from trio_agent.web.server import listen

UNPRICED = (
    "what its tokens cost is not known, so no budget in dollars is ever reached: give --price or --budget-responses"
)
ANSWER_S = 5.0  # for a server that listens where ours would
MCP_S = 60.0  # for MCP servers to come, as long as a session gives them: `npx` and `uvx` fetch new ones first


@click.command("doctor")
@click.option("--data-dir", default=None, type=click.Path(path_type=Path), help="the data directory of serve")
@click.option("--model", default=None, help="the model to check")
@click.option("--port", default=None, type=int, help="the port to check")
def command(data_dir: Path | None, model: str | None, port: int | None) -> None:
    """Check store, git, address, sandbox, the model's credentials and MCP servers; exit 1 if something is broken."""
    # What is wrong stands in the table; the same once more in a log would stand between its lines.
    configure_logs("pretty", logging.CRITICAL)
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
    yield from _mcp(settings)


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

    async def try_opening() -> str:
        if _in_use(path):
            async with open_reader(path) as reader:
                return f"{path} is in use by a server, and holds {len(await reader.sessions())} sessions"
        async with open_sqlite(path) as store:
            return f"{path} holds {len(await store.sessions())} sessions"

    try:
        return "store", "", trio.run(try_opening)
    except StoreError as exc:
        return "store", str(exc), ""


def _in_use(path: Path) -> bool:
    """Does a server hold the store's lock? That is as it should be, and no reason to call the store broken."""
    try:
        with open(f"{path}.lock", "rb") as lock:
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:
        return False  # opening the store will tell what is wrong, if it is more than that there is none yet
    return False


def _address(settings: Settings) -> tuple[str, str, str]:
    place = f"{settings.host}:{settings.port}"
    try:
        for each in listen(settings.host, settings.port):
            each.close()
    except OSError as exc:
        if exc.errno == errno.EADDRINUSE and _answers(settings):
            return "address", "", f"a server of ours answers at {place}"
        return "address", f"{place}: {exc.strerror or exc}; choose another --port", ""
    return "address", "", f"{place} is free"


def _answers(settings: Settings) -> bool:
    """Does one of our servers listen there already?"""
    connection = http.client.HTTPConnection(settings.host, settings.port, timeout=ANSWER_S)
    try:
        connection.request("GET", "/healthz")
        return connection.getresponse().read(100) == b'{"status":"ok"}'
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def _sandbox(settings: Settings) -> tuple[str, str, str]:
    try:
        return "sandbox", "", find_sandbox(settings.sandbox, network=settings.sandbox_net == "on").name
    except ConfigError as exc:
        return "sandbox", str(exc), ""


def _model(settings: Settings) -> tuple[str, str, str]:
    name = settings.model or default_model_name(os.environ)
    try:
        model = make_model(name, os.environ, settings.base_url or None, settings.model_price)
    except ConfigError as exc:
        return "model", str(exc), ""
    return "model", "", name if model.priced else f"{name}; {UNPRICED}"


def _mcp(settings: Settings) -> Iterator[tuple[str, str, str]]:
    """Each server that the user has named is started once, as for a session."""
    if not settings.mcp:
        return
    try:
        # A second, for those alone who have named a server.
        module = importlib.import_module("trio_agent.tools.mcp")
    except ModuleNotFoundError as exc:
        yield "mcp", f"the package {exc.name!r} is missing: pip install 'trio-agent[mcp]'", ""
        return
    theirs = [secret for server in settings.mcp.values() for secret in secrets_of(server.secrets)]
    redactor = Redactor([*secrets_of(os.environ), *theirs])
    found = trio.run(module.examine_mcp, settings.mcp, os.environ, redactor, MCP_S)
    for name, examined in found.items():
        left_out = ", ".join(f"{tool} ({why})" for tool, why in examined.left_out.items())
        remark = f"{examined.tools} tools" + (f"; left out: {left_out}" if left_out else "")
        yield f"mcp {name}", _harmless(examined.problem), _harmless(remark)


def _harmless(text: str) -> str:
    """A server's words must not drive the terminal."""
    return "".join(char if char.isprintable() else "?" for char in text)
