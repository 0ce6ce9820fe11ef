"""Real git on real repositories, and none of the machine's own settings."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.projects import make_project


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home of the test's own. What the developer's git is set to must not decide whether a test passes."""
    for name in [name for name in os.environ if name.startswith("GIT_")]:
        monkeypatch.delenv(name)
    folder = tmp_path / "home"
    folder.mkdir()
    monkeypatch.setenv("HOME", str(folder))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(folder / ".config"))
    return folder


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A user's repository; its name has a space and is not ASCII, as people's are."""
    path = tmp_path / "mein Projekt ü"
    make_project(path)
    return path


@pytest.fixture
def data_dir(tmp_path: Path) -> Path:
    return tmp_path / "data dir"
