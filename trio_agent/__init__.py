"""trio-agent: a coding agent and its live server, built on structured concurrency."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"
__all__ = ["__version__", "create_app", "from_iterator"]

if TYPE_CHECKING:
    from trio_agent.iterator_agent import from_iterator
    from trio_agent.wiring import create_app

_HOMES = {"create_app": "trio_agent.wiring", "from_iterator": "trio_agent.iterator_agent"}


def __getattr__(name: str) -> Any:
    """What the package offers, imported when first asked for: the web stack takes a second, which most commands do without."""
    if name in _HOMES:
        return getattr(importlib.import_module(_HOMES[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
