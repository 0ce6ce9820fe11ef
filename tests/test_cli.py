"""The command line by itself: what is imported, what goes where, what is told."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.logging_state import restored_logging
from trio_agent import __version__
from trio_agent.cli import main
from trio_agent.config import Settings
from trio_agent.models.choose import PROVIDERS
from trio_agent.token import load_token
from trio_agent.wiring import access_of


def python(*arguments: str, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, *arguments], capture_output=True, text=True, check=False, cwd=cwd)


def test_the_version_is_told_without_loading_a_web_server() -> None:
    script = (
        "import sys; sys.argv[1:] = ['--version']; from trio_agent.cli import main\n"
        "try: main()\n"
        "finally: print(sorted({'trio', 'quart', 'quart_trio', 'hypercorn', 'apsw', 'httpx2'} & set(sys.modules)))"
    )
    done = python("-c", script)
    assert (done.stdout, done.stderr) == (f"trio-agent {__version__}\n[]\n", "")


@pytest.mark.parametrize("arguments", [["--help"], ["serve", "--help"], ["export", "--help"]])
def test_help_is_told_on_stdout(arguments: list[str]) -> None:
    done = python("-m", "trio_agent", *arguments)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("Usage: trio-agent")


def test_the_app_is_made_by_name_without_loading_it_before() -> None:
    script = (
        "import sys, trio_agent; print('quart' in sys.modules, callable(trio_agent.create_app), 'quart' in sys.modules)"
    )
    assert python("-c", script).stdout == "False True True\n"


def test_what_is_not_there_is_no_attribute() -> None:
    done = python("-c", "import trio_agent; trio_agent.nonsense")
    assert "AttributeError: module 'trio_agent' has no attribute 'nonsense'" in done.stderr


def test_a_reader_that_has_heard_enough_is_no_reason_to_complain(tmp_path: Path) -> None:
    # The output is the pipe's of a process that is gone before anything is written.
    script = f"{sys.executable} -m trio_agent --help | true; echo ${{PIPESTATUS[0]}}"
    done = subprocess.run(["bash", "-c", script], capture_output=True, text=True, check=True, cwd=tmp_path)
    assert done.stderr == ""


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "::1", "0.0.0.0", "::"])
def test_no_host_is_allowed_on_every_port_for_being_our_own(host: str, tmp_path: Path) -> None:
    assert access_of(Settings(host=host, data_dir=tmp_path)).allow_hosts == frozenset()


def test_hosts_are_allowed_as_browsers_write_them(tmp_path: Path) -> None:
    named = Settings(host="FE80::1", data_dir=tmp_path, allow_host=("Agent.Example", "other:444"))
    assert access_of(named).allow_hosts == {"[fe80::1]", "agent.example", "other:444"}


def test_the_token_is_made_once_and_kept(tmp_path: Path) -> None:
    token = load_token(tmp_path)
    assert len(token) >= 43
    assert access_of(Settings(data_dir=tmp_path)).token == token
    assert access_of(Settings(data_dir=tmp_path, token="another-token-of-mine")).token == "another-token-of-mine"
    assert access_of(Settings(data_dir=tmp_path, no_auth=True)).token is None


WRONG = {
    "an unknown option": ["--nonsense"],
    "no number": ["--port", "x"],
    "a port that is none": ["--port", "65536"],
    "no such directory": ["/nonexistent"],
    "no such command": ["nonsense"],
    "an unknown model": ["--model", "nonsense"],
    "a model without its key": ["--model", "anthropic/claude-x"],
    "an open server": ["--no-auth", "--host", "0.0.0.0"],
    "a heartbeat of nothing": ["--heartbeat", "0"],
    "a short token": ["--token", "short"],
    "a store of no kind": ["--store", "postgres:x"],
    "a negative budget": ["--budget-dollars", "-1"],
    "too many repositories": [".", "."],
    "an export of nothing": ["export"],
}


@pytest.mark.parametrize("arguments", WRONG.values(), ids=WRONG)
def test_wrong_usage_is_told_in_one_line(
    arguments: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("XDG_CONFIG_HOME", "XDG_DATA_HOME"):
        monkeypatch.setenv(name, str(tmp_path))
    for provider in PROVIDERS.values():
        for variable in provider.key_variables:
            monkeypatch.delenv(variable, raising=False)
    monkeypatch.setattr(sys, "argv", ["trio-agent", *arguments])
    with restored_logging(), pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 2
    output, error = capsys.readouterr()
    assert output == ""
    assert error.startswith("trio-agent: ")
    assert len(error.splitlines()) == 1
