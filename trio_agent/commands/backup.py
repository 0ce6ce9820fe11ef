"""`trio-agent backup`: a consistent copy of the store, while it runs."""

from __future__ import annotations

import os
from pathlib import Path

import click

from trio_agent.config import load_settings
from trio_agent.core.errors import StoreRefused
from trio_agent.stores.backup import back_up


@click.command("backup")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--force", is_flag=True, help="replace FILE if it exists")
@click.option("--store", default=None, help="the store to copy; default: the one serve uses")
@click.option("--data-dir", default=None, type=click.Path(path_type=Path), help="the data directory of serve")
def command(file: Path, force: bool, store: str | None, data_dir: Path | None) -> None:
    """Copy the store to FILE: all sessions of all projects, as they are at one moment. Works while a server runs."""
    settings = load_settings({"store": store, "data_dir": data_dir}, os.environ)
    path = settings.store_path
    if path is None or not path.exists():
        raise StoreRefused(f"there is no store at {path}; name it with --store or --data-dir")
    contents = back_up(path, file, blobs=settings.blobs_path, overwrite=force)
    click.echo(f"{contents} are in {file}")
    if contents.missing:
        click.echo(f"{contents.missing} images or outputs that messages refer to are missing in {settings.blobs_path}")
