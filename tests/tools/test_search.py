from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import msgspec
import pytest
import trio

from tests.tools.bench import FakeBench, running
from trio_agent.core.errors import ToolError
from trio_agent.tools.environment import child_environment
from trio_agent.tools.matches import MAX_LINE_CHARS, Matches
from trio_agent.tools.sandbox import find_sandbox
from trio_agent.tools.search import SEARCH_S, Search
from trio_agent.tools.search_worker import MAX_DEPTH

# Python's stand-in is tested everywhere; ripgrep where it is installed, and a sandbox for it.
SANDBOX = find_sandbox("auto")
PROGRAMS = [None, *filter(None, [shutil.which("rg") if SANDBOX.name != "none" else None])]


@pytest.fixture(params=PROGRAMS, ids=lambda program: "rg" if program else "python")
def search(request: pytest.FixtureRequest) -> Search:
    return Search(rg=request.param, environment=child_environment(os.environ, {}), sandbox=SANDBOX)


@pytest.fixture
def repository(bench: FakeBench) -> Path:
    workspace = bench.workspace
    subprocess.run(["git", "init", "-q", workspace], check=True)
    (workspace / ".gitignore").write_text("*.log\nbuild/\n")
    (workspace / "src" / "deep").mkdir(parents=True)
    (workspace / "build").mkdir()
    (workspace / "src" / "a.py").write_text("import os\nneedle = 1\n")
    (workspace / "src" / "deep" / "b.py").write_text("# needle: two\r\n")
    (workspace / "src" / "c.js").write_text("let needle\n")
    (workspace / ".hidden.py").write_text("needle here too\n")
    (workspace / "ignored.log").write_text("needle\n")
    (workspace / "build" / "out.py").write_text("needle\n")
    (workspace / ".git" / "needle.txt").write_text("needle\n")
    (workspace / "binary.bin").write_bytes(b"\0needle\n")
    return workspace


async def find(search: Search, bench: FakeBench, pattern: str, **input: Any) -> list[str]:
    result = await search.run(msgspec.json.encode({"pattern": pattern, **input}), bench)
    return [] if result.text == "no matches" else result.text.split("\n")


EVERYWHERE = [
    ".hidden.py:1: needle here too",
    "src/a.py:2: needle = 1",
    "src/c.js:1: let needle",
    "src/deep/b.py:1: # needle: two",
]


@pytest.mark.usefixtures("repository")
async def test_matches_come_by_path_and_line_without_what_git_ignores(search: Search, bench: FakeBench) -> None:
    assert await find(search, bench, "needle") == EVERYWHERE


async def test_where_there_is_no_repository_every_file_is_searched(
    search: Search, bench: FakeBench, repository: Path
) -> None:
    shutil.rmtree(repository / ".git")
    found = await find(search, bench, "needle")
    assert set(found) == {*EVERYWHERE, "build/out.py:1: needle", "ignored.log:1: needle"}


@pytest.mark.usefixtures("repository")
@pytest.mark.parametrize(
    ("input", "expected"),
    [
        ({"path": "src/deep"}, ["src/deep/b.py:1: # needle: two"]),
        ({"path": "src/a.py"}, ["src/a.py:2: needle = 1"]),
        ({"glob": "*.js"}, ["src/c.js:1: let needle"]),
        ({"glob": "src/*.{py,js}"}, ["src/a.py:2: needle = 1", "src/c.js:1: let needle"]),
        ({"glob": "src/"}, EVERYWHERE[1:]),
        ({"glob": "*.log"}, []),
        ({"path": "src", "glob": "src/**/b.py"}, ["src/deep/b.py:1: # needle: two"]),
        ({"path": "src/a.py", "glob": "*.js"}, []),
    ],
)
async def test_path_and_glob_narrow_the_search(
    search: Search, bench: FakeBench, input: dict[str, str], expected: list[str]
) -> None:
    assert await find(search, bench, "needle", **input) == expected


