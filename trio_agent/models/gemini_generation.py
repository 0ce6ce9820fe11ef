"""What Gemini's models can do differs by generation, which stands in their names: `gemini-2.5-flash`, `gemini-4-hydrogen`."""

from __future__ import annotations

import math
import re

_GENERATION = re.compile(r"gemini-(?P<number>[0-9]+(?:\.[0-9]+)?)?")


def thinks(model: str) -> bool:
    """Whether `model` can be asked to show its thoughts. Others refuse to be asked."""
    return _generation(model) >= 2.5


def signs(model: str) -> bool:
    """Whether `model` signs its tool calls, insists on the signatures, and looks at images in results."""
    return _generation(model) >= 3


def _generation(model: str) -> float:
    """The number in the name; infinite for an alias such as `gemini-flash-latest`, 0 for what is no Gemini."""
    match = _GENERATION.match(model)
    if match is None:
        return 0
    return float(match["number"] or math.inf)
