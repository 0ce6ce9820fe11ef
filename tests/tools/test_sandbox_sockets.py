"""Sockets of programs that would act for a command outside of its sandbox: not to be reached. What it needs of /run stays."""

from __future__ import annotations

import os
import shlex
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest

from tests.tools.bench import FakeBench
from trio_agent.tools.environment import child_environment
from trio_agent.tools.masks import RUN_SEEN, bare_run
from trio_agent.tools.sandbox import Sandbox, find_sandbox

SPEAK = """
my $socket = IO::Socket::UNIX->new(Peer => $ARGV[0]) or exit 1;
print "reached";
"""

SPEAK_ABSTRACT = SPEAK.replace("$ARGV[0]", r'"\0$ARGV[0]"')


@pytest.fixture(params=["auto", "none"])
def sandbox(request: pytest.FixtureRequest) -> Sandbox:
    return find_sandbox(request.param)


@pytest.fixture
def confined(sandbox: Sandbox) -> bool:
    return sandbox.name == "bwrap"


@pytest.fixture
def elsewhere() -> Iterator[Path]:
    """A directory that is neither the workspace nor in /tmp nor in /run."""
    with tempfile.TemporaryDirectory(dir="/var/tmp") as directory:
        yield Path(directory).resolve()


def run(sandbox: Sandbox, workspace: Path, script: str) -> str:
    """What `script` prints."""
    argv = sandbox.wrap(["bash", "-c", script], workspace, ())
    environment = child_environment(os.environ, {})
    done = subprocess.run(
        argv, cwd=workspace, env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True
    )
    return done.stdout


def reached(sandbox: Sandbox, workspace: Path, place: Path) -> bool:
    """Whether a command can speak to a socket at `place`, which is made for it."""
    place.parent.mkdir(parents=True, exist_ok=True)
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(place))
        server.listen()
        try:
            return run(sandbox, workspace, f"perl -MIO::Socket::UNIX -e '{SPEAK}' {shlex.quote(str(place))}") != ""
        finally:
            place.unlink()


def writable_in_run() -> list[Path]:
    places = (Path("/run"), Path("/run/user") / str(os.geteuid()), Path("/run/lock"))
    return [path.resolve() for path in places if os.access(path, os.W_OK)]


def test_a_socket_where_nothing_is_hidden_is_reached(sandbox: Sandbox, bench: FakeBench, elsewhere: Path) -> None:
    assert reached(sandbox, bench.workspace, elsewhere / "socket")


def test_no_socket_in_run_is_reached(sandbox: Sandbox, bench: FakeBench, confined: bool) -> None:
    line = sandbox.wrap(["true"], bench.workspace, ())
    assert (("--tmpfs", str(Path("/run").resolve())) in pairwise(line)) is confined
    # And really, wherever this user can make one.
    for folder in writable_in_run():
        with tempfile.TemporaryDirectory(dir=folder, prefix="trio-agent-test-") as directory:
            assert reached(sandbox, bench.workspace, Path(directory) / "S.root" / "1.session") is not confined


@pytest.mark.parametrize(
    ("variable", "value", "name"),
    [
        ("TMUX", "{0}/tmux/default,123,0", "tmux/default"),
        ("SSH_AUTH_SOCK", "{0}/agent", "agent"),
        ("DOCKER_HOST", "unix://{0}/docker.sock", "docker.sock"),
        ("DBUS_SESSION_BUS_ADDRESS", "unix:path={0}/bus,guid=0f", "bus"),
        ("SCREENDIR", "{0}/screens", "screens/1.session"),
        ("TMUX_TMPDIR", "{0}/t", f"t/tmux-{os.getuid()}/default"),
        ("XDG_RUNTIME_DIR", "{0}/runtime", "runtime/any/socket"),
        ("HOME", "{0}", ".screen/1.session"),
        ("HOME", "{0}", ".emacs.d/server/server"),
    ],
)
def test_a_socket_that_our_environment_leads_to_is_not_reached(
    sandbox: Sandbox,
    bench: FakeBench,
    elsewhere: Path,
    confined: bool,
    monkeypatch: pytest.MonkeyPatch,
    variable: str,
    value: str,
    name: str,
) -> None:
    monkeypatch.setenv(variable, value.format(elsewhere))
    assert reached(sandbox, bench.workspace, elsewhere / name) is not confined


@pytest.mark.parametrize("runtime", ["/", "/tmp", "/dev", "relative", "{home}", "", "/" + "x" * 5000])
def test_a_variable_that_names_too_much_or_nothing_hides_nothing(
    sandbox: Sandbox, bench: FakeBench, nap: str, monkeypatch: pytest.MonkeyPatch, runtime: str
) -> None:
    for variable in ("XDG_RUNTIME_DIR", "SCREENDIR", "SSH_AUTH_SOCK"):
        monkeypatch.setenv(variable, runtime.format(home=Path.home()))
    mark = f"/tmp/mark-{nap}"
    try:
        assert run(sandbox, bench.workspace, f"ls -d /usr; test -c /dev/null && echo kept > {mark}") == "/usr\n"
        assert run(sandbox, bench.workspace, f"cat {mark}") == "kept\n"
    finally:
        Path(mark).unlink(missing_ok=True)