@pytest.mark.usefixtures("repository")
async def test_the_pattern_is_a_regular_expression(search: Search, bench: FakeBench) -> None:
    assert await find(search, bench, r"^(?:import|let)\s+\w+$") == ["src/a.py:1: import os", "src/c.js:1: let needle"]
    assert await find(search, bench, r"(?i)NEEDLE =") == ["src/a.py:2: needle = 1"]


@pytest.mark.usefixtures("repository")
async def test_a_pattern_that_begins_with_a_dash_is_no_option(search: Search, bench: FakeBench) -> None:
    assert await find(search, bench, "--help") == []


@pytest.mark.usefixtures("repository")
async def test_no_match_is_no_error(search: Search, bench: FakeBench) -> None:
    result = await search.run(b'{"pattern": "absent"}', bench)
    assert result.text == "no matches"
    assert not result.error


async def test_a_pattern_that_is_none_is_the_tools_error(search: Search, bench: FakeBench) -> None:
    with pytest.raises(ToolError, match=r"(?i)unclosed|unterminated"):
        await find(search, bench, "(")


@pytest.mark.parametrize("path", ["..", "/etc", "missing", "link"])
async def test_nothing_outside_is_searched(search: Search, bench: FakeBench, path: str) -> None:
    (bench.workspace / "link").symlink_to("/etc")
    with pytest.raises(ToolError):
        await find(search, bench, "root", path=path)


async def test_a_link_met_on_the_way_is_not_followed(search: Search, bench: FakeBench) -> None:
    (bench.workspace / "link").symlink_to("/etc")
    (bench.workspace / "passwd").symlink_to("/etc/passwd")
    assert await find(search, bench, "root") == []


async def test_a_fifo_is_refused_and_not_waited_for(search: Search, bench: FakeBench) -> None:
    os.mkfifo(bench.workspace / "fifo")
    assert await find(search, bench, "x") == []
    with pytest.raises(ToolError, match="neither"):
        await find(search, bench, "x", path="fifo")


async def test_enough_is_enough_also_of_endless_matches(search: Search, bench: FakeBench) -> None:
    (bench.workspace / "many.txt").write_text("match\n" * 500_000)
    found = await find(search, bench, "match", max_results=2)
    assert found[:2] == ["many.txt:1: match", "many.txt:2: match"]
    assert found[2].startswith("[stopped at 2")
    assert len(found) == 3


async def test_enough_is_not_followed_by_more_work(bench: FakeBench) -> None:
    (bench.workspace / "a.txt").write_text("match\n" * 10_000)
    (bench.workspace / "trap.txt").write_text("a" * 60 + "!\n")
    search = Search(rg=None, environment=child_environment(os.environ, {}))
    with trio.fail_after(SEARCH_S / 2):
        assert len(await find(search, bench, "match|(a+)+$", max_results=2)) == 3


async def test_a_search_over_its_time_gives_what_it_found(bench: FakeBench) -> None:
    (bench.workspace / "a.txt").write_text("match\n")
    (bench.workspace / "trap.txt").write_text("a" * 60 + "!\n")
    search = Search(rg=None, environment=child_environment(os.environ, {}), search_s=2.0)
    found, remark = await find(search, bench, "match|(a+)+$")
    assert found == "a.txt:1: match"
    assert "not done after 2 s" in remark


async def test_a_search_over_its_time_that_found_nothing_is_the_tools_error(bench: FakeBench) -> None:
    (bench.workspace / "trap.txt").write_text("a" * 60 + "!\n")
    search = Search(rg=None, environment=child_environment(os.environ, {}), search_s=0.3)
    with pytest.raises(ToolError, match=r"not done after 0\.3 s"):
        await find(search, bench, "(a+)+$")


async def test_exactly_as_many_as_asked_for_is_not_called_stopped(search: Search, bench: FakeBench) -> None:
    (bench.workspace / "two.txt").write_text("match\nmatch\n")
    assert len(await find(search, bench, "match", max_results=2)) == 2


