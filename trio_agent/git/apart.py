"""A folder that is worked in itself, and what must not stand in it: this program's own data and configuration."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path


def private_inside(folder: Path, private: Iterable[Path]) -> Path | None:
    """The first of `private` that is `folder` or stands in it, whether or not it exists; links are followed. Blocks."""
    real = folder.resolve()
    return next((path for path in private if path.resolve().is_relative_to(real)), None)


def worked_in(repository: Path, *, in_place: bool) -> Path | None:
    """The folder that sessions on `repository` change themselves; None where they have clones. Blocks.

    Told by the names there are, without git: what it decides is looked at once more when a workspace is opened.
    """
    real = repository.resolve()
    for folder in (real, *real.parents):
        if (folder / ".git").exists():
            return folder if in_place else None
        if (folder / "HEAD").is_file() and (folder / "objects").is_dir():
            return None
    return real