@pytest.mark.parametrize("network", [True, False])
def test_an_abstract_socket_is_reached_only_with_the_network(bench: FakeBench, network: bool) -> None:
    if not network and find_sandbox("auto").name == "none":
        return  # refused, as tests/tools/test_sandbox.py shows
    sandbox = find_sandbox("auto", network=network)
    with socket.socket(socket.AF_UNIX) as server:
        server.bind("")  # the kernel chooses a name
        server.listen()
        name = server.getsockname()[1:].decode()
        told = run(sandbox, bench.workspace, f"perl -MIO::Socket::UNIX -e '{SPEAK_ABSTRACT}' {name}")
        assert (told == "reached") is network


def test_names_are_looked_up_as_outside(sandbox: Sandbox, bench: FakeBench) -> None:
    script = "cat /etc/resolv.conf /etc/hosts; getent hosts localhost; getent passwd 0; date +%Z"
    outside = subprocess.run(
        ["bash", "-c", script], env=child_environment(os.environ, {}), capture_output=True, text=True, check=True
    )
    assert run(sandbox, bench.workspace, script) == outside.stdout


def test_a_workspace_in_run_is_seen_and_its_neighbours_are_not(sandbox: Sandbox, confined: bool) -> None:
    for folder in writable_in_run():
        with tempfile.TemporaryDirectory(dir=folder, prefix="trio-agent-test-") as directory:
            workspace, other = Path(directory) / "mine", Path(directory) / "other"
            for path in (workspace, other):
                path.mkdir()
                (path / "file").write_text(f"{path.name}\n")
            told = run(sandbox, workspace, f"cat file {other}/file; echo made > made")
            assert told == ("mine\n" if confined else "mine\nother\n")
            assert (workspace / "made").read_text() == "made\n"


def test_nor_is_one_by_a_workspace_that_has_run_in_it(sandbox: Sandbox, confined: bool) -> None:
    line = sandbox.wrap(["true"], Path("/"), ())
    pairs = list(pairwise(line))
    run_folder = ("--tmpfs", str(Path("/run").resolve()))
    assert (run_folder in pairs and pairs.index(run_folder) > pairs.index(("--bind", "/"))) is confined


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A machine's `etc` and `run`."""
    for name in ("etc", "run/systemd/resolve", "run/systemd/private", "run/NetworkManager", "run/nscd", "run/screen"):
        (tmp_path / name).mkdir(parents=True)
    for name in ("run/systemd/resolve/stub-resolv.conf", "run/NetworkManager/resolv.conf", "run/hosts"):
        (tmp_path / name).write_text(name)
    return tmp_path.resolve()


def shown(root: Path) -> dict[str, str]:
    """What is bound into the empty `run`, by where."""
    line = bare_run([root / "run"], root / "etc")
    assert line[:2] == ["--tmpfs", str(root / "run")]
    assert set(line[2::3]) <= {"--ro-bind"}
    pairs = zip(line[3::3], line[4::3], strict=True)
    return {str(Path(to).relative_to(root)): str(Path(of).relative_to(root)) for of, to in pairs}


def test_of_run_only_what_is_on_the_list_is_shown(root: Path) -> None:
    (root / "nix").mkdir()
    (root / "run/current-system").symlink_to(root / "nix")
    (root / "run/media").symlink_to("missing")
    assert shown(root) == {
        "run/systemd/resolve": "run/systemd/resolve",
        "run/nscd": "run/nscd",
        "run/current-system": "nix",
    }
    assert {Path(name).parts[0] for name in RUN_SEEN}.isdisjoint({"user", "screen", "tmux", "dbus", "lxd"})


def test_what_a_link_of_etc_leads_to_is_shown_alone(root: Path) -> None:
    (root / "etc/resolv.conf").symlink_to("../run/NetworkManager/resolv.conf")
    (root / "etc/hosts").symlink_to(root / "run/linked")
    (root / "run/linked").symlink_to("hosts")
    (root / "etc/localtime").symlink_to("../run/systemd/private")
    told = shown(root)
    assert told["run/NetworkManager/resolv.conf"] == "run/NetworkManager/resolv.conf"
    assert told["run/linked"] == "run/hosts"
    assert "run/NetworkManager" not in told
    assert "run/systemd/private" not in told


def test_what_is_shown_already_needs_no_second_mount(root: Path) -> None:
    (root / "etc/resolv.conf").symlink_to("../run/systemd/resolve/stub-resolv.conf")
    assert set(shown(root)) == {"run/systemd/resolve", "run/nscd"}


@pytest.mark.parametrize("target", ["resolv.conf", "../run/missing", "plain"])
def test_a_link_that_leads_to_nothing_in_run_shows_nothing(root: Path, target: str) -> None:
    (root / "etc/plain").write_text("plain")
    (root / "etc/resolv.conf").symlink_to(target)
    assert set(shown(root)) == {"run/systemd/resolve", "run/nscd"}
