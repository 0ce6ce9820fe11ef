"""Where the machine's Chromium is. Standard library only: the gate asks before anything is installed."""

from __future__ import annotations

import shutil

SHELL = "chromium-headless-shell"
"""The same Chromium without windows: a page opens in less than half the processor's time."""
NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
INSTALL_HINT = (
    "The browser tests need Chromium, and none of "
    f"{', '.join(NAMES)} is on PATH. Install it (Debian: apt-get install chromium) and run again."
)
FLAGS = (
    # Chromium's own sandbox needs user namespaces, which a container may not give; the pages here are our own.
    "--no-sandbox",
    "--disable-gpu",
    # A container's /dev/shm is often 64 MiB, and a tab that outgrows it dies.
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


def browser_on_path() -> str | None:
    """Chromium's executable, or None where there is none."""
    return next((path for name in NAMES if (path := shutil.which(name))), None)


def find_headless() -> str:
    """The executable for pages that nobody looks at: the shell, or else the browser itself, which is slower."""
    return shutil.which(SHELL) or find_chromium()


def find_chromium() -> str:
    """The executable of the browser itself, as a user's is. Raises FileNotFoundError that says what to install."""
    path = browser_on_path()
    if path is None:
        raise FileNotFoundError(INSTALL_HINT)
    return path
