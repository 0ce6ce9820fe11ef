"""Which tests keep to one process where two run side by side (pytest-xdist)."""

from __future__ import annotations

from xdist.scheduler import LoadFileScheduling

BROWSED = ("tests/pages/", "tests/faults/")
"""Where the tests are that drive Chromium. One of them is enough for the machine: two make each other late."""


class Lanes(LoadFileScheduling):
    """As `--dist loadfile`, with all files of the browser as one: tests of a file count each other's processes."""

    def _split_scope(self, nodeid: str) -> str:
        return "browser" if nodeid.startswith(BROWSED) else str(super()._split_scope(nodeid))
