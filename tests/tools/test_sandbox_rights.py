"""What a command may do in a sandbox, root's commands too: nothing that takes more rights than a plain user has."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.tools.bench import FakeBench
from trio_agent.core.errors import ConfigError
from trio_agent.tools.environment import child_environment
from trio_agent.tools.sandbox import Sandbox, find_sandbox


@pytest.fixture
def sandbox() -> Sandbox:
    sandbox = find_sandbox("auto")
    if sandbox.name == "none":
        pytest.skip("bubblewrap does not work here, and what is tried must not be tried without it")
    return sandbox


@pytest.fixture
def elsewhere() -> Iterator[Path]:
    """A directory that is neither the workspace nor in /tmp, with a `token` that is to be hidden."""
    with tempfile.TemporaryDirectory(dir="/var/tmp") as directory:
        (Path(directory) / "data").mkdir()
        (Path(directory) / "data" / "token").write_text("secret\n")
        yield Path(directory).resolve()


def run(sandbox: Sandbox, workspace: Path, script: str, *hidden: Path) -> str:
    """What `script` prints."""
    argv = sandbox.wrap(["bash", "-c", script], workspace, hidden)
    environment = child_environment(os.environ, {})
    done = subprocess.run(
        argv, cwd=workspace, env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True
    )
    return done.stdout


def test_a_command_has_no_capabilities(sandbox: Sandbox, bench: FakeBench) -> None:
    told = run(sandbox, bench.workspace, "grep -E '^Cap(Inh|Prm|Eff|Amb)|^NoNewPrivs' /proc/self/status").split()
    assert told[1::2] == ["0" * 16] * 4 + ["1"]


def test_a_command_has_a_namespace_of_users_where_the_kernel_has_them(sandbox: Sandbox, bench: FakeBench) -> None:
    """Then no capability that it could come by is one over the machine."""
    most = Path("/proc/sys/user/max_user_namespaces")
    inside = run(sandbox, bench.workspace, "readlink /proc/self/ns/user").strip()
    assert (inside != os.readlink("/proc/self/ns/user")) is (most.exists() and most.read_text() != "0\n")


def test_a_command_is_the_same_user_and_so_are_its_files(sandbox: Sandbox, bench: FakeBench) -> None:
    told = run(sandbox, bench.workspace, "id -u; id -g; touch file; mkdir folder; stat -c %u:%g file folder")
    mine = f"{os.geteuid()}:{os.getegid()}"
    assert told.split() == [str(os.geteuid()), str(os.getegid()), mine, mine]
    facts = [(bench.workspace / name).stat() for name in ("file", "folder")]
    assert {f"{each.st_uid}:{each.st_gid}" for each in facts} == {mine}


# In a user namespace of its own a process has every capability, over nothing but what is made in there.
NEW_NAMESPACES = """
import ctypes, os, sys
CLONE_NEWNS, CLONE_NEWUSER = 0x20000, 0x10000000
libc = ctypes.CDLL(None, use_errno=True)
print("apart" if libc.unshare(CLONE_NEWUSER | CLONE_NEWNS) == 0 else os.strerror(ctypes.get_errno()), file=sys.stderr)
MS_REMOUNT, MS_BIND, MNT_DETACH = 32, 4096, 2
libc.mount(b"none", b"/", None, MS_REMOUNT | MS_BIND, None)
libc.umount2(os.fsencode(sys.argv[1]) + b"/data", MNT_DETACH)
try:
    os.close(os.open(sys.argv[1] + "/made", os.O_CREAT | os.O_WRONLY))
except OSError:
    pass
try:
    print(open(sys.argv[1] + "/data/token").read())
except OSError:
    pass
"""


@pytest.mark.parametrize(
    "attack",
    [
        "umount $E/data; umount -l $E/data; cat $E/data/token",
        "mount -o remount,rw,bind / ; mount -o remount,rw,bind /var/tmp; touch $E/made",
        "unshare -Urm sh -c 'umount -l $E/data; cat $E/data/token; mount -o remount,rw,bind / ; touch $E/made'",
        f"{shlex.quote(sys.executable)} -c {shlex.quote(NEW_NAMESPACES)} $E",
    ],
)
def test_no_mount_can_be_changed_nor_lifted(sandbox: Sandbox, bench: FakeBench, elsewhere: Path, attack: str) -> None:
    hidden = elsewhere / "data"
    before = Path("/proc/self/mountinfo").read_text()
    told = run(sandbox, bench.workspace, f"export E={elsewhere}; {attack}; echo end", hidden)
    assert told == "end\n"
    assert [path.name for path in elsewhere.iterdir()] == ["data"]
    assert Path("/proc/self/mountinfo").read_text() == before


def test_no_device_can_be_made(sandbox: Sandbox, bench: FakeBench) -> None:
    told = run(sandbox, bench.workspace, "for at in . /tmp /dev; do mknod $at/node b 7 0 && echo made; done; echo end")
    assert told == "end\n"
    assert list(bench.workspace.iterdir()) == []


def test_the_kernels_settings_cannot_be_opened_for_writing(sandbox: Sandbox, bench: FakeBench) -> None:
    """Root's id alone opens them, without a capability; and what `core_pattern` names is run outside."""
    names = ("/proc/sys/kernel/core_pattern", "/proc/sys/vm/drop_caches", "/proc/sysrq-trigger", "/proc/acpi/wakeup")
    told = run(sandbox, bench.workspace, "".join(f"(: >>{name}) && echo {name}; " for name in names) + "echo end")
    assert told == "end\n"
    assert run(sandbox, bench.workspace, "cat /proc/sys/kernel/ostype") == "Linux\n"


def test_an_archive_of_somebody_elses_files_can_be_unpacked(sandbox: Sandbox, bench: FakeBench) -> None:
    """As root, tar gives files the owner that the archive names: without capabilities it could not, and fail."""
    (bench.workspace / "file").write_text("text\n")
    with tarfile.open(bench.workspace / "archive.tar", "w") as archive:
        facts = archive.gettarinfo(bench.workspace / "file", "unpacked")
        facts.uid = facts.gid = 1234
        facts.uname = facts.gname = ""
        with (bench.workspace / "file").open("rb") as file:
            archive.addfile(facts, file)
    assert run(sandbox, bench.workspace, "tar xf archive.tar && cat unpacked") == "text\n"


@pytest.mark.parametrize("capabilities", ["000001ffffffffff", "0000000000000001", ""])
def test_a_bubblewrap_that_leaves_capabilities_is_refused(tmp_path: Path, capabilities: str) -> None:
    broken = tmp_path / "bwrap"
    broken.write_text(f"#!/bin/sh\necho 'CapEff:\t{capabilities}'\n")
    broken.chmod(0o755)
    assert find_sandbox("auto", str(broken)).name == "none"
    with pytest.raises(ConfigError, match="capabilities"):
        find_sandbox("bwrap", str(broken))
    with pytest.raises(ConfigError, match="capabilities"):
        find_sandbox("auto", str(broken), network=False)


def test_a_bubblewrap_that_does_not_know_how_to_take_capabilities_away_is_refused(tmp_path: Path) -> None:
    old = tmp_path / "bwrap"
    old.write_text(
        '#!/bin/sh\nfor word; do case $word in --cap-drop) echo "Unknown option $word" >&2; exit 1;; esac; done\n'
    )
    old.chmod(0o755)
    assert find_sandbox("auto", str(old)).name == "none"
    with pytest.raises(ConfigError, match="Unknown option --cap-drop"):
        find_sandbox("bwrap", str(old))
