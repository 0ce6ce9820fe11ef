"""Programs of our own that do what may never end: a process, unlike a thread, can be killed."""

from __future__ import annotations

import sys
from pathlib import Path

_PACKAGES = Path(__file__).parents[2]
_START = (
    "import sys; sys.path.append(sys.argv.pop(1)); import runpy; runpy.run_module(sys.argv.pop(1), run_name='__main__')"
)


def worker_line(module: str, argument: str) -> list[str]:
    """The command line that runs `module` with `argument`.

    It imports from this package, wherever that is, and from nowhere else: `-I` keeps out directory and environment.
    """
    return [sys.executable, "-I", "-c", _START, str(_PACKAGES), module, argument]


def program_places() -> list[Path]:
    """Where such a program is: the Python that runs it, with its environment, and this package. Resolved."""
    places = (sys.base_prefix, sys.prefix, _PACKAGES / "trio_agent")
    return list(dict.fromkeys(Path(place).resolve() for place in places))
