"""Formatters, run on the files of a commit as the repository wants it."""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
import trio

from tests.projects import commit_files, git
from trio_agent.seams import Formatted
from trio_agent.tools.confined import Confined
from trio_agent.tools.formatters import FORMAT_S, MAX_FILE_BYTES, MAX_FILES, Formatters
from trio_agent.tools.sandbox import SandboxChoice, find_sandbox

BASE_PATH = "/usr/bin:/bin"

# Ends every file it is given with a line that tells so; complains where the file does.
APPEND = """#!/bin/sh
for word; do case "$word" in ./*)
    if grep -q broken "$word"; then echo "$word: broken" >&2; exit 2; fi
    grep -q formatted "$word" || echo formatted >> "$word"
esac; done
"""


@pytest.fixture
def programs() -> Iterator[Path]:
    """A folder for programs; not in /tmp, which a sandbox replaces."""
    with tempfile.TemporaryDirectory(dir="/var/tmp") as directory:
        yield Path(directory).resolve()


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    path = tmp_path / "workspace"
    path.mkdir()
    return path


def a_program(folder: Path, name: str, text: str = APPEND) -> None:
    (folder / name).write_text(text)
    (folder / name).chmod(0o755)


def in_sandbox(path: str, sandbox: SandboxChoice = "auto", format_s: float = FORMAT_S) -> Formatters:
    environment = {"PATH": path, "HOME": os.environ["HOME"]}
    return Formatters(Confined(sandbox=find_sandbox(sandbox), environment=environment, term_grace_s=0.5), format_s)


CONFINED = find_sandbox("auto").name != "none"


async def test_ruff_formats_the_files_of_the_commit_and_no_others(workspace: Path) -> None:
    (workspace / "pyproject.toml").write_text("[tool.ruff]\n")
    for name in ("a.py", "b c.py", "-d.py", "other.py", "fine.py"):
        (workspace / name).write_text("x = [1,2]\n" if name != "fine.py" else "x = [1, 2]\n")
    path = f"{Path(sys.executable).parent}:{BASE_PATH}"
    formatted = await in_sandbox(path, "none").format(
        workspace, ["a.py", "b c.py", "-d.py", "fine.py", "pyproject.toml"]
    )
    assert formatted.changed == ("a.py", "b c.py", "-d.py")
    assert formatted.by == ("ruff format",)
    assert formatted.problems == ()
    assert (workspace / "-d.py").read_text() == "x = [1, 2]\n"
    assert (workspace / "other.py").read_text() == "x = [1,2]\n"
    assert not (workspace / ".ruff_cache").exists()


async def test_what_was_not_formatted_before_the_commit_stays_so(workspace: Path) -> None:
    git(workspace, "init", "--quiet")
    git(workspace, "config", "user.name", "A")
    git(workspace, "config", "user.email", "a@example.org")
    before = {"ruff.toml": "", "sub/neat.py": "x = [1, 2]\n", "sub/wild.py": "x = [1,2]\n", "sub/torn.py": "x = [\n"}
    commit_files(workspace, before, "One")
    after = dict.fromkeys(("sub/neat.py", "sub/wild.py", "sub/torn.py", "sub/new.py"), "y = [1,2]\n")
    commit_files(workspace, after, "Two")
    path = f"{BASE_PATH}:{Path(sys.executable).parent}"
    formatted = await in_sandbox(path, "none").format(workspace, sorted(after))
    assert formatted.changed == ("sub/neat.py", "sub/new.py")
    assert formatted.problems == ()


REAL = {
    "black": ({"pyproject.toml": "[tool.black]\nline-length = 100\n"}, ".py", "x = [1,2]\n", "x = [1, 2]\n"),
    "clang-format": ({".clang-format": "BasedOnStyle: GNU\n"}, ".c", "int  f(){}\n", "int\nf ()\n{\n}\n"),
}


