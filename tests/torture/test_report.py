"""The page on reliability says what there is: its tests exist, its table is of the bugs that are seeded."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.torture import report
from tests.torture.seeded import MUTANTS

ROOT = report.PAGE.parent.parent
PAGE = report.PAGE.read_text("utf-8")


def test_every_test_that_the_page_names_exists() -> None:
    tests = "\n".join(path.read_text("utf-8") for path in sorted((ROOT / "tests").rglob("test_*.py")))
    named = re.findall(r"`(test_\w+)`", PAGE)
    assert named
    assert [name for name in named if f"def {name}(" not in tests] == []


def test_every_file_that_the_page_names_exists() -> None:
    named = re.findall(r"`((?:tests|bench)/[\w./]+)`", PAGE)
    assert named
    assert [name for name in named if not (ROOT / name).exists()] == []


def test_the_table_is_of_the_bugs_that_are_seeded() -> None:
    rows = re.findall(r"^\| `([^`]+)` \| (.+?) \| (.+?) \| \d+ \|", report.get("bugs"), re.MULTILINE)
    assert rows == [(mutant.name, mutant.what, mutant.breaks) for mutant in MUTANTS]


def test_figures_are_put_where_they_belong(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    page = tmp_path / "page.md"
    page.write_text(
        "| a | <!-- measured: one -->old<!-- end --> |\n<!-- measured: two -->\nold\n<!-- end -->\n", "utf-8"
    )
    monkeypatch.setattr(report, "PAGE", page)
    report.put("one", "1")
    report.put("two", "| 2 |")
    assert page.read_text("utf-8") == (
        "| a | <!-- measured: one -->1<!-- end --> |\n<!-- measured: two -->\n| 2 |\n<!-- end -->\n"
    )
    assert (report.get("one"), report.get("two")) == ("1", "| 2 |")
    with pytest.raises(LookupError, match="three"):
        report.put("three", "3")
