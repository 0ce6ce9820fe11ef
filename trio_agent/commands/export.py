"""`trio-agent export`: a session's log as JSON Lines."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import click
import trio

from trio_agent.commands.reading import open_reader
from trio_agent.config import load_settings
from trio_agent.core.errors import NotFound, TrioAgentError

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
            _print(b"".join(entry.wire + b"\n" for entry in entries), session_id)
            start += len(entries)


def _print(lines: bytes, session_id: str) -> None:
    """Raises TrioAgentError where there is no room for them, and BrokenPipeError where nobody wants them."""
    try:
        sys.stdout.buffer.write(lines)
        sys.stdout.flush()
    except BrokenPipeError:
        raise
    except OSError as exc:
        # What is left in the buffer has been told of: at the program's end it would fail once more.
        os.dup2(os.open(os.devnull, os.O_WRONLY | os.O_CLOEXEC), sys.stdout.fileno())
        raise TrioAgentError(
            f"the log of {session_id} could not be written whole: {exc.strerror or exc}; what is there of it is cut off, "
            "write it to a place with room"
        ) from exc
