"""Which formatter a repository wants for a file: the one that the nearest configuration, from the file's folder up, names.

Configurations are read here, never run. What stands in their place may be anything: a FIFO is not waited for, a link not
followed, a file of more than MAX_CONFIG_BYTES not read. All of it blocks: callers run it in a thread.
"""

from __future__ import annotations

import json
import os
import stat
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from trio_agent.core.errors import ToolError
from trio_agent.tools.paths import open_inside

MAX_CONFIG_BYTES = 1024 * 1024

_PRETTIER = (*("", ".json", ".json5", ".yaml", ".yml", ".toml", ".js", ".cjs", ".mjs", ".ts", ".cts", ".mts"),)
_PRETTIER_FILES = tuple(f".prettierrc{ending}" for ending in _PRETTIER) + tuple(
    f"prettier.config{ending}" for ending in _PRETTIER[6:]
)
_WEB = (
    *(".js", ".jsx", ".mjs", ".cjs", ".ts", ".tsx", ".mts", ".cts", ".css", ".scss", ".less", ".html", ".vue"),
    *(".json", ".json5", ".md", ".mdx", ".yaml", ".yml", ".graphql"),
)
_C = (".c", ".h", ".cc", ".cpp", ".cxx", ".hh", ".hpp", ".hxx", ".m", ".mm", ".proto")

# Many use ruff for its warnings alone, and its configuration does not tell: what was not formatted before the commit stays so.
_RUFF = """
options=(format --quiet --no-cache --force-exclude)
for file; do
    if git cat-file -e "HEAD^:$file" 2> /dev/null; then
        git show "HEAD^:$file" | "$0" "${options[@]}" --check --stdin-filename "$file" - > /dev/null 2>&1 || continue
    fi
    wanted+=("$file")
done
[ "${#wanted[@]}" = 0 ] || exec "$0" "${options[@]}" -- "${wanted[@]}"
"""

# rustfmt also formats the modules that a file names, unless it reads it from a pipe; without an edition it takes that of 2015.
_RUSTFMT = """
formatted="$(mktemp)" && for file; do
    "$0" --edition "$EDITION" --config-path "$(dirname "$file")" < "$file" > "$formatted" || failed=1
    [ "$failed" ] || cmp -s "$formatted" "$file" || cat "$formatted" > "$file"
    [ -z "$failed" ] || status=1; failed=
done; rm -f "$formatted"; exit "${status:-0}"
"""


@dataclass(frozen=True, slots=True)
class Formatter:
    """A formatter as a repository wants it. `words` are its command line; the files follow, each beginning with `./`.

    `runs_theirs`: its configuration can name programs, plugins or whole tool chains that it then runs.
    """

    name: str
    program: str
    words: tuple[str, ...]
    runs_theirs: bool = False

    def command(self, program: str, files: list[str]) -> list[str]:
        """`program` is where the program was found."""
        return [*(program if word == self.program else word for word in self.words), *files]


class Choice:
    """Chooses for files of one workspace. Reads each configuration once."""

    def __init__(self, workspace: Path) -> None:
        self._workspace = workspace
        self._chosen: dict[tuple[Path, str], Formatter | None] = {}

    def formatter_of(self, file: Path) -> Formatter | None:
        """The formatter for `file`, relative to the workspace, or None."""
        for suffixes, asked in _ASKED.items():
            if file.suffix in suffixes:
                return next((found for folder in file.parents if (found := self._of(folder, file.suffix, asked))), None)
        return None

    def _of(self, folder: Path, suffix: str, asked: Callable[[Folder], Formatter | None]) -> Formatter | None:
        key = folder, suffix
        if key not in self._chosen:
            self._chosen[key] = asked(Folder(self._workspace, folder))
        return self._chosen[key]


@dataclass(frozen=True, slots=True)
class Folder:
    """A folder of the workspace, without links on the way to it."""

    workspace: Path
    path: Path

    def has(self, *names: str) -> bool:
        return any(_is_file(self.workspace / self.path / name) for name in names)

    def toml(self, name: str) -> dict[str, Any]:
        try:
            return tomllib.loads(self._text(name))
        except (tomllib.TOMLDecodeError, RecursionError):
            return {}

    def json(self, name: str) -> dict[str, Any]:
        try:
            value = json.loads(self._text(name) or "{}")
        except (ValueError, RecursionError):
            return {}
        return value if isinstance(value, dict) else {}

    def _text(self, name: str) -> str:
        try:
            descriptor = open_inside(self.workspace, self.path / name, os.O_RDONLY)
        except ToolError:
            return ""
        with os.fdopen(descriptor, "rb") as file:
            facts = os.fstat(descriptor)
            if not stat.S_ISREG(facts.st_mode) or facts.st_size > MAX_CONFIG_BYTES:
                return ""
            return file.read(MAX_CONFIG_BYTES).decode("utf-8", "replace")


def _python(folder: Folder) -> Formatter | None:
    tools = _table(folder.toml("pyproject.toml"), "tool")
    if "black" in tools:
        return Formatter("black", "black", ("black", "--quiet", "--"))
    if "ruff" in tools or folder.has("ruff.toml", ".ruff.toml"):
        return Formatter("ruff format", "ruff", ("bash", "-c", _RUFF, "ruff"))
    return None


def _go(folder: Folder) -> Formatter | None:
    return Formatter("gofmt", "gofmt", ("gofmt", "-w")) if folder.has("go.mod") else None


def _rust(folder: Folder) -> Formatter | None:
    if not folder.has("Cargo.toml"):
        return None
    edition = _table(folder.toml("Cargo.toml"), "package").get("edition")
    if isinstance(edition, dict):
        # `edition.workspace = true`: it stands in a Cargo.toml above.
        above = (Folder(folder.workspace, path).toml("Cargo.toml") for path in (folder.path, *folder.path.parents))
        inherited = (_table(_table(each, "workspace"), "package").get("edition") for each in above)
        edition = next((each for each in inherited if each), None)
    words = ("env", f"EDITION={edition or 2015}", "bash", "-c", _RUSTFMT, "rustfmt")
    return Formatter("rustfmt", "rustfmt", words, runs_theirs=True)


def _c(folder: Folder) -> Formatter | None:
    if not folder.has(".clang-format", "_clang-format"):
        return None
    return Formatter("clang-format", "clang-format", ("clang-format", "-i", "--style=file"))


def _web(folder: Folder) -> Formatter | None:
    package = folder.json("package.json")
    named = "prettier" in package or any(
        "prettier" in _table(package, kind) for kind in ("dependencies", "devDependencies")
    )
    if not named and not folder.has(*_PRETTIER_FILES):
        return None
    words = ("prettier", "--write", "--ignore-unknown", "--log-level=warn")
    return Formatter("prettier", "prettier", words, runs_theirs=True)


_ASKED: Mapping[tuple[str, ...], Callable[[Folder], Formatter | None]] = {
    (".py", ".pyi"): _python,
    (".go",): _go,
    (".rs",): _rust,
    _C: _c,
    _WEB: _web,
}


def _table(value: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    table = value.get(name)
    return table if isinstance(table, dict) else {}


def _is_file(path: Path) -> bool:
    try:
        return stat.S_ISREG(path.lstat().st_mode)
    except OSError:
        return False
