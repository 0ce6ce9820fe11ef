"""Which stores git reads beside its own, by lists that anybody may have written."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.git.traps import clog
from trio_agent.git.alternates import MAX_DEPTH, MAX_STORES, borrowed_stores


def borrow(store: Path, *lines: str) -> Path:
    (store / "info").mkdir(parents=True, exist_ok=True)
    (store / "info" / "alternates").write_text("".join(f"{line}\n" for line in lines))
    return store


@pytest.mark.parametrize(
    ("line", "named"),
    [
        ("/a/objects", "/a/objects"),
        ("../b", "../b"),
        (r'"/a\nb"', "/a\nb"),
        (r'"/a\"\\\142"', '/a"\\b'),
        ('"/a', '"/a'),
        ("/with space ", "/with space "),
    ],
)
def test_a_line_names_a_store(tmp_path: Path, line: str, named: str) -> None:
    store = borrow(tmp_path / "own" / "objects", "# none", "", line)
    expected = tmp_path / "own" / "b" if named == "../b" else store / named
    assert borrowed_stores(store) == [expected]


def test_lists_are_followed_as_deep_as_git_does_and_loops_end(tmp_path: Path) -> None:
    stores = [tmp_path / str(number) for number in range(MAX_DEPTH + 3)]
    for store, following in zip(stores, [*stores[1:], stores[0]], strict=True):
        borrow(store, str(following), str(store))
    assert set(borrowed_stores(stores[0])) == set(stores[: MAX_DEPTH + 1])


def test_a_list_of_very_many_is_cut(tmp_path: Path) -> None:
    assert len(borrowed_stores(borrow(tmp_path, *(f"/{number}" for number in range(5000))))) == MAX_STORES


def test_what_is_no_plain_file_names_nothing(tmp_path: Path) -> None:
    clog(tmp_path / "info" / "alternates")
    assert borrowed_stores(tmp_path) == []
    assert borrowed_stores(tmp_path / "missing") == []