async def test_a_very_long_line_is_cut(search: Search, bench: FakeBench) -> None:
    (bench.workspace / "min.js").write_text("needle" + "x" * 100_000 + "\n")
    (line,) = await find(search, bench, "needle")
    assert len(line) < MAX_LINE_CHARS + 50


async def test_invalid_utf_8_can_be_searched(search: Search, bench: FakeBench) -> None:
    (bench.workspace / "latin.txt").write_bytes(b"caf\xe9 needle\n")
    assert await find(search, bench, "needle") == ["latin.txt:1: caf\ufffd needle"]


async def test_a_regular_expression_without_end_can_be_cancelled(bench: FakeBench, nap: str) -> None:
    (bench.workspace / "trap.txt").write_text("a" * 60 + "!\n")
    search = Search(rg=None, environment=child_environment(os.environ, {}))
    pattern = f"(a+)+(?# {nap})$"
    # Long enough for the program to be in the middle of it, or not to have begun: it must be gone either way.
    with trio.move_on_after(0.3) as scope:
        await find(search, bench, pattern)
    assert scope.cancelled_caught
    assert not running(nap, anywhere=True)


async def test_a_repository_cannot_name_a_program_for_the_search_to_run(
    search: Search, bench: FakeBench, repository: Path
) -> None:
    sentinel = bench.workspace.parent / "sentinel"
    trap = bench.workspace / "trap.sh"
    trap.write_text(f"#!/bin/sh\ntouch {sentinel}\n")
    trap.chmod(0o755)
    await trio.run_process(["git", "-C", repository, "config", "core.fsmonitor", str(trap)])
    assert await find(search, bench, "needle") == EVERYWHERE
    assert not sentinel.exists()


async def test_git_is_not_asked_for_an_object_that_a_program_would_have_to_fetch(
    search: Search, bench: FakeBench
) -> None:
    workspace, sentinel = bench.workspace, bench.workspace.parent / "sentinel"
    trap = bench.workspace.parent / "trap.sh"
    trap.write_text(f"#!/bin/sh\ntouch {sentinel}\n")
    trap.chmod(0o755)
    git = ["git", "-C", str(workspace), "-c", "user.name=A", "-c", "user.email=a@example.org"]

    async def run_git(*arguments: str) -> str:
        done = await trio.run_process([*git, *arguments], capture_stdout=True, capture_stderr=True)
        return (done.stdout or b"").decode().strip()

    for name in ("a", "b"):
        (workspace / name).mkdir(parents=True)
        (workspace / name / "file").write_text(f"needle {name}\n")
    await run_git("init", "-q")
    await run_git("add", ".")
    await run_git("commit", "-qm", "first")
    # An index that names a directory by its tree, which is missing: to list it, git fetches, and runs what fetches.
    await run_git("sparse-checkout", "init", "--cone", "--sparse-index")
    await run_git("sparse-checkout", "set", "a")
    tree = await run_git("rev-parse", "HEAD:b")
    (workspace / ".git" / "objects" / tree[:2] / tree[2:]).unlink()
    for key, value in {
        "remote.origin.url": "ssh://nowhere/x",
        "remote.origin.promisor": "true",
        "extensions.partialClone": "origin",
        "core.sshCommand": str(trap),
    }.items():
        await run_git("config", key, value)
    assert await find(search, bench, "needle") == ["a/file:1: needle a"]
    assert not sentinel.exists()


async def test_an_index_or_a_setting_that_leads_outside_is_not_believed(search: Search, bench: FakeBench) -> None:
    workspace, outside = bench.workspace, bench.workspace.parent / "outside"
    outside.mkdir()
    (outside / "secret").write_text("needle\n")
    git = ["git", "-C", str(workspace)]
    await trio.run_process([*git, "init", "-q"])
    empty = await trio.run_process([*git, "hash-object", "-w", "--stdin"], stdin=b"", capture_stdout=True)
    entry = f"100644,{empty.stdout.decode().strip()},dir/secret"
    await trio.run_process([*git, "update-index", "--add", "--cacheinfo", entry])
    (workspace / "dir").symlink_to(outside)
    assert await find(search, bench, "needle") == []
    await trio.run_process([*git, "config", "core.worktree", str(outside)])
    assert await find(search, bench, "needle") == []


