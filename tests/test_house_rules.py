"""Rules of the house that can be read off the code: nothing queues up for a reader, and no test waits for time to pass."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

HERE = Path(__file__).resolve().parent
PACKAGE = HERE.parent / "trio_agent"
TESTS = sorted(HERE.rglob("test_*.py"))
SLEEPS = {"time.sleep", "asyncio.sleep", "wait_for_timeout"}


def calls(path: Path) -> Iterator[tuple[str, ast.Call]]:
    """Every call in a file, with the dotted name of what is called."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Call):
            yield ast.unparse(node.func), node


def test_no_channel_holds_more_than_one_thing() -> None:
    """What a reader has not taken stays in the log: a queue would overflow, or grow without end."""
    rooms = {
        f"{path.name}:{call.lineno}": ast.unparse(call.args[0])
        for path in PACKAGE.rglob("*.py")
        for name, call in calls(path)
        if "open_memory_channel" in name
    }
    assert rooms
    assert {place: room for place, room in rooms.items() if room not in ("0", "1")} == {}


@pytest.mark.parametrize("path", TESTS, ids=lambda path: path.name)
def test_no_test_waits_on_the_real_clock(path: Path) -> None:
    """A wait for time to pass is too short on a slow machine and too long on every other."""
    called = {name for name, _ in calls(path)}
    assert {name for name in called for sleep in SLEEPS if name.endswith(sleep)} == set()
    if "trio.sleep" in called:
        assert "autojump" in path.read_text("utf-8")
    # What helps several tests may sleep by the clock of each; a test that does takes one that jumps, or makes it.
    tests = [node for node in ast.walk(ast.parse(path.read_text("utf-8"))) if isinstance(node, ast.AsyncFunctionDef)]
    sleeping = {test.name for test in tests if test.name.startswith("test_") and "trio.sleep(" in ast.unparse(test)}
    jumping = {test.name for test in tests if "autojump_clock" in {each.arg for each in test.args.args}}
    assert sleeping - jumping == set()


def test_no_module_stands_beside_a_package_of_its_name() -> None:
    """Python takes the package, and the module is read by people alone."""
    assert [str(path) for path in PACKAGE.rglob("*.py") if path.with_suffix("").is_dir()] == []