@pytest.mark.parametrize("sandbox", ["auto", "none"])
@pytest.mark.parametrize("name", REAL)
async def test_real_formatters_format_the_files_of_the_commit_and_no_others(
    workspace: Path, name: str, sandbox: SandboxChoice
) -> None:
    configuration, suffix, wild, neat = REAL[name]
    for file, text in configuration.items():
        (workspace / file).write_text(text)
    for stem in ("a", "b c", "-d", "other"):
        (workspace / f"{stem}{suffix}").write_text(wild)
    (workspace / f"fine{suffix}").write_text(neat)
    files = [f"{stem}{suffix}" for stem in ("a", "b c", "-d", "fine")]
    formatters = in_sandbox(f"{Path(sys.executable).parent}:{BASE_PATH}", sandbox)
    assert await formatters.format(workspace, files) == Formatted(changed=tuple(files[:3]), by=(name,))
    assert (workspace / files[2]).read_text() == neat
    assert (workspace / f"other{suffix}").read_text() == wild
    assert set(os.listdir(workspace)) == {*configuration, *files, f"other{suffix}"}
    assert (await formatters.format(workspace, files)).changed == ()


async def test_what_black_cannot_read_is_told_and_the_others_are_formatted(workspace: Path) -> None:
    (workspace / "pyproject.toml").write_text("[tool.black]\n")
    (workspace / "a.py").write_text("x = [1,2]\n")
    (workspace / "torn.py").write_text("x = [\n")
    formatted = await in_sandbox(f"{Path(sys.executable).parent}:{BASE_PATH}").format(workspace, ["a.py", "torn.py"])
    assert formatted.changed == ("a.py",)
    assert [problem[:12] for problem in formatted.problems] == ["black failed"]
    assert "torn.py" in formatted.problems[0]


async def test_every_formatter_gets_its_own_files(workspace: Path, programs: Path) -> None:
    configurations = {"pyproject.toml": "[tool.black]", "go.mod": "", ".clang-format": "", ".prettierrc": ""}
    files = ["a.py", "b.go", "c.cc", "d.ts", "[id].tsx", "e.txt"]
    for name in (*configurations, *files):
        (workspace / name).write_text(configurations.get(name, "x\n"))
    for name in ("black", "gofmt", "clang-format", "prettier"):
        a_program(programs, name)
    formatters = in_sandbox(f"{programs}:{BASE_PATH}")
    formatted = await formatters.format(workspace, files)
    assert set(formatted.by) == {"black", "gofmt", "clang-format"} | ({"prettier"} if CONFINED else set())
    assert set(formatted.changed) == set(files) - {"e.txt"} - (set() if CONFINED else {"d.ts", "[id].tsx"})
    assert (await formatters.format(workspace, files)).changed == (), "what is formatted stays"


async def test_what_runs_programs_of_the_repository_s_needs_a_sandbox(workspace: Path, programs: Path) -> None:
    for name in ("Cargo.toml", ".prettierrc", "a.ts", "a.rs"):
        (workspace / name).write_text("x\n" if name.startswith("a") else "")
    for name in ("prettier", "rustfmt"):
        a_program(programs, name)
    formatted = await in_sandbox(f"{programs}:{BASE_PATH}", "none").format(workspace, ["a.ts", "a.rs"])
    assert formatted == Formatted()


async def test_a_program_of_the_repository_s_own_is_not_run(workspace: Path, programs: Path) -> None:
    (workspace / "go.mod").touch()
    (workspace / "a.go").write_text("x\n")
    a_program(workspace, "gofmt")
    assert await in_sandbox(f"{programs}:{BASE_PATH}").format(workspace, ["a.go"]) == Formatted()


async def test_rust_is_formatted_file_by_file(workspace: Path, programs: Path) -> None:
    (workspace / "Cargo.toml").write_text('[package]\nedition = "2021"\n')
    (workspace / "src").mkdir()
    (workspace / "src" / "lib.rs").write_text("x\n")
    (workspace / "src" / "bad.rs").write_text("broken\n")
    # As the real one does it with standard input.
    a_program(programs, "rustfmt", '#!/bin/sh\necho "$*" >> seen\ngrep -v broken || exit 1\necho formatted\n')
    formatted = await in_sandbox(f"{programs}:{BASE_PATH}").format(workspace, ["src/lib.rs", "src/bad.rs"])
    if not CONFINED:
        assert formatted == Formatted()
        return
    assert formatted.changed == ("src/lib.rs",)
    assert formatted.problems == ("rustfmt failed: exit status 1",)
    assert (workspace / "src" / "lib.rs").read_text() == "x\nformatted\n"
    assert (workspace / "src" / "bad.rs").read_text() == "broken\n"
    assert (workspace / "seen").read_text() == "--edition 2021 --config-path ./src\n" * 2