async def test_what_is_ignored_above_a_searched_directory_is_ignored_in_it(
    search: Search, bench: FakeBench, repository: Path
) -> None:
    (repository / ".git" / "info" / "exclude").write_text("/src/deep/b.py\n")
    (repository / "src" / ".gitignore").write_text("!*.log\n")
    (repository / "src" / "back.log").write_text("needle\n")
    (repository / "src" / "deep" / "build").mkdir()
    (repository / "src" / "deep" / "build" / "x.py").write_text("needle\n")
    assert await find(search, bench, "needle", path="src") == [
        "src/a.py:2: needle = 1",
        "src/back.log:1: needle",
        "src/c.js:1: let needle",
    ]
    assert await find(search, bench, "needle", path="src/deep") == []


async def test_a_repository_in_another_knows_its_own_patterns_only(
    search: Search, bench: FakeBench, repository: Path
) -> None:
    (repository / "src" / "deep" / ".git").mkdir()
    (repository / "src" / "deep" / ".gitignore").write_text("b.py\n")
    (repository / "src" / "deep" / "seen.log").write_text("needle\n")
    assert await find(search, bench, "needle", path="src") == [*EVERYWHERE[1:3], "src/deep/seen.log:1: needle"]


@pytest.mark.parametrize("name", [".gitignore", "src/.gitignore", ".git/info/exclude"])
@pytest.mark.parametrize("trap", ["fifo", "link"])
async def test_patterns_are_read_of_regular_files_only(
    bench: FakeBench, repository: Path, name: str, trap: str
) -> None:
    (repository / name).unlink(missing_ok=True)
    if trap == "fifo":
        os.mkfifo(repository / name)
    else:
        (repository / name).symlink_to("/dev/zero")
    search = Search(rg=None, environment=child_environment(os.environ, {}))
    assert set(EVERYWHERE) <= set(await find(search, bench, "needle"))


async def test_a_tree_too_deep_is_searched_as_far_as_it_may_be(bench: FakeBench) -> None:
    here = os.open(bench.workspace, os.O_RDONLY)
    for depth in range(MAX_DEPTH + 10):
        os.mkdir("d", dir_fd=here)
        if depth in (MAX_DEPTH - 1, MAX_DEPTH):
            file = os.open("d/file", os.O_WRONLY | os.O_CREAT, dir_fd=here)
            os.write(file, b"needle\n")
            os.close(file)
        below = os.open("d", os.O_RDONLY, dir_fd=here)
        os.close(here)
        here = below
    os.close(here)
    search = Search(rg=None, environment=child_environment(os.environ, {}))
    assert await find(search, bench, "needle") == ["d/" * MAX_DEPTH + "file:1: needle"]


async def test_settings_of_ripgrep_do_not_reach_it(search: Search, bench: FakeBench, repository: Path) -> None:
    sentinel = repository.parent / "sentinel"
    trap = repository / "trap.sh"
    trap.write_text(f"#!/bin/sh\ntouch {sentinel}\n")
    trap.chmod(0o755)
    for name in (".ripgreprc", "ripgreprc"):
        (repository / name).write_text(f"--pre={trap}\n--follow\n--no-ignore\n")
    ours = child_environment({**os.environ, "RIPGREP_CONFIG_PATH": str(repository / ".ripgreprc")}, {})
    assert "RIPGREP_CONFIG_PATH" not in ours
    for each in (
        search,
        Search(
            rg=shutil.which("rg"),
            sandbox=SANDBOX,
            environment={**ours, "RIPGREP_CONFIG_PATH": str(repository / ".ripgreprc")},
        ),
    ):
        assert await find(each, bench, "needle") == EVERYWHERE
    assert not sentinel.exists()


