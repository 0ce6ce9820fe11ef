"""trio-agent: a coding agent and its live server, built on structured concurrency."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"
__all__ = ["__version__", "create_app"]

if TYPE_CHECKING:
    from trio_agent.wiring import create_app


def __getattr__(name: str) -> Any:
    """`create_app`, imported when first asked for: the web stack behind it takes a second, which most commands do without."""
    if name == "create_app":
        return importlib.import_module("trio_agent.wiring").create_app
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
