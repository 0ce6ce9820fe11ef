"""A small Python project in a git repository, as people publish them: what sessions in the tests work on."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

AUTHOR = {"name": "Project Author", "email": "author@example.org"}

FIRST = {
    "README.md": """# wordcount

Counts the words of a text.

```
python -m wordcount README.md
```
""",
    "pyproject.toml": """[build-system]
requires = ["hatchling"]
build-backend = "hatchling.build"

[project]
name = "wordcount"
version = "0.1.0"
description = "Counts the words of a text"
requires-python = ">=3.11"
""",
    ".gitignore": "__pycache__/\n*.egg-info/\nbuild/\n",
    "wordcount/__init__.py": '''"""Counts the words of a text."""

from wordcount.counting import count_words, most_common

__all__ = ["count_words", "most_common"]
''',
    "wordcount/counting.py": '''"""Words and how often they occur."""

from collections import Counter


def words(text: str) -> list[str]:
    """The words of `text`, in order, without case."""
    return text.lower().split()


def count_words(text: str) -> int:
    return len(words(text))


def most_common(text: str, number: int = 3) -> list[tuple[str, int]]:
    """The `number` words that occur most often, with their counts."""
    return Counter(words(text)).most_common(number)
''',
}
SECOND = {
    "wordcount/__main__.py": '''"""`python -m wordcount FILE`: the number of words in FILE."""

import sys
from pathlib import Path

from wordcount.counting import count_words

print(count_words(Path(sys.argv[1]).read_text(encoding="utf-8")))
''',
    "tests/test_counting.py": """import unittest

from wordcount import count_words, most_common


class Counting(unittest.TestCase):
    def test_counts_words(self) -> None:
        self.assertEqual(count_words("to be or not to be"), 6)

    def test_names_the_most_common_first(self) -> None:
        self.assertEqual(most_common("to be or not to be", 1), [("to", 2)])


if __name__ == "__main__":
    unittest.main()
""",
}


def make_project(path: Path) -> None:
    """Make the project at `path`: branch `main`, two commits, the first tagged `v0.1.0`, a clean work tree.

    Its tests pass: `python -m unittest discover -s tests`, without anything installed.
    """
    path.mkdir(parents=True, exist_ok=True)
    git(path, "init", "--quiet", "--initial-branch=main")
    for key, value in AUTHOR.items():
        git(path, "config", f"user.{key}", value)
    commit_files(path, FIRST, "Count words")
    git(path, "tag", "v0.1.0")
    commit_files(path, SECOND, "Count words from the command line, with tests")


def commit_files(path: Path, files: dict[str, str], subject: str) -> str:
    """Write `files` (name -> text) into the repository at `path` and commit all changes; the commit's hash."""
    for name, text in files.items():
        file = path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
    git(path, "add", "--all")
    git(path, "commit", "--quiet", "--allow-empty", "--message", subject)
    return git(path, "rev-parse", "HEAD")


def git(path: Path, *arguments: str, stdin: str = "") -> str:
    """What `git ARGUMENTS` says in `path`, as a person or a model would run it, but without the machine's config."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    environment |= {"GIT_CONFIG_NOSYSTEM": "1", "GIT_CONFIG_GLOBAL": "/dev/null", "GIT_TERMINAL_PROMPT": "0"}
    done = subprocess.run(
        ["git", *arguments], cwd=path, env=environment, input=stdin, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, f"git {' '.join(arguments)}: {done.stderr}"
    return done.stdout.rstrip("\n")