async def test_searching_gives_back_every_descriptor(search: Search, bench: FakeBench) -> None:
    await find(search, bench, "x")
    before = len(os.listdir("/proc/self/fd"))
    await find(search, bench, "x")
    with pytest.raises(ToolError):
        await find(search, bench, "(")
    assert len(os.listdir("/proc/self/fd")) == before


@pytest.mark.parametrize("size", [1, 2, 3, 7, 1000])
def test_what_a_search_prints_may_be_cut_anywhere(size: int) -> None:
    printed = "a.py\x001:über\nsome message\nb/c.py\x0022:x: y\n".encode()
    matches = Matches(10, shown=lambda path: path, wanted=lambda path: True)
    for start in range(0, len(printed), size):
        matches.add(printed[start : start + size])
    assert matches.lines == ["a.py:1: über", "b/c.py:22: x: y"]
    assert matches.messages == "some message\n"


async def test_ripgrep_is_not_run_where_there_is_no_sandbox(bench: FakeBench) -> None:
    (bench.workspace / "file").write_text("needle\n")
    rg = bench.workspace.parent / "rg"
    rg.write_text(f"#!/bin/sh\ntouch {bench.workspace.parent}/ran\n")
    rg.chmod(0o755)
    search = Search(rg=str(rg), environment=child_environment(os.environ, {}))
    assert await find(search, bench, "needle") == ["file:1: needle"]
    assert not (bench.workspace.parent / "ran").exists()


HOSTILE_PATTERNS = {
    "a FIFO": "mkfifo $f",
    "a link to a file without end": "ln -s /dev/zero $f",
    "a link to a FIFO": "mkfifo pipe; ln -s $PWD/pipe $f",
    "a directory": "mkdir $f",
    "a file larger than memory may be": "truncate -s 1T $f",
}


@pytest.mark.parametrize("make", HOSTILE_PATTERNS.values(), ids=HOSTILE_PATTERNS)
@pytest.mark.parametrize("name", [".gitignore", "src/.gitignore", ".git/info/exclude"])
async def test_patterns_that_are_no_file_of_patterns_hold_nobody_up(
    search: Search, bench: FakeBench, repository: Path, make: str, name: str
) -> None:
    await trio.run_process(["bash", "-c", f"f={name}; rm -f $f; {make}"], cwd=repository)
    with trio.fail_after(SEARCH_S - 5):
        assert "src/a.py:2: needle = 1" in await find(search, bench, "needle")


async def test_a_secret_is_taken_out_before_a_line_is_cut(search: Search, bench: FakeBench) -> None:
    key = "ghp_" + "aB3" * 12
    (bench.workspace / "file").write_text("x" * (MAX_LINE_CHARS - 20) + key + "\n")
    (line,) = await find(search, bench, "xxx")
    assert "ghp_" not in line
    assert "[redacted]" in line


@pytest.mark.parametrize("sandboxed", [True, False])
async def test_a_search_of_everything_passes_over_what_is_hidden(bench: FakeBench, sandboxed: bool) -> None:
    secret, real = bench.workspace / "data" / "token", bench.workspace / os.fsdecode(b"real-\xff")
    for directory in (secret.parent, real):
        directory.mkdir()
        (directory / "seen").write_text("needle\n")
        (directory / "token").write_text("needle\n")
    (bench.workspace / "token").write_text("needle\n")
    (bench.workspace / "link").symlink_to(real)
    sandbox = SANDBOX if sandboxed else find_sandbox("none")
    for hidden, found in (
        ([], 5),
        ([bench.workspace / "data"], 3),
        ([secret, bench.workspace / "missing", bench.workspace / "link"], 2),
        # The workspace of a session stands in the data directory, which is hidden.
        ([bench.workspace.parent, bench.workspace], 5),
    ):
        search = Search(
            rg=shutil.which("rg"), environment=child_environment(os.environ, {}), sandbox=sandbox, hidden=hidden
        )
        assert len(await find(search, bench, "needle")) == found
