"""`trio-agent sessions`: what sessions there are, of all projects, newest first."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import click
import trio
from rich.console import Console
from rich.table import Column, Table
from rich.text import Text

from trio_agent.commands.reading import open_reader
from trio_agent.config import load_settings


@click.command("sessions")
@click.option("--json", "as_json", is_flag=True, help="for programs: a JSON array")
@click.option("--store", default=None, help="the store to read; default: the one serve uses")
@click.option("--data-dir", default=None, type=click.Path(path_type=Path), help="the data directory of serve")
def command(as_json: bool, store: str | None, data_dir: Path | None) -> None:
    """List the sessions. Works while a server runs."""
    rows = trio.run(_rows, load_settings({"store": store, "data_dir": data_dir}, os.environ).store_path)
    if as_json:
        click.echo(json.dumps(rows, indent=2))
        return
    table = Table(Column("session", no_wrap=True), "created", "messages", "title", "project")
    for row in rows:
        cells = (row["session_id"], row["created"][:19], str(row["message_count"]), row["title"], row["project"])
        table.add_row(*(Text(_visible(cell)) for cell in cells))
    Console().print(table)


async def _rows(path: Path | None) -> list[dict[str, Any]]:
    async with open_reader(path) as reader:
        return [
            {
                "session_id": record.session_id,
                "log": record.log,
                "created": record.created,
                "title": record.title or record.facts.title,
                "project": record.project,
                "model": record.model or record.facts.model,
                "archived": record.archived,
                "ended": record.ended,
                "message_count": await reader.count(record.log),
            }
            for record in await reader.sessions()
        ]


def _visible(text: str) -> str:
    """`text` without what would drive the terminal: titles come from users, models and repositories."""
    return "".join(char if char.isprintable() else "\N{REPLACEMENT CHARACTER}" for char in text)
