"""The pages that name tests as proof cannot rot: what they name is there, and no row is without proof."""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path

from tests.torture.seeded import MUTANTS

ROOT = Path(__file__).resolve().parent.parent
KNOWN_BUGS = (ROOT / "docs" / "known-bugs.md").read_text("utf-8")
RELIABILITY = (ROOT / "docs" / "reliability.md").read_text("utf-8")
PROOF = re.compile(r"`(tests/[\w/.]+)::([^`]+)`")
JS_TEST = re.compile(r"^\s*test\(\s*([\"'`])(.+?)\1,", re.MULTILINE)


@cache
def named_in(path: Path) -> frozenset[str]:
    """The names of the tests in a file."""
    text = path.read_text("utf-8")
    if path.suffix == ".js":
        return frozenset(name for _, name in JS_TEST.findall(text))
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef)
    return frozenset(node.name for node in ast.parse(text).body if isinstance(node, kinds) and is_test(node.name))


def is_test(name: str) -> bool:
    return name.startswith("test_")


def rows(page: str) -> list[list[str]]:
    """The cells of all table rows that stand below a head."""
    lines = [line for line in page.splitlines() if line.startswith("| **")]
    return [[cell.strip() for cell in line.strip("|").split(" | ")] for line in lines]


def is_there(file: str, name: str) -> bool:
    return (ROOT / file).is_file() and name in named_in(ROOT / file)


def test_every_test_named_on_the_page_of_known_bugs_exists() -> None:
    named = PROOF.findall(KNOWN_BUGS)
    assert named
    assert [f"{file}::{name}" for file, name in named if not is_there(file, name)] == []


def test_every_row_of_known_bugs_has_a_proof() -> None:
    table = rows(KNOWN_BUGS)
    assert table
    assert [row[0] for row in table if len(row) != 4 or not PROOF.search(row[3])] == []
    assert len({row[0] for row in table}) == len(table)


def test_every_seeded_bug_that_is_named_is_seeded() -> None:
    named = {
        name
        for seeded in re.findall(r"seeded((?: \[[^\]]+\])+)", KNOWN_BUGS)
        for name in re.findall(r"\[(.+?)\]", seeded)
    }
    assert named
    assert named - {mutant.name for mutant in MUTANTS} == set()


def test_every_file_that_is_named_on_the_page_exists() -> None:
    named = re.findall(r"`((?:trio_agent|tests|static)/[\w./]+)`", KNOWN_BUGS)
    assert [file for file in named if not (ROOT / file).exists()] == []


def test_every_test_named_on_the_page_of_promises_exists() -> None:
    everywhere = {name for path in (ROOT / "tests").rglob("test_*.py") for name in named_in(path)}
    named = set(re.findall(r"`(test_\w+)`", RELIABILITY))
    assert named
    assert named - everywhere == set()


def test_a_test_that_is_not_there_would_be_missed() -> None:
    assert not is_there("tests/web/test_stream.py", "test_a_state_follows_the_messages_it_count")
    assert not is_there("tests/web/test_streams.py", "test_a_state_follows_the_messages_it_counts")
    assert not is_there("tests/js/sse.test.js", "a stream reads")
    assert is_there("tests/js/sse.test.js", "a stream reads the same byte by byte")
