"""The core is pure: it can be understood, and tested, without a loop, a clock, a disk or a network."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import trio_agent.core

FOLDER = Path(trio_agent.core.__file__).parent
FILES = sorted(FOLDER.glob("**/*.py"))
# Of the standard library, what computes and does nothing else. `typing.IO` and friends are types, not doors.
PURE = {
    *(
        "__future__",
        "base64",
        "bisect",
        "codecs",
        "collections",
        "dataclasses",
        "difflib",
        "enum",
        "functools",
        "hashlib",
    ),
    *("itertools", "json", "math", "operator", "re", "string", "textwrap", "types", "typing", "unicodedata"),
}
DOORS = {"open", "print", "input", "exec", "eval", "compile", "__import__", "breakpoint"}


def imported(file: Path) -> set[str]:
    """The modules that `file` names, wherever in it."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{file}: our own modules are named in full"
            found.add(node.module or "")
    return found


def test_the_core_is_where_this_test_looks_for_it() -> None:
    assert {file.name for file in FILES} >= {"message.py", "machine.py", "sse.py", "transcript.py", "wire.py"}


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_a_file_of_the_core_names_only_pure_modules(file: Path) -> None:
    allowed = {name for name in imported(file) if name.split(".")[0] in PURE or name == "msgspec"}
    assert all(name.startswith("trio_agent.core") for name in imported(file) - allowed), imported(file) - allowed


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_a_file_of_the_core_opens_no_door(file: Path) -> None:
    nodes = ast.walk(ast.parse(file.read_text()))
    used = {node.id for node in nodes if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load)}
    assert not used & DOORS


def loaded_by(*modules: str) -> set[str]:
    """The packages that a fresh interpreter holds after importing `modules`; this one holds trio, which plugins imported."""
    program = f"import sys, {', '.join(modules)}; print(*sys.modules, sep='\\n')"
    shown = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, cwd=FOLDER.parents[1]
    )
    return {name.split(".")[0] for name in shown.stdout.split()} - sys.stdlib_module_names


def test_importing_the_core_loads_no_package_but_msgspec_and_ours() -> None:
    modules = [f"trio_agent.core.{file.stem}" for file in FILES if file.stem != "__init__"]
    assert loaded_by(*modules) - loaded_by("msgspec") == {"trio_agent"}
