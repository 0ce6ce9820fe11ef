"""Which tests keep to one process where two run side by side (pytest-xdist)."""

from __future__ import annotations

from xdist.scheduler import LoadFileScheduling

BROWSED = ("tests/pages/", "tests/faults/")
"""Where the tests are that drive Chromium. One of them at a time is enough for the machine: two make each other late."""
PATIENT = ("tests/pages/test_screenshots.py", "tests/pages/test_changes.py", "tests/pages/test_terminal")
"""Those of them that ask how things look and what they say, and not when: they fill the other lane's end."""


class Lanes(LoadFileScheduling):
    """As `--dist loadfile`; all files of the browser but the patient ones are one."""

    def _split_scope(self, nodeid: str) -> str:
        if nodeid.startswith(BROWSED) and not nodeid.startswith(PATIENT):
            return "browser"
        return str(super()._split_scope(nodeid))
