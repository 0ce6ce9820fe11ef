from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from trio_agent.tools.gitignore import Rules, ignored, parsed_rules

PATHS = [
    *(
        "a",
        "ab",
        "b",
        "a.py",
        "b.log",
        "x.tmp",
        "keep",
        ".hidden",
        "a b",
        "a-b",
        "[x]",
        "#note",
        "!note",
        "back\\slash",
        "été",
    ),
    *(
        "d/a",
        "d/b.log",
        "d/keep",
        "d/e/a",
        "d/e/b.log",
        "d/e/keep",
        "build/out",
        "d/build/out",
        "d/e/build/out",
        "src/d/a",
    ),
    *("end ", "end", "5", "Z", "d-e/]", "star*"),
]

PATTERNS = [
    *(
        "a",
        "*.log",
        "build/",
        "/build",
        "build",
        "d/*",
        "d/**",
        "**/a",
        "d/**/a",
        "**/e/**",
        "**",
        "*",
        "a?",
        "?",
        "/a",
    ),
    *(
        "[a-b]",
        "[!a]",
        "[^a]",
        "[]]",
        "[]x]",
        "[[:digit:]]",
        "[[:upper:][:space:]]",
        "[[:nonsense:]]",
        "[a",
        "[a-]b",
        "[a\\-]b",
    ),
    *(
        "d/e",
        "d/e/",
        "d*e",
        "d**a",
        "d/e/**/",
        "#note",
        "\\#note",
        "\\!note",
        "back\\\\slash",
        "a\\ b",
        "a b ",
        "end\\ ",
        "end  ",
    ),
    *(
        "star\\*",
        "\\",
        "été",
        "",
        "/",
        "!",
        "# a",
        "a\r",
        "*/a",
        "*/*/a",
        "d//a",
        "/d/**/a",
        "x.t*",
        "**.log",
        "[*]",
        "src/**/d",
    ),
    *(
        "[/]",
        "d[/]a",
        "d?a",
        "\\a",
        "\\[x\\]",
        "[[]x]",
        "*\\",
        "build/*\n!build/out",
        "*\n!*/\n!*.py",
        "*.log\n!b.log",
        "/*\n!/d",
    ),
    *("d\n!d/keep", "d/*\n!d/keep", "!a\na", "*\n!keep", "**/build/**\n!out"),
]
"""Each the text of a `.gitignore`."""


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    top = tmp_path_factory.mktemp("tree")
    subprocess.run(["git", "init", "-q", top], check=True)
    for path in PATHS:
        (top / path).parent.mkdir(parents=True, exist_ok=True)
        (top / path).write_text("")
    return top


def left_by_git(tree: Path) -> set[str]:
    listing = ["git", "-C", tree, "-c", "core.excludesFile=", "ls-files", "-z", "--others", "--exclude-standard"]
    listed = subprocess.run(listing, check=True, capture_output=True, text=True).stdout
    return set(listed.split("\0")) & set(PATHS)


def left_by_us(*files: Rules) -> set[str]:
    def is_left(path: str) -> bool:
        parts = path.split("/")
        below = [parts[:depth] for depth in range(1, len(parts))]
        return not any(ignored(files, each, is_directory=True) for each in below) and not ignored(
            files, parts, is_directory=False
        )

    return {path for path in PATHS if is_left(path)}


@pytest.mark.parametrize("patterns", PATTERNS)
def test_the_patterns_mean_what_they_mean_to_git(tree: Path, patterns: str) -> None:
    (tree / ".gitignore").write_text(f"{patterns}\n", newline="")
    assert left_by_us(Rules(0, parsed_rules(patterns))) == left_by_git(tree)


@pytest.mark.parametrize(("outer", "inner"), [("*.log", "!b.log"), ("keep", "/a"), ("/a", "!a"), ("d/a", "!/a\n/e/a")])
def test_the_deeper_file_has_the_last_word(tree: Path, outer: str, inner: str) -> None:
    (tree / ".gitignore").write_text(f"{outer}\n")
    (tree / "d" / ".gitignore").write_text(f"{inner}\n")
    try:
        left = left_by_git(tree)
    finally:
        (tree / "d" / ".gitignore").unlink()
    weak, strong = Rules(0, parsed_rules(outer)), Rules(1, parsed_rules(inner))
    elsewhere = {path for path in PATHS if not path.startswith("d/")}
    # What holds in d/ is asked with both, the rest with the outer alone.
    assert (left_by_us(weak, strong) - elsewhere) | (left_by_us(weak) & elsewhere) == left
