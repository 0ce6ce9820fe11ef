"""None of the machine's own git settings: what the developer's git is set to must not decide whether a test passes."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.homes import make_home


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    return make_home(tmp_path, monkeypatch)
