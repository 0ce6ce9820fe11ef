"""The names of the files in a folder that is in no git repository."""

from __future__ import annotations

import os
from pathlib import Path

MAX_NAMES = 10_000
"""A folder may be a home: all of it is more than anybody looks for, and takes minutes."""


def names_below(folder: Path) -> list[str]:
    """Paths of the files below `folder`, level by level, MAX_NAMES at most. What is called `.x` is left out. Blocks."""
    names: list[str] = []
    level = [""]
    while level:
        below: list[str] = []
        for prefix in level:
            try:
                with os.scandir(folder / prefix) as entries:
                    found = sorted((entry.name, entry.is_dir(follow_symlinks=False)) for entry in entries)
            except OSError:
                continue  # not ours to read, or gone by now
            for name, is_folder in found:
                if name.startswith("."):
                    continue
                if is_folder:
                    below.append(f"{prefix}{name}/")
                else:
                    names.append(prefix + name)
            if len(names) >= MAX_NAMES or len(below) >= MAX_NAMES:
                return names[:MAX_NAMES]
        level = below
    return names
