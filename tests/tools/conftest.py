from __future__ import annotations

import secrets
from pathlib import Path

import pytest

from tests.tools.bench import FakeBench


@pytest.fixture
def bench(tmp_path: Path) -> FakeBench:
    workspace = tmp_path / "workspace"
    workspace.mkdir()
    return FakeBench(workspace)


@pytest.fixture
def nap() -> str:
    """Seconds for `sleep`, an hour or so, that no other process on this machine sleeps: a name to find it by."""
    return f"36{secrets.randbelow(100)}.{secrets.randbelow(10**9)}"
