"""`trio-agent attach`: follow a session in the terminal, and talk to it."""

from __future__ import annotations

import os
import sys
from contextlib import ExitStack
from dataclasses import replace
from functools import partial
from pathlib import Path

import click
import trio
from rich.console import Console

from trio_agent.client import Connection, connect
from trio_agent.client.address import Address, parse_address
from trio_agent.config import Settings, load_settings
from trio_agent.core.errors import ConfigError, InvalidInput
from trio_agent.terminal.attachment import Attachment
from trio_agent.terminal.keyboard import keys_one_by_one
from trio_agent.terminal.listening import take_keys, take_lines, take_script
from trio_agent.terminal.plain import Plain
from trio_agent.terminal.screen import Screen
from trio_agent.token import load_token

LAST = 20
"""How many messages that were there are shown to somebody who looks; a script is shown none."""


@click.command("attach")
@click.argument("url", required=False)
@click.option("--session", default=None, help="a session's id; default: the newest")
@click.option("--last", default=None, type=click.IntRange(min=0), help=f"how many earlier messages to show ({LAST})")
@click.option("--token", default=None, help="the server's token; default: the link's, or the one in the data directory")
@click.option("--data-dir", default=None, type=click.Path(path_type=Path), help="the data directory of serve")
def command(url: str | None, session: str | None, last: int | None, token: str | None, data_dir: Path | None) -> None:
    """Follow a session in the terminal and talk to it; resumes by itself.

    URL is the link that the server printed; default: the server of this machine's user. Enter sends, Alt-Enter breaks the
    line; Ctrl-C stops what runs, or leaves; Ctrl-D leaves. Lines from a pipe are sent one by one, each when the one before
    was answered; the exit status is then 1 where an answer failed.
    """
    settings = load_settings({"token": token, "data_dir": data_dir}, os.environ)
    address = address_of(url, session, token, settings)
    try:
        failed = trio.run(_attach, address, last)
    except BrokenPipeError:
        # Whoever read along has seen enough. Python would complain when it flushes what is left at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        failed = True
    sys.exit(1 if failed else 0)


def address_of(url: str | None, session: str | None, token: str | None, settings: Settings) -> Address:
    """Which server, and with which token. Raises ConfigError where `url` is none."""
    host = "127.0.0.1" if settings.host in ("0.0.0.0", "::") else settings.host
    host = f"[{host}]" if ":" in host else host
    try:
        address = parse_address(url or f"http://{host}:{settings.port}/", token=token, session=session)
    except InvalidInput as exc:
        raise ConfigError(str(exc)) from exc
    # The token of this machine's server is for nobody else's.
    if address.token or not address.is_loopback:
        return address
    if settings.token:
        return replace(address, token=settings.token)
    # Only looked up: a token that this would make is one that no server has.
    return replace(address, token=load_token(settings.data_dir)) if (settings.data_dir / "token").exists() else address


async def _attach(address: Address, last: int | None) -> bool:
    """Returns whether something failed that was to be said."""
    # Without a standard input its number may belong to something else by now.
    typing = sys.stdin is not None and sys.stdin.isatty()
    on_screen = sys.stdout.isatty()
    fd = os.open(os.devnull, os.O_RDONLY) if sys.stdin is None else sys.stdin.fileno()
    async with connect(address.root, token=address.token, session=address.session) as client:
        with ExitStack() as stack:
            sheet = Screen(Console()) if on_screen else Plain(sys.stdout)
            stack.callback(sheet.close)
            attachment = Attachment(
                client,
                sheet,
                last=last if last is not None else LAST if typing else 0,
                on_connection=_ignored if on_screen else _Told(),
            )
            if typing and on_screen:
                attachment.on_resume = stack.enter_context(keys_one_by_one(fd, sys.stdout))
                listen = take_keys
            else:
                listen = take_lines if typing else take_script
            await attachment.run(partial(listen, fd))
    return attachment.failed


def _ignored(connection: Connection) -> None:
    """On a screen the status row tells it."""


class _Told:
    """What becomes of a connection that was open, on stderr, once each time it changes."""

    def __init__(self) -> None:
        self._status = "connected"

    def __call__(self, connection: Connection) -> None:
        if not connection.was_open or connection.status in (self._status, "refused", "ended"):
            return
        self._status = connection.status
        reason = f": {connection.reason}" if connection.reason else ""
        click.echo(f"trio-agent: {connection.status}{reason}", err=True)
