"""What stands over what must not be seen in a sandbox, in the words of bubblewrap.

What is not there yet needs a mask as well, inside a workspace at least: elsewhere nothing can be written, but there a command
could make `.ssh/config`, and would see what its user puts into `.aws` while it runs. bubblewrap mounts only over what exists.
So where a common place of credentials is missing in the workspace, an empty one is put there until the program ends. And a
mask holds only as long as its path does: the directories on the way to it are mounts too, which cannot be renamed.

One hole is left: a masked file that its user replaces by another (`rename`) is seen by commands that run already, for the
kernel takes the mask away with what it covered. The next command has it masked again.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable, Mapping
from pathlib import Path

from trio_agent.core.errors import ToolError
from trio_agent.tools.credentials import BLANKS, HELD, HELD_FOLDERS, blank
from trio_agent.tools.paths import directory_inside, resolve_inside

SOCKETS = (
    *("/var/lib/incus", "/var/lib/lxd", "/var/snap/lxd/common/lxd", "/var/lib/libvirt", "/var/lib/kubelet"),
    *("/var/lib/rancher", "/var/lib/mysql", "~/.screen", "~/.emacs.d/server"),
)
"""Folders with sockets, elsewhere than in /run: one on a read-only file system can still be spoken to, and whoever speaks to
docker's is root, to a terminal multiplexer's is the user outside of the sandbox.
"""

RUN_SEEN = ("systemd/resolve", "nscd", "current-system", "opengl-driver", "opengl-driver-32", "media")
"""All that is shown of /run: what looks names up, NixOS's programs and drivers, disks that were plugged in. A list of what to
hide would miss the socket of the next daemon.
"""

ETC_LINKS = ("resolv.conf", "hosts", "localtime")
"""Files of /etc that on many a machine are links into /run."""


def named_sockets(environment: Mapping[str, str], home: Path) -> list[Path]:
    """Sockets, and folders of them, that `environment` says are outside of the usual places. They need not exist."""
    words = [value.removeprefix("unix:path=").removeprefix("unix://").split(",")[0] for value in environment.values()]
    places = [Path(word) for word in words if word.startswith("/") and _is_socket(word)]
    places += [Path(environment.get(name, "")) for name in ("SCREENDIR", "XDG_RUNTIME_DIR")]
    places += [Path(environment.get("TMUX_TMPDIR", "")) / f"tmux-{os.getuid()}"]
    # A private /tmp is there anyway, and what everything lies in would hide all.
    private = (Path("/tmp"), Path("/dev"))
    return [
        each
        for each in places
        if each.is_absolute() and not any(map(each.is_relative_to, private)) and not home.is_relative_to(each)
    ]


def _is_socket(word: str) -> bool:
    try:
        return stat.S_ISSOCK(os.stat(word).st_mode)
    except OSError:
        return False


def bare_run(folders: Iterable[Path], etc: Path) -> list[str]:
    """What leaves nothing of `folders`, /run by all its resolved names, but RUN_SEEN and what the links of `etc` lead to."""
    line: list[str] = []
    for run in folders:
        seen = {run / name: (run / name).resolve() for name in RUN_SEEN if os.path.isdir(run / name)}
        for link in (etc / name for name in ETC_LINKS):
            real = Path(os.path.realpath(link))
            if link.is_symlink() and real.is_file():
                # The first step too: it may be a link in /run, to another of /run.
                step = Path(os.path.realpath(link.parent / link.readlink().parent)) / link.readlink().name
                seen |= {path: real for path in (step, real) if path.is_relative_to(run) and not _within(path, seen)}
        line += ["--tmpfs", str(run)]
        line += [word for path, real in seen.items() for word in ("--ro-bind", str(real), str(path))]
    return line


def _within(path: Path, places: Iterable[Path]) -> bool:
    return any(path.is_relative_to(place) for place in places)


class Blanks:
    """Files in the directory `folder`, which is ours, that stand over hidden ones."""

    def __init__(self, folder: Path) -> None:
        self._files: dict[bytes, Path] = {}
        for content in (b"", *BLANKS.values()):
            path = folder / f"blank-{len(self._files)}"
            path.write_bytes(content)
            path.chmod(0o444)
            self._files[content] = path

    def over(self, path: Path) -> Path:
        """The one that stands over `path`."""
        return self._files[blank(path.name)]


def masked(paths: Iterable[Path], blanks: Blanks) -> list[str]:
    """What covers `paths`, which exist: directories by empty ones, all else by one of `blanks`."""
    line: list[str] = []
    for path in paths:
        line += ["--tmpfs", str(path)] if path.is_dir() else ["--ro-bind", str(blanks.over(path)), str(path)]
    return line


def pinned(paths: Iterable[Path], workspace: Path) -> list[str]:
    """What keeps the directories between `workspace` and `paths`, which are in it, where they are. Comes before the masks."""
    between = {parent for path in paths for parent in path.relative_to(workspace).parents if parent != Path()}
    line: list[str] = []
    for parent in sorted(between, key=lambda parent: len(parent.parts)):
        line += ["--bind", str(workspace / parent), str(workspace / parent)]
    return line


class Placeholders:
    """Empty places of credentials, where a workspace lacks them."""

    def __init__(self) -> None:
        self._made: dict[Path, None] = {}

    def make(self, workspace: Path, home: Path) -> None:
        """Put an empty one wherever a known place is inside `workspace` and missing. What bars the way is left as it is."""
        for name in HELD:
            if (place := home / name).is_relative_to(workspace) and place != workspace and not place.exists():
                try:
                    self._put(workspace, place, is_folder=name in HELD_FOLDERS)
                except (ToolError, OSError):
                    continue  # a link to elsewhere, a file for a directory, a read-only disk: nothing can be there

    def _put(self, workspace: Path, place: Path, *, is_folder: bool) -> None:
        # Whatever runs in the workspace must not lead us out of it by a link.
        relative = resolve_inside(workspace, str(place))
        missing = [parent for parent in relative.parents if not (workspace / parent).exists()]
        with directory_inside(workspace, relative.parent, create=True) as parent:
            self._made.update(dict.fromkeys(workspace / each for each in reversed(missing)))
            if is_folder:
                os.mkdir(relative.name, 0o700, dir_fd=parent)
            else:
                flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
                with open(os.open(relative.name, flags, 0o600, dir_fd=parent), "wb") as file:
                    file.write(blank(relative.name))
        self._made[workspace / relative] = None

    def remove(self) -> None:
        """Take away those that are as they were made. For when nothing runs any more that must not see what is put there."""
        for path in reversed(self._made):
            try:
                if path.is_dir():
                    path.rmdir()
                elif path.is_file() and _holds(path, blank(path.name)):
                    path.unlink()
            except OSError:
                continue  # its user has put something there, and keeps it
        self._made.clear()


def _holds(path: Path, content: bytes) -> bool:
    return path.stat().st_size == len(content) and path.read_bytes() == content
