"""Where the program runs, as the State tells it."""

from __future__ import annotations

import os
import platform
import socket
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Place:
    hostname: str
    os: str
    in_container: bool
    started_in: str


def here(project: str = "") -> Place:
    """This machine, looked at once: none of it changes while the process lives. `project` is a path, or empty."""
    container = Path("/.dockerenv").exists() or Path("/run/.containerenv").exists() or "container" in os.environ
    return Place(socket.gethostname(), platform.system().lower(), container, project or os.getcwd())
