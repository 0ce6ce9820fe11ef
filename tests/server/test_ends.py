"""How a server process ends: by one signal, by two, with work under way, with clients that do not read."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import trio

from tests.server.process import EXIT_S, ServerProcess, running
from tests.web.serving import open_events


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
async def test_an_idle_server_ends_well_by_a_signal(number: signal.Signals, tmp_path: Path) -> None:
    async with running(tmp_path / "data") as server:
        assert await server.ended(number) == 0
        assert await server.more_output() == b""
        assert "Traceback" not in server.log


async def test_a_server_that_is_still_loading_ends_well_too(tmp_path: Path) -> None:
    # Python tells of each module when its import is done: the settings come first, then for half a second the web stack.
    command = [
        sys.executable,
        "-X",
        "importtime",
        "-m",
        "trio_agent",
        "serve",
        str(tmp_path),
        "--port",
        "0",
        "--no-open",
    ]
    command += ["--data-dir", str(tmp_path / "data")]
    process = await trio.lowlevel.open_process(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert process.stderr is not None
    assert process.stdout is not None
    told = b""
    while b" trio_agent.config\n" not in told:
        told += await process.stderr.receive_some()
    process.terminate()
    with trio.fail_after(EXIT_S):
        while await process.stderr.receive_some():
            pass
        assert await process.wait() == 0
    assert await process.stdout.receive_some() == b""


async def test_streams_are_told_goodbye(tmp_path: Path) -> None:
    async with running(tmp_path / "data") as server, server.client() as client:
        async with open_events(client) as one, open_events(client) as two:
            for each in (one, two):
                await each.next_of("state")
            server.process.send_signal(signal.SIGTERM)
            for each in (one, two):
                last = (await each.rest())[-1]
                assert (last.event, json.loads(last.data)["reason"]) == ("bye", "shutdown")
        assert await server.ended() == 0


async def children_of(pid: int) -> list[int]:
    """The processes that descend from `pid`."""
    parents: dict[int, list[int]] = {}
    for entry in await trio.Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                stat = await (entry / "stat").read_text()
            except (FileNotFoundError, ProcessLookupError):
                continue  # it ended while we looked
            parent = int(stat.rpartition(")")[2].split()[1])
            parents.setdefault(parent, []).append(int(entry.name))
    found, waiting = [], [pid]
    while waiting:
        children = parents.get(waiting.pop(), [])
        found += children
        waiting += children
    return found


async def run_something(server: ServerProcess, command: str) -> list[int]:
    """Have the agent run `command`, which says `begun`; the processes it runs in."""
    async with server.client() as client, open_events(client) as events:
        await client.post("/chat", json={"message": f"bash {command}"})
        while "begun" not in (await events.next_of("tool")).data:
            pass
    return await children_of(server.process.pid)


def alive(pid: int) -> bool:
    """Does it run? One that has ended, and that nobody has asked about yet, does not."""
    try:
        status = Path(f"/proc/{pid}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return False
    return status.rpartition(")")[2].split()[0] not in "ZX"


async def test_a_running_tool_dies_with_the_server(tmp_path: Path) -> None:
    async with running(tmp_path / "data") as server:
        pids = await run_something(server, "sleep 1000 & echo begun; wait")
        assert len(pids) >= 2
        assert await server.ended(signal.SIGTERM) == 0
        assert not [pid for pid in pids if alive(pid)]


async def test_a_tool_that_does_not_heed_the_first_signal_dies_too_in_time(tmp_path: Path) -> None:
    async with running(tmp_path / "data") as server:
        pids = await run_something(server, "trap '' TERM INT HUP; echo begun; while :; do sleep 1000; done")
        assert await server.ended(signal.SIGTERM) == 0
        assert not [pid for pid in pids if alive(pid)]


async def test_a_second_signal_ends_it_at_once_and_leaves_nothing_running_either(tmp_path: Path) -> None:
    async with running(tmp_path / "data") as server:
        pids = await run_something(server, "echo begun; sleep 1000")
        async with server.client() as client, open_events(client) as events:
            server.process.send_signal(signal.SIGTERM)
            await events.next_of("bye")
            assert await server.ended(signal.SIGTERM) == 0
        assert not [pid for pid in pids if alive(pid)]


async def test_a_reader_that_stopped_reading_does_not_hold_up_the_end(tmp_path: Path) -> None:
    async with running(tmp_path / "data") as server, server.client() as client:
        stuck = await trio.open_tcp_stream("127.0.0.1", server.port)
        async with stuck, open_events(client) as events:
            request = (
                f"GET /stream HTTP/1.1\r\nHost: 127.0.0.1:{server.port}\r\nAuthorization: Bearer {server.token}\r\n\r\n"
            )
            await stuck.send_all(request.encode())
            await client.post("/chat", json={"message": "burst 200 100000"})
            # 20 MB: far more than the kernel holds between us and who does not read; everybody else gets all of it.
            seen = 0
            while seen < 200:
                seen += '"type":"auto"' in (await events.next_of("message")).data
            status = await trio.Path(f"/proc/{server.process.pid}/status").read_text()
            (resident,) = re.findall(r"VmRSS:\s+(\d+) kB", status)
            # 20 MB of messages are held once, and not once more for everybody who is behind.
            assert int(resident) < 300_000
            begun = trio.current_time()
            server.process.send_signal(signal.SIGTERM)
            await events.next_of("bye")
            assert await server.ended() == 0
            assert trio.current_time() - begun < 8
