from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trio_agent.core.errors import ToolError
from trio_agent.tools.glob_filter import GlobFilter


@pytest.mark.parametrize(
    ("glob", "path", "matches"),
    [
        ("*.py", "a.py", True),
        ("*.py", "deep/down/a.py", True),
        ("*.py", "a.pyc", False),
        ("/a.py", "a.py", True),
        ("src/*.py", "src/a.py", True),
        ("src/*.py", "src/deep/a.py", False),
        ("src/*.py", "other/src/a.py", False),
        ("src/**/*.py", "src/a.py", True),
        ("src/**/*.py", "src/deep/down/a.py", True),
        ("src/**", "src/deep/a.py", True),
        ("src/", "src/deep/a.py", True),
        ("src/", "src.py", False),
        ("**/tests/**", "a/tests/b/c.py", True),
        ("**/tests/**", "a/test/b/c.py", False),
        ("*.{yml,yaml}", "ci/a.yaml", True),
        ("*.{yml,yaml}", "ci/a.json", False),
        ("{src,lib}/{a,b}.py", "lib/a.py", True),
        ("{src,lib}/{a,b}.py", "lib/c.py", False),
        ("a?.[ch]", "ab.c", True),
        ("*", "a/b", True),
    ],
)
def test_a_glob_means_what_it_means_in_a_shell(glob: str, path: str, matches: bool) -> None:
    assert GlobFilter(glob).matches(path) is matches


def test_the_names_of_a_glob_are_those_of_its_last_parts() -> None:
    assert set(GlobFilter("src/**/*.{js,ts}").names) == {"*.js", "*.ts"}
    assert GlobFilter("src/**").names == ()


def test_braces_without_end_are_refused() -> None:
    with pytest.raises(ToolError, match="alternatives"):
        GlobFilter("{a,b}" * 40)


def test_a_hostile_glob_takes_no_longer_than_another() -> None:
    assert not GlobFilter("**/a*a*a*a*a*a*/" * 20 + "b").matches("a" * 100 + "/a" * 100)


parts = st.lists(st.sampled_from(["a", "b", "ab", "ba"]), min_size=1, max_size=5)


@given(parts, st.integers(0, 5), st.integers(0, 5))
def test_any_run_of_directories_can_be_replaced_by_two_stars(path: list[str], start: int, length: int) -> None:
    start = min(start, len(path) - 1)
    stop = min(start + length, len(path) - 1)
    glob = "/" + "/".join([*path[:start], "**", *path[stop:]])
    assert GlobFilter(glob).matches("/".join(path))
