"""What stands between a command and the user's machine: bubblewrap where it works, or nothing.

Not a boundary against flaws of the kernel. What it does: only the workspace and a private /tmp can be written, credentials and
this program's own data cannot be read, no socket in /run can be spoken to, no other process can be seen, and the network can
be left out: then there is nothing but a loopback interface of its own. It holds for root too, who keeps the name and loses the
capabilities.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
import tempfile
import weakref
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Literal, Protocol, assert_never

from trio_agent.core.errors import ConfigError
from trio_agent.tools.borrowed_objects import borrowed_objects
from trio_agent.tools.credentials import CREDENTIALS
from trio_agent.tools.masks import SOCKETS, Blanks, Placeholders, bare_run, masked, named_sockets, pinned
from trio_agent.tools.worker import program_places

SandboxChoice = Literal["auto", "bwrap", "none"]

PROBE_TIMEOUT_S = 10.0

KERNEL_SETTINGS = ("/proc/sys", "/proc/acpi", "/proc/driver", "/proc/fs", "/proc/scsi")
"""Their files open for writing to root's mere id, and some to whole machines' harm: what `core_pattern` names is run outside.
bubblewrap itself covers what else is dangerous in its /proc.
"""


class Sandbox(Protocol):
    """Turns the command line of a program into one that runs it confined."""

    @property
    def name(self) -> str:
        """As State says it: `bwrap` or `none`."""
        ...

    def wrap(self, argv: Sequence[str], workspace: Path, hidden: Sequence[Path]) -> list[str]:
        """The command line that runs `argv` in `workspace`, without sight of `hidden` (but for the workspace).

        Looks at the disk: callers run it in a thread. What stands in the workspace cannot make it fail or wait.
        """
        ...


def find_sandbox(choice: SandboxChoice, bwrap: str = "bwrap", *, network: bool = True) -> Sandbox:
    """The sandbox of the user's choice; `auto` is bubblewrap where it works, else none. `bwrap` is its program.

    Starts a sandbox once to see that it works. Raises ConfigError where it does not, and bubblewrap was asked for by name, or
    that there be no network.
    """
    match choice:
        case "none":
            if not network:
                raise ConfigError("--sandbox-net off needs the sandbox bwrap; leave out --sandbox none")
            return NoSandbox()
        case "auto" | "bwrap":
            sandbox = Bubblewrap(bwrap, network=network)
            problem = _problem(sandbox)
            if not problem:
                return sandbox
            if choice == "auto" and network:
                return NoSandbox()
            if choice == "auto":
                raise ConfigError(f"--sandbox-net off needs the sandbox bwrap, which does not work here: {problem}")
            raise ConfigError(f"the sandbox bwrap does not work here: {problem}. Mend it, or choose --sandbox none")
        case _:
            assert_never(choice)


def _problem(sandbox: Sandbox) -> str:
    with tempfile.TemporaryDirectory(prefix="trio-agent-probe-") as directory:
        argv = sandbox.wrap(["cat", "/proc/self/status"], Path(directory).resolve(), ())
        try:
            done = subprocess.run(argv, stdin=subprocess.DEVNULL, capture_output=True, timeout=PROBE_TIMEOUT_S)
        except (OSError, subprocess.TimeoutExpired) as exc:
            return str(exc)
    if said := done.stderr.decode("utf-8", "replace").strip():
        return said
    if done.returncode:
        return f"status {done.returncode}"
    # Whoever keeps them can lift every mask and make the whole disk writable.
    effective = re.search(rb"^CapEff:\s*([0-9a-f]+)$", done.stdout, re.MULTILINE)
    return "" if effective and int(effective[1], 16) == 0 else "it leaves capabilities to what runs in it"


class NoSandbox:
    """Programs run as the user, with all the user's rights."""

    name = "none"

    def wrap(self, argv: Sequence[str], workspace: Path, hidden: Sequence[Path]) -> list[str]:
        return list(argv)


