"""Every test holds where bubblewrap works and where it does not: what is confined is asserted to be so exactly where it is."""

from __future__ import annotations

import os
import select
import shlex
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.tools.bench import FakeBench, running
from trio_agent.core.errors import ConfigError
from trio_agent.tools.environment import child_environment
from trio_agent.tools.sandbox import NoSandbox, Sandbox, find_sandbox
from trio_agent.tools.worker import worker_line

NO_BWRAP = "/nowhere/bwrap"
DEATH_S = 20.0


@pytest.fixture(params=["auto", "none"])
def sandbox(request: pytest.FixtureRequest) -> Sandbox:
    return find_sandbox(request.param)


@pytest.fixture
def confined(sandbox: Sandbox) -> bool:
    return sandbox.name == "bwrap"


@pytest.fixture
def elsewhere() -> Iterator[Path]:
    """A directory that is neither the workspace nor in /tmp, which a sandbox replaces."""
    with tempfile.TemporaryDirectory(dir="/var/tmp") as directory:
        yield Path(directory).resolve()


def run(sandbox: Sandbox, workspace: Path, script: str, *hidden: Path) -> str:
    """What `script` prints."""
    argv = sandbox.wrap(["bash", "-c", script], workspace, hidden)
    environment = child_environment(os.environ, {})
    done = subprocess.run(
        argv, cwd=workspace, env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True
    )
    return done.stdout


def test_none_is_none() -> None:
    sandbox = find_sandbox("none")
    assert sandbox.name == "none"
    assert sandbox.wrap(["ls", "-l"], Path("/w"), [Path("/h")]) == ["ls", "-l"]


def test_without_bubblewrap_auto_is_none_and_bwrap_is_refused() -> None:
    assert isinstance(find_sandbox("auto", NO_BWRAP), NoSandbox)
    with pytest.raises(ConfigError, match="--sandbox none"):
        find_sandbox("bwrap", NO_BWRAP)


def test_a_bubblewrap_that_fails_is_refused_with_its_own_words(tmp_path: Path) -> None:
    broken = tmp_path / "bwrap"
    broken.write_text("#!/bin/sh\necho no user namespaces here >&2\nexit 1\n")
    broken.chmod(0o755)
    assert find_sandbox("auto", str(broken)).name == "none"
    with pytest.raises(ConfigError, match="no user namespaces here"):
        find_sandbox("bwrap", str(broken))


def test_the_workspace_can_be_read_and_written(sandbox: Sandbox, bench: FakeBench) -> None:
    assert run(sandbox, bench.workspace, "pwd; echo text > file; cat file") == f"{bench.workspace}\ntext\n"
    assert (bench.workspace / "file").read_text() == "text\n"


def test_nothing_else_can_be_written(sandbox: Sandbox, bench: FakeBench, elsewhere: Path, confined: bool) -> None:
    run(sandbox, bench.workspace, f"touch {elsewhere}/file")
    assert (elsewhere / "file").exists() is not confined


def test_what_is_hidden_cannot_be_read(sandbox: Sandbox, bench: FakeBench, elsewhere: Path, confined: bool) -> None:
    (elsewhere / "token").write_text("secret\n")
    (elsewhere / "data").mkdir()
    (elsewhere / "data" / "agent.db").write_text("secret\n")
    script = f"cat {elsewhere}/token {elsewhere}/data/agent.db"
    told = run(sandbox, bench.workspace, script, elsewhere / "token", elsewhere / "data", elsewhere / "missing")
    assert told == ("" if confined else "secret\nsecret\n")


def test_a_workspace_inside_what_is_hidden_is_seen_and_its_neighbours_are_not(
    sandbox: Sandbox, elsewhere: Path, confined: bool
) -> None:
    mine, other = elsewhere / "workspaces" / "mine", elsewhere / "workspaces" / "other"
    for workspace in (mine, other):
        workspace.mkdir(parents=True)
        (workspace / "file").write_text(f"{workspace.name}\n")
    told = run(sandbox, mine, f"cat {mine}/file {other}/file; touch made", elsewhere)
    assert told == ("mine\n" if confined else "mine\nother\n")
    assert (mine / "made").exists()


