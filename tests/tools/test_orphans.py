"""Commands of a server that was killed are ended; those of one that lives are not touched."""

from __future__ import annotations

import os
import select
import subprocess
import sys
from collections.abc import Iterator

import pytest

from trio_agent.tools.orphans import end_orphans, new_mark
from trio_agent.tools.process_tree import CALL_MARKER

# Stands in for a server: starts a command as tools do, tells of it, and waits to be killed.
SERVER = f"""
import os, subprocess, sys
from trio_agent.tools.orphans import new_mark
command = ["bash", "-c", "sleep 1000 & echo $! >&2; (exec -c sleep 1000) & echo $! >&2; echo $$ >&2; wait"]
environment = {{**os.environ, "{CALL_MARKER}": new_mark()}}
subprocess.Popen(command, env=environment, start_new_session=True, stderr=sys.stdout)
sys.stdin.read()
"""


@pytest.fixture
def server() -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen(
        [sys.executable, "-c", SERVER], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=os.getcwd()
    )
    with process:
        yield process
        process.kill()


def handles(server: subprocess.Popen[str]) -> list[int]:
    """On the command, on what it started, and on what it started without a marker."""
    assert server.stdout is not None
    return [os.pidfd_open(int(server.stdout.readline())) for _ in range(3)]


def ended(handles: list[int], seconds: float) -> list[bool]:
    return [bool(select.select([handle], [], [], seconds)[0]) for handle in handles]


def test_what_a_killed_server_left_running_is_ended(server: subprocess.Popen[str]) -> None:
    left = handles(server)
    server.kill()
    server.wait()
    # How many is not asserted: a server that another test starts beside this one may have been first.
    end_orphans()
    assert ended(left, 5) == [True, True, True]
    for each in left:
        os.close(each)


def test_commands_of_a_living_server_go_on(server: subprocess.Popen[str]) -> None:
    running = handles(server)
    end_orphans()
    assert ended(running, 0) == [False, False, False]
    server.kill()
    server.wait()
    end_orphans()
    for each in running:
        os.close(each)


def test_what_cannot_be_judged_is_left_alone() -> None:
    _, pid, started, _ = new_mark().split(".")
    strangers = (f"1.{pid}.{int(started) + 1}.ab", "an-older-form-of-marker", "")
    for mark in strangers:
        with subprocess.Popen(["sleep", "1000"], env={CALL_MARKER: mark, "PATH": os.environ["PATH"]}) as process:
            end_orphans()
            assert process.poll() is None
            process.kill()
