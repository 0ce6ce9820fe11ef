"""The client is light: it brings nothing of the server along, and its rules need neither loop nor network."""

from __future__ import annotations

import subprocess
import sys

import pytest


def loaded_by(module: str) -> set[str]:
    program = f"import sys, {module}; print(*sys.modules, sep='\\n')"
    return set(
        subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout.split()
    )


def test_importing_the_client_loads_nothing_of_the_server() -> None:
    loaded = loaded_by("trio_agent.client")
    assert "trio_agent.client" in loaded
    heavy = {"quart", "hypercorn", "quart_trio", "apsw", "trio_agent.web", "trio_agent.runtime", "trio_agent.seams"}
    assert not loaded & heavy


@pytest.mark.parametrize("name", ["address", "connection", "events", "replica"])
def test_the_rules_name_no_loop_and_no_network(name: str) -> None:
    module = sys.modules.get(f"trio_agent.client.{name}") or __import__(f"trio_agent.client.{name}", fromlist=["x"])
    assert {"trio", "httpx2", "random", "time"}.isdisjoint(vars(module))
