from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest

from trio_agent.tools.environment import child_environment
from trio_agent.tools.limits import Limits, limited
from trio_agent.tools.sandbox import Sandbox, find_sandbox


@pytest.fixture(params=["auto", "none"])
def sandbox(request: pytest.FixtureRequest) -> Sandbox:
    return find_sandbox(request.param)


def run(sandbox: Sandbox, workspace: Path, argv: list[str], limits: Limits) -> subprocess.CompletedProcess[str]:
    line = sandbox.wrap(limited(argv, limits), workspace.resolve(), ())
    return subprocess.run(line, cwd=workspace, env=child_environment(os.environ, {}), capture_output=True, text=True)


def test_the_program_gets_its_arguments_as_they_are_and_its_status_is_told(sandbox: Sandbox, tmp_path: Path) -> None:
    done = run(sandbox, tmp_path, ["bash", "-c", 'printf "<%s>" "$@"; exit 5', "x", "a b", "$(c)", "*", ""], Limits())
    assert (done.stdout, done.stderr, done.returncode) == ("<a b><$(c)><*><>", "", 5)


def test_the_limits_hold_for_all_that_the_program_starts(sandbox: Sandbox, tmp_path: Path) -> None:
    script = "bash -c 'ulimit -Sc; ulimit -Hf; ulimit -Hv; ulimit -Ht; cat /proc/self/oom_score_adj'"
    limits = Limits(file_bytes=2**20, memory_bytes=2**30, cpu_s=7)
    assert run(sandbox, tmp_path, ["bash", "-c", script], limits).stdout.split() == [
        "0",
        "1024",
        "1048576",
        "7",
        "1000",
    ]


def test_what_is_not_limited_stays_as_it_was(sandbox: Sandbox, tmp_path: Path) -> None:
    script = "ulimit -f; ulimit -v; ulimit -t"
    ours = subprocess.run(["bash", "-c", script], capture_output=True, text=True, check=True).stdout
    assert run(sandbox, tmp_path, ["bash", "-c", script], Limits(processes=0, file_bytes=0)).stdout == ours


def test_a_file_without_end_ends_the_command_and_not_the_disk(sandbox: Sandbox, tmp_path: Path) -> None:
    done = run(sandbox, tmp_path, ["bash", "-c", "yes > big"], Limits(file_bytes=2**20))
    assert done.returncode != 0
    assert (tmp_path / "big").stat().st_size == 2**20


FORKS = """
for (1 .. 400) {
    my $pid = fork();
    if (!defined $pid) { print "refused "; last }
    if (!$pid) { sleep 3600; exit }
    push @children, $pid;
}
kill 9, @children;
print scalar(@children);
"""


def test_processes_are_refused_beyond_the_limit() -> None:
    line = limited(["perl", "-e", FORKS], Limits(processes=1))
    line[2] = re.sub(r"ulimit -u \d+", "ulimit -u 100", line[2])
    # Root is not bound by it: where the tests run as root, somebody else is asked.
    as_user: dict[str, Any] = {"user": 65_533, "group": 65_533, "extra_groups": []} if os.getuid() == 0 else {}
    done = subprocess.run(line, cwd="/", capture_output=True, text=True, **as_user)
    said, count = done.stdout.split()
    assert said == "refused", done.stderr
    assert int(count) <= 100


def test_there_is_room_beside_what_runs_now(tmp_path: Path) -> None:
    told = run(find_sandbox("none"), tmp_path, ["bash", "-c", "ulimit -u"], Limits(processes=500)).stdout
    tasks = sum(len(os.listdir(f"/proc/{pid}/task")) for pid in os.listdir("/proc") if pid.isdecimal())
    assert told.strip() == "unlimited" or int(told) > 500 + tasks // 2
