"""Which modules a module imports, directly and through others, as a browser would find out one layer after the other."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Mapping

# At a line's beginning: in a comment, where types are imported, something stands before it. `import()` is for later, and left.
_IMPORT = re.compile(rb"""^(?:import|export)\s(?:[^"';]*?\sfrom\s)?\s*["'](\.[^"']+)["']""", re.MULTILINE)


def imported(files: Mapping[str, bytes], first: str) -> list[str]:
    """The names in `files` of what `first` imports, nearest first, each once; without `first`, and what is not there."""
    found = [first]
    for name in found:
        for path in _IMPORT.findall(files[name]):
            other = posixpath.normpath(posixpath.join(posixpath.dirname(name), path.decode()))
            if other in files and other not in found:
                found.append(other)
    return found[1:]