class Bubblewrap:
    """bubblewrap. Keeps a /tmp for each workspace, the same from one command to the next, until the program ends."""

    name = "bwrap"

    def __init__(self, program: str, *, network: bool = True) -> None:
        self._network = network
        self._program = shutil.which(program) or program
        # Outside every workspace: from within, the directory itself could be replaced by a link to somewhere else.
        self._scratch = Path(tempfile.mkdtemp(prefix="trio-agent-sandbox-")).resolve()
        weakref.finalize(self, shutil.rmtree, self._scratch, ignore_errors=True)
        # Not /dev/null: in a sandbox no device of ours can be opened, and "permission denied" is an error to many a program.
        self._blanks = Blanks(self._scratch)
        self._placeholders = Placeholders()
        weakref.finalize(self, self._placeholders.remove)

    def wrap(self, argv: Sequence[str], workspace: Path, hidden: Sequence[Path]) -> list[str]:
        home = Path.home()
        self._placeholders.make(workspace, home.resolve())
        # Not Path.exists: what may not be looked at, where our environment points, is an error to it, and none to a mask.
        sockets = (*(Path(name).expanduser() for name in SOCKETS), *named_sockets(os.environ, home.resolve()))
        places = (*hidden, *(home / name for name in CREDENTIALS), *sockets)
        real = list(dict.fromkeys(path.resolve() for path in places if os.path.exists(path)))
        inside = [path for path in real if path.is_relative_to(workspace) and path != workspace]
        line = [self._program, "--ro-bind", "/", "/", "--dev", "/dev", "--proc", "/proc"]
        line += [word for path in KERNEL_SETTINGS for word in ("--ro-bind-try", path, path)]
        line += ["--bind", str(self._private_tmp(workspace)), "/tmp"]
        runs = dict.fromkeys(Path(name).resolve() for name in ("/run", "/var/run") if Path(name).is_dir())
        line += bare_run((each for each in runs if not each.is_relative_to(workspace)), Path("/etc"))
        replaced = (Path("/tmp"), *runs)
        line += _seen(path for path in program_places() if any(map(path.is_relative_to, replaced)))
        # Order is meaning: a later mount covers an earlier one. What is hidden around the workspace comes before it.
        line += masked((path for path in real if path not in inside), self._blanks)
        line += _seen(borrowed_objects(workspace, Path("/tmp"), real))
        line += ["--bind", str(workspace), str(workspace)]
        line += bare_run((each for each in runs if each.is_relative_to(workspace)), Path("/etc"))
        line += [*pinned(inside, workspace), *masked(inside, self._blanks)]
        line += [] if self._network else ["--unshare-net"]
        # The namespace of users is for root: what capabilities there may ever be are over nothing outside. A plain user's
        # bubblewrap makes one anyway, and root can do without one where the kernel has none.
        line += ["--cap-drop", "ALL", "--unshare-user-try"]
        line += ["--unshare-pid", "--unshare-ipc", "--unshare-uts", "--die-with-parent", "--new-session"]
        # As root, tar would give files the owner that an archive names, and fail.
        line += ["--setenv", "TAR_OPTIONS", "--no-same-owner"] if os.geteuid() == 0 else []
        # The home is read-only: caches go where they can be written.
        line += ["--setenv", "TMPDIR", "/tmp", "--setenv", "XDG_CACHE_HOME", "/tmp/.cache"]
        line += ["--setenv", "npm_config_cache", "/tmp/.npm", "--chdir", str(workspace), "--"]
        return [*line, *argv]

    def _private_tmp(self, workspace: Path) -> Path:
        directory = self._scratch / hashlib.sha256(os.fsencode(workspace)).hexdigest()[:16]
        directory.mkdir(mode=0o700, exist_ok=True)
        return directory


def _seen(paths: Iterable[Path]) -> list[str]:
    """What shows `paths`, to be read only."""
    return [word for path in paths for word in ("--ro-bind", str(path), str(path))]
