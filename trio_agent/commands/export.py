"""`trio-agent export`: a session's log as JSON Lines."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import click
import trio

from trio_agent.commands.reading import open_reader
from trio_agent.config import load_settings
from trio_agent.core.errors import NotFound

CHUNK = 1000  # messages read at a time


@click.command("export")
@click.argument("session")
@click.option("--store", default=None, help="the store to read; default: the one serve uses")
@click.option("--data-dir", default=None, type=click.Path(path_type=Path), help="the data directory of serve")
def command(session: str, store: str | None, data_dir: Path | None) -> None:
    """Write the log of SESSION to stdout, one message a line, as it stands on the wire. Works while a server runs."""
    trio.run(_write, session, load_settings({"store": store, "data_dir": data_dir}, os.environ).store_path)


async def _write(session_id: str, path: Path | None) -> None:
    async with open_reader(path) as reader:
        logs = [record.log for record in await reader.sessions() if record.session_id == session_id]
        if not logs:
            raise NotFound(f"there is no session {session_id}; see trio-agent sessions")
        start = 0
        while entries := await reader.read(logs[0], start, start + CHUNK):
            sys.stdout.buffer.write(b"".join(entry.wire + b"\n" for entry in entries))
            start += len(entries)
        sys.stdout.flush()
