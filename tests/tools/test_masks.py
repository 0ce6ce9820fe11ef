"""Places of credentials inside a workspace, there or not: what runs in the sandbox cannot see, make or move them."""

from __future__ import annotations

import gc
import os
import shlex
import subprocess
from pathlib import Path

import pytest

from tests.tools.bench import FakeBench
from trio_agent.tools.credentials import CREDENTIAL_FILES, CREDENTIAL_FOLDERS, HELD, HELD_FILES, HELD_FOLDERS, blank
from trio_agent.tools.environment import child_environment
from trio_agent.tools.sandbox import Sandbox, find_sandbox


@pytest.fixture(params=["auto", "none"])
def sandbox(request: pytest.FixtureRequest) -> Sandbox:
    return find_sandbox(request.param)


@pytest.fixture
def confined(sandbox: Sandbox) -> bool:
    return sandbox.name == "bwrap"


@pytest.fixture
def home(bench: FakeBench, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home that is worked in itself."""
    monkeypatch.setenv("HOME", str(bench.workspace))
    return bench.workspace


def started(sandbox: Sandbox, home: Path, script: str) -> subprocess.Popen[str]:
    argv = sandbox.wrap(["bash", "-c", script], home, ())
    environment = child_environment(os.environ, {})
    pipe = subprocess.PIPE
    return subprocess.Popen(argv, cwd=home, env=environment, stdin=pipe, stdout=pipe, stderr=pipe, text=True)


def run(sandbox: Sandbox, home: Path, script: str) -> str:
    """What `script` prints."""
    with started(sandbox, home, script) as process:
        return process.communicate()[0]


def test_a_place_that_is_missing_cannot_be_made(sandbox: Sandbox, home: Path, confined: bool) -> None:
    files = [*HELD_FILES, *(f"{name}/config" for name in HELD_FOLDERS)]
    told = run(
        sandbox, home, "".join(f"mkdir -p '{Path(name).parent}'; echo made > '{name}'; " for name in files) + "echo end"
    )
    assert told == "end\n"
    made = [name for name in files if (home / name).exists() and (home / name).read_text() == "made\n"]
    assert made == ([] if confined else files)


def test_what_a_user_puts_there_later_is_not_seen_by_what_runs(sandbox: Sandbox, home: Path, confined: bool) -> None:
    files = [*HELD_FILES, *(f"{name}/key" for name in HELD_FOLDERS)]
    with started(sandbox, home, f"echo ready; read x; cat {shlex.join(files)}") as process:
        assert process.stdin is not None
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        write_secrets(home, files)
        process.stdin.write("\n")
        process.stdin.flush()
        assert process.stdout.read() == ("" if confined else "secret\n" * len(files))


def test_none_of_all_places_is_seen_by_the_next_command(sandbox: Sandbox, home: Path, confined: bool) -> None:
    assert set(HELD_FILES) < set(CREDENTIAL_FILES)
    assert set(HELD_FOLDERS) < set(CREDENTIAL_FOLDERS)
    files = [*CREDENTIAL_FILES, *(f"{name}/key" for name in CREDENTIAL_FOLDERS)]
    assert run(sandbox, home, "echo well") == "well\n"
    write_secrets(home, files)
    blanks = "".join(blank(name).decode() for name in CREDENTIAL_FILES)
    assert run(sandbox, home, f"cat {shlex.join(files)}") == (blanks if confined else "secret\n" * len(files))


def write_secrets(home: Path, names: list[str]) -> None:
    for name in names:
        (home / name).parent.mkdir(parents=True, exist_ok=True)
        (home / name).write_text("secret\n")


def test_a_place_cannot_be_moved_to_where_the_next_command_would_see_it(
    sandbox: Sandbox, home: Path, confined: bool
) -> None:
    for name in (".config/gh/hosts.yml", ".cargo/credentials.toml", ".ssh/id_rsa", ".netrc"):
        (home / name).parent.mkdir(parents=True, exist_ok=True)
        (home / name).write_text("secret\n")
    (home / ".config" / "plain").write_text("plain\n")
    run(
        sandbox,
        home,
        "mv .config a; mv .cargo b; mv .ssh c; mv .netrc d; mv .config/gh e; ln .cargo/credentials.toml f",
    )
    told = run(sandbox, home, "cat .config/plain; cat a/gh/hosts.yml b/credentials.toml c/id_rsa d e/hosts.yml f")
    assert told == "plain\n" if confined else told.count("secret\n") >= 4


def test_what_is_masked_reads_as_empty_and_is_no_error(sandbox: Sandbox, home: Path, confined: bool) -> None:
    (home / ".netrc").write_text("secret\n")
    (home / ".aws").mkdir()
    (home / ".aws" / "credentials").write_text("secret\n")
    told = run(sandbox, home, "cat .netrc && ls .aws && echo well")
    assert told == ("well\n" if confined else "secret\ncredentials\nwell\n")


def test_placeholders_go_with_the_sandbox_and_what_its_user_put_there_stays(home: Path) -> None:
    sandbox = find_sandbox("auto")
    (home / ".config").mkdir()
    run(sandbox, home, "true")
    held = sandbox.name == "bwrap"
    assert all((home / name).exists() for name in HELD) is held
    if held:
        assert (home / ".ssh").stat().st_mode & 0o777 == 0o700
        assert (home / ".netrc").stat().st_mode & 0o777 == 0o600
    (home / ".aws").mkdir(exist_ok=True)
    (home / ".aws" / "config").write_text("mine\n")
    (home / ".pypirc").write_text("mine\n")
    del sandbox
    gc.collect()
    assert sorted(path.name for path in home.iterdir()) == [".aws", ".config", ".pypirc"]
    assert list((home / ".config").iterdir()) == []


@pytest.mark.parametrize("way", ["link", "loop", "file"])
def test_nothing_is_made_where_a_link_leads_and_nothing_fails(
    sandbox: Sandbox, home: Path, tmp_path: Path, way: str
) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    if way == "file":
        (home / ".config").write_text("text")
    else:
        (home / ".config").symlink_to(outside if way == "link" else ".config")
    (home / ".ssh").symlink_to(outside / "missing")
    assert run(sandbox, home, "echo well") == "well\n"
    assert list(outside.iterdir()) == []


def test_elsewhere_nothing_is_put_into_a_home(
    sandbox: Sandbox, bench: FakeBench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = tmp_path / "home"
    home.mkdir()
    monkeypatch.setenv("HOME", str(home))
    assert run(sandbox, bench.workspace, "echo well") == "well\n"
    assert list(home.iterdir()) == []
    assert list(bench.workspace.iterdir()) == []