def test_what_is_hidden_inside_the_workspace_stays_hidden(sandbox: Sandbox, bench: FakeBench, confined: bool) -> None:
    (bench.workspace / "secret").write_text("secret\n")
    told = run(sandbox, bench.workspace, "cat secret", bench.workspace / "secret")
    assert told == ("" if confined else "secret\n")


def test_a_link_to_what_is_hidden_hides_what_it_leads_to(
    sandbox: Sandbox, bench: FakeBench, elsewhere: Path, confined: bool
) -> None:
    (elsewhere / "real").write_text("secret\n")
    (elsewhere / "link").symlink_to("real")
    told = run(sandbox, bench.workspace, f"cat {elsewhere}/real", elsewhere / "link")
    assert told == ("" if confined else "secret\n")


def test_tmp_is_private_and_lasts_from_one_command_to_the_next(
    sandbox: Sandbox, bench: FakeBench, tmp_path: Path, nap: str, confined: bool
) -> None:
    mark = Path(f"/tmp/mark-{nap}")
    try:
        run(sandbox, bench.workspace, f"echo kept > {mark}")
        assert mark.exists() is not confined
        assert run(sandbox, bench.workspace, f"cat {mark}") == "kept\n"
        other = tmp_path / "other"
        other.mkdir()
        assert run(sandbox, other, f"cat {mark}") == ("" if confined else "kept\n")
    finally:
        mark.unlink(missing_ok=True)


