"""Which formatter a repository wants for a file."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from trio_agent.tools.formatter_choice import MAX_CONFIG_BYTES, Choice


def chosen(workspace: Path, file: str) -> str:
    formatter = Choice(workspace).formatter_of(Path(file))
    return formatter.name if formatter else ""


def put(workspace: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        (workspace / name).parent.mkdir(parents=True, exist_ok=True)
        (workspace / name).write_text(text)


@pytest.mark.parametrize(
    ("files", "file", "name"),
    [
        ({"pyproject.toml": "[tool.ruff]\n"}, "a.py", "ruff format"),
        ({"pyproject.toml": "[tool.ruff.lint]\n"}, "src/deep/a.pyi", "ruff format"),
        ({"ruff.toml": ""}, "a.py", "ruff format"),
        ({".ruff.toml": ""}, "a.py", "ruff format"),
        ({"pyproject.toml": "[tool.black]\n[tool.ruff]\n"}, "a.py", "black"),
        ({"pyproject.toml": "[project]\n"}, "a.py", ""),
        ({"pyproject.toml": "[tool.ruff]\n"}, "a.rs", ""),
        ({"go.mod": "module x\n"}, "cmd/a.go", "gofmt"),
        ({}, "a.go", ""),
        ({"Cargo.toml": "[package]\n"}, "src/a.rs", "rustfmt"),
        ({".clang-format": "BasedOnStyle: LLVM\n"}, "a.cpp", "clang-format"),
        ({"_clang-format": ""}, "a.h", "clang-format"),
        ({".prettierrc": ""}, "a.ts", "prettier"),
        ({"prettier.config.mjs": ""}, "a.css", "prettier"),
        ({"package.json": '{"prettier": {}}'}, "a.js", "prettier"),
        ({"package.json": '{"devDependencies": {"prettier": "3"}}'}, "a.js", "prettier"),
        ({"package.json": '{"devDependencies": {"eslint": "9"}}'}, "a.js", ""),
        # The nearest wins, and what is beside does not count.
        ({"pyproject.toml": "[tool.black]\n", "sub/pyproject.toml": "[tool.ruff]\n"}, "sub/a.py", "ruff format"),
        ({"pyproject.toml": "[tool.black]\n", "sub/pyproject.toml": "[tool.ruff]\n"}, "other/a.py", "black"),
        ({"sub/go.mod": ""}, "a.go", ""),
        # Anybody's.
        ({"pyproject.toml": "tool = 3\n"}, "a.py", ""),
        ({"pyproject.toml": "[tool.ruff\n"}, "a.py", ""),
        ({"package.json": "[]"}, "a.js", ""),
        ({"package.json": '{"dependencies": ["prettier"]}'}, "a.js", ""),
        ({"package.json": "[" * 100_000}, "a.js", ""),
        ({"pyproject.toml": "a = " + "[" * 100_000}, "a.py", ""),
        ({"pyproject.toml": "[tool.ruff]\n" + "#" * MAX_CONFIG_BYTES}, "a.py", ""),
    ],
)
def test_the_nearest_configuration_chooses(tmp_path: Path, files: dict[str, str], file: str, name: str) -> None:
    put(tmp_path, files)
    assert chosen(tmp_path, file) == name


@pytest.mark.parametrize(
    ("files", "edition"),
    [
        ({"Cargo.toml": '[package]\nedition = "2021"\n'}, "2021"),
        ({"Cargo.toml": "[package]\n"}, "2015"),
        (
            {
                "Cargo.toml": '[workspace.package]\nedition = "2024"\n',
                "src/Cargo.toml": "[package]\nedition.workspace = true\n",
            },
            "2024",
        ),
        ({"src/Cargo.toml": "[package]\nedition.workspace = true\n"}, "2015"),
    ],
)
def test_the_edition_of_rust_is_the_package_s(tmp_path: Path, files: dict[str, str], edition: str) -> None:
    put(tmp_path, files)
    formatter = Choice(tmp_path).formatter_of(Path("src/a.rs"))
    assert formatter is not None
    assert f"EDITION={edition}" in formatter.words


@pytest.mark.parametrize("name", ["pyproject.toml", "ruff.toml"])
def test_what_stands_in_place_of_a_configuration_is_neither_waited_for_nor_followed(tmp_path: Path, name: str) -> None:
    workspace = tmp_path / "workspace"
    workspace.mkdir()
    os.mkfifo(workspace / name)
    assert chosen(workspace, "a.py") == ""
    (workspace / name).unlink()
    (tmp_path / "elsewhere").write_text("[tool.ruff]\n")
    (workspace / name).symlink_to(tmp_path / "elsewhere")
    assert chosen(workspace, "a.py") == ""
