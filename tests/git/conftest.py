"""Real git on real repositories, and none of the machine's own settings."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.homes import make_home
from tests.projects import make_project


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home of the test's own. What the developer's git is set to must not decide whether a test passes."""
    return make_home(tmp_path, monkeypatch)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A user's repository; its name has a space and is not ASCII, as people's are."""
    path = tmp_path / "mein Projekt ü"
    make_project(path)
    return path


@pytest.fixture
def data_dir(tmp_path: Path) -> Path:
    return tmp_path / "data dir"