def test_the_environment_we_run_in_can_be_used_also_from_tmp_and_no_neighbour_of_it(
    sandbox: Sandbox, bench: FakeBench, confined: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    with tempfile.TemporaryDirectory(dir="/tmp") as directory:
        environment = Path(directory) / "venv"
        subprocess.run([sys.executable, "-m", "venv", "--without-pip", environment], check=True)
        (Path(directory) / "neighbour").write_text("seen\n")
        monkeypatch.setattr(sys, "prefix", str(environment))
        monkeypatch.setattr(sys, "executable", str(environment / "bin" / "python"))
        line = shlex.join(worker_line("trio_agent.tools.no_such_module", ""))
        told = run(sandbox, bench.workspace, f"{line} 2>&1; touch {environment}/made; cat {directory}/neighbour")
        assert "No module named trio_agent.tools.no_such_module" in told
        assert (environment / "made").exists() is not confined
        assert told.endswith("seen\n") is not confined


def test_caches_go_where_they_can_be_written(sandbox: Sandbox, bench: FakeBench, confined: bool) -> None:
    told = run(sandbox, bench.workspace, 'mkdir -p "$XDG_CACHE_HOME/x" && echo "$XDG_CACHE_HOME"')
    assert told == "/tmp/.cache\n" or not confined


def test_no_process_outside_is_seen(sandbox: Sandbox, bench: FakeBench, confined: bool) -> None:
    told = run(sandbox, bench.workspace, f"test -d /proc/{os.getpid()}/fd && ls -d /proc/[0-9]* | wc -l || echo unseen")
    count = run(sandbox, bench.workspace, "ls -d /proc/[0-9]* | wc -l")
    assert (told.strip() == "unseen" or int(count) < 10) is confined


def test_objects_that_a_clone_borrows_can_be_read_also_from_tmp(
    sandbox: Sandbox, bench: FakeBench, tmp_path: Path
) -> None:
    origin = tmp_path / "origin"
    git = ["git", "-c", "user.name=A", "-c", "user.email=a@example.org"]
    subprocess.run(["git", "init", "-q", origin], check=True)
    (origin / "file").write_text("text\n")
    subprocess.run([*git, "-C", origin, "add", "file"], check=True)
    subprocess.run([*git, "-C", origin, "commit", "-qm", "first"], check=True)
    subprocess.run([*git, "clone", "-q", "--shared", origin, bench.workspace], check=True)
    assert (bench.workspace / ".git/objects/info/alternates").exists()
    assert run(sandbox, bench.workspace, "git show HEAD:file") == "text\n"
    # And in no way written.
    assert (
        sandbox.name == "none" or run(sandbox, bench.workspace, f"touch {origin}/.git/objects/x || echo no") == "no\n"
    )


def test_a_list_of_borrowed_objects_opens_nothing_that_is_hidden(
    sandbox: Sandbox, bench: FakeBench, tmp_path: Path, confined: bool
) -> None:
    secret = tmp_path / "data" / "objects"
    (secret / "pack").mkdir(parents=True)
    plain = tmp_path / "plain" / "objects"
    plain.mkdir(parents=True)
    for directory in (secret, plain):
        (directory / "file").write_text("secret\n")
    info = bench.workspace / ".git/objects/info"
    info.mkdir(parents=True)
    (info / "alternates").write_text(f"{secret}\n{plain}\n")
    told = run(sandbox, bench.workspace, f"cat {secret}/file {plain}/file", tmp_path / "data")
    assert told == ("" if confined else "secret\nsecret\n")


def test_what_runs_in_a_sandbox_dies_with_us(sandbox: Sandbox, bench: FakeBench, nap: str, confined: bool) -> None:
    argv = sandbox.wrap(["sleep", nap], bench.workspace, ())
    # A stand-in for this program, ended as no handler can see.
    parent = subprocess.Popen([sys.executable, "-c", "import subprocess, sys; subprocess.run(sys.argv[1:])", *argv])
    try:
        while not (sleepers := [pid for pid in running(nap) if _command(pid) == ["sleep", nap]]):
            assert parent.poll() is None
        sleeper = os.pidfd_open(sleepers[0])
        parent.kill()
        parent.wait()
        died = bool(select.select([sleeper], [], [], DEATH_S if confined else 0)[0])
        os.close(sleeper)
        assert died is confined
    finally:
        for pid in running(nap):
            os.kill(pid, signal.SIGKILL)


def _command(pid: int) -> list[str]:
    try:
        return Path(f"/proc/{pid}/cmdline").read_text().split("\0")[:-1]
    except OSError:
        return []


def test_the_private_tmp_goes_with_the_sandbox(bench: FakeBench) -> None:
    sandbox = find_sandbox("auto")
    argv = sandbox.wrap(["true"], bench.workspace, ())
    kept = [Path(argument) for argument in argv if "trio-agent-sandbox-" in argument]
    assert all(path.exists() for path in kept)
    assert bool(kept) is (sandbox.name == "bwrap")
    del sandbox
    assert not any(directory.exists() for directory in kept)


NETWORK = "exec 3<>/dev/tcp/127.0.0.1/$PORT && echo reached"


@pytest.mark.parametrize("network", [True, False])
def test_without_network_nothing_outside_is_reached_and_loopback_works(bench: FakeBench, network: bool) -> None:
    if not network and find_sandbox("auto").name == "none":
        with pytest.raises(ConfigError, match="--sandbox-net off"):
            find_sandbox("auto", network=False)
        return
    sandbox = find_sandbox("auto", network=network)
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        told = run(sandbox, bench.workspace, NETWORK.replace("$PORT", str(port)))
        assert (told == "reached\n") is network
        names = run(sandbox, bench.workspace, "cut -d: -f1 -s /proc/net/dev").split()
        assert network or names == ["lo"]
        inside = f"perl -MIO::Socket::INET -e '{LOOPBACK}'"
        assert run(sandbox, bench.workspace, inside) == "met"


LOOPBACK = """
my $server = IO::Socket::INET->new(LocalAddr => "127.0.0.1", Listen => 1) or die;
my $client = IO::Socket::INET->new(PeerAddr => "127.0.0.1", PeerPort => $server->sockport) or die;
print "met" if $server->accept;
"""


def test_no_network_is_refused_where_it_cannot_be_left_out() -> None:
    with pytest.raises(ConfigError, match="leave out --sandbox none"):
        find_sandbox("none", network=False)
    for choice in ("auto", "bwrap"):
        with pytest.raises(ConfigError, match="bwrap"):
            find_sandbox(choice, NO_BWRAP, network=False)