@pytest.mark.parametrize("sandbox", ["auto", "none"])
async def test_links_and_what_is_no_file_are_left_alone(
    workspace: Path, programs: Path, tmp_path: Path, sandbox: SandboxChoice
) -> None:
    a_program(programs, "gofmt")
    users = tmp_path / "users"
    users.mkdir()
    for path in (users / "a.go", workspace / "go.mod"):
        path.write_text("x\n")
    (workspace / "link.go").symlink_to(users / "a.go")
    (workspace / "folder").symlink_to(users)
    (workspace / "real").mkdir()
    (workspace / "real" / "a.go").write_text("x\n")
    (workspace / "alias").symlink_to("real")
    os.mkfifo(workspace / "fifo.go")
    (workspace / "large.go").write_bytes(b"x" * (MAX_FILE_BYTES + 1))
    names = [
        "link.go",
        "alias/a.go",
        "folder/a.go",
        "fifo.go",
        "large.go",
        "gone.go",
        "../users/a.go",
        str(users / "a.go"),
        "a\0.go",
        "",
    ]
    formatted = await in_sandbox(f"{programs}:{BASE_PATH}", sandbox).format(workspace, names)
    assert formatted == Formatted()
    assert (users / "a.go").read_text() == (workspace / "real" / "a.go").read_text() == "x\n"


async def test_a_failure_is_told_and_the_others_run(workspace: Path, programs: Path) -> None:
    for name in ("go.mod", ".clang-format"):
        (workspace / name).touch()
    (workspace / "a.go").write_text("broken\n")
    (workspace / "b.c").write_text("x\n")
    for name in ("gofmt", "clang-format"):
        a_program(programs, name)
    formatted = await in_sandbox(f"{programs}:{BASE_PATH}").format(workspace, ["a.go", "b.c"])
    assert formatted.problems == ("gofmt failed: ./a.go: broken",)
    assert formatted.changed == ("b.c",)


async def test_a_formatter_that_hangs_is_ended(workspace: Path, programs: Path) -> None:
    (workspace / "go.mod").touch()
    (workspace / "a.go").write_text("x\n")
    a_program(programs, "gofmt", "#!/bin/sh\nexec sleep 3600\n")
    formatted = await in_sandbox(f"{programs}:{BASE_PATH}", format_s=0.2).format(workspace, ["a.go"])
    assert formatted.problems == ("gofmt was not finished after 0.2 s, and was ended",)


async def test_a_formatter_reaches_nothing_outside_the_workspace(
    workspace: Path, programs: Path, tmp_path: Path
) -> None:
    (programs / "secret").write_text("x\n")
    (workspace / "go.mod").touch()
    (workspace / "a.go").write_text("x\n")
    a_program(programs, "gofmt", f"#!/bin/sh\necho harm >> {programs}/secret\n")
    await in_sandbox(f"{programs}:{BASE_PATH}").format(workspace, ["a.go"])
    assert (programs / "secret").read_text() == ("x\n" if CONFINED else "x\nharm\n")


async def test_a_commit_of_very_many_files_is_left_as_it_is(workspace: Path, programs: Path) -> None:
    (workspace / "go.mod").touch()
    names = [f"{number}.go" for number in range(MAX_FILES + 1)]
    for name in names:
        (workspace / name).write_text("x\n")
    a_program(programs, "gofmt")
    formatter = in_sandbox(f"{programs}:{BASE_PATH}")
    assert await formatter.format(workspace, names) == Formatted()
    assert len((await formatter.format(workspace, names[1:])).changed) == MAX_FILES


async def test_a_program_that_cannot_be_started_is_a_failure_like_any_other(workspace: Path) -> None:
    confined = Confined(sandbox=find_sandbox("none"), environment={"PATH": BASE_PATH})
    ran = await confined.run(["echo", "a\0b"], workspace)
    assert ran.exit_status == 127
    ran = await confined.run(["sh", "-c", "echo out; echo err >&2; exit 3"], workspace)
    assert (ran.exit_status, ran.output) == (3, "out\nerr\n")
    with trio.move_on_after(0):
        await confined.run(["sleep", "3600"], workspace)
