"""`trio-agent restore`: a backup becomes the store."""

from __future__ import annotations

import os
from pathlib import Path

import click

from trio_agent.config import load_settings
from trio_agent.core.errors import ConfigError
from trio_agent.stores.restore import restore


@click.command("restore")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--replace", is_flag=True, help="move the present store aside, to a file beside it")
@click.option("--store", default=None, help="the store to make; default: the one serve uses")
@click.option("--data-dir", default=None, type=click.Path(path_type=Path), help="the data directory of serve")
def command(file: Path, replace: bool, store: str | None, data_dir: Path | None) -> None:
    """Make the sessions in the backup FILE the store, under new log ids: clients that knew them begin anew.

    The server must be stopped, and the store have no sessions, unless --replace is given.
    """
    settings = load_settings({"store": store, "data_dir": data_dir}, os.environ)
    path = settings.store_path
    if path is None:
        raise ConfigError("a store in memory cannot be restored; name one with --store or --data-dir")
    restored = restore(file, path, blobs=settings.blobs_path, replace=replace)
    click.echo(f"{restored.contents} are in {path}")
    if restored.moved_to is not None:
        click.echo(f"what was there before is in {restored.moved_to}")
