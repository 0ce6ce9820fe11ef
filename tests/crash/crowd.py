"""Readers that are stopped in the middle, among readers that are not: who pays for them, and how much."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

import httpx2
import trio

from tests.crash.house import House
from tests.projects import make_project
from tests.served import ServedRepository
from trio_agent.core.sse import Parser

READ = """
import socket, sys
host, port, token = sys.argv[1], int(sys.argv[2]), sys.argv[3]
connection = socket.socket()
connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
connection.connect((host, port))
head = f"GET /stream HTTP/1.1\\r\\nHost: {host}:{port}\\r\\nAuthorization: Bearer {token}\\r\\n\\r\\n"
connection.sendall(head.encode())
while data := connection.recv(65536):
    print(len(data), flush=True)
"""
"""A reader in a process of its own, which can be stopped as a laptop is when its lid is closed."""

BETWEEN_S = 0.1
MESSAGE_BYTES = 3000
"""Twenty a second of so many fill the buffers of a reader that is stopped in some seconds."""

P99_S, FREED_S, EXIT_S, GROWN_MIB = 0.25, 25.0, 5.0, 30.0


@dataclass(slots=True)
class Crowd:
    """What was measured. `latencies_s` from a message's own timestamp to when a fast reader had it."""

    house: House
    latencies_s: list[float] = field(default_factory=list)
    grown_mib: float = 0.0
    freed_s: float = 0.0
    exit_s: float = 0.0
    streams: int = 0

    @property
    def p99_s(self) -> float:
        return sorted(self.latencies_s)[int(len(self.latencies_s) * 0.99)]

    def verdict(self) -> list[str]:
        """Every promise that was not kept."""
        measured = {
            "p99 of the others, seconds": (self.p99_s, P99_S),
            "memory grown, MiB": (self.grown_mib, GROWN_MIB),
            "freed after, seconds": (self.freed_s, FREED_S),
            "exit, seconds": (self.exit_s, EXIT_S),
        }
        over = [f"{name}: {found:.3f} of {most}" for name, (found, most) in measured.items() if found > most]
        return [*self.house.broken, *over]


async def gather(folder: Path, *, stuck: int, fast: int, lasting_s: float) -> Crowd:
    """Let `fast` readers read for `lasting_s` while `stuck` others are stopped; then end the server, as many stopped anew."""
    make_project(folder / "wordcount")
    server = ServedRepository(folder / "wordcount", folder / "data", "--model", "demo")
    crowd = Crowd(House(server))
    await crowd.house.start()
    processes: list[subprocess.Popen[bytes]] = []
    try:
        async with trio.open_nursery() as nursery:
            for _ in range(fast):
                nursery.start_soon(_read, crowd)
            await _until_streams(crowd, fast)
            processes += await _start_readers(crowd, stuck)
            await _until_streams(crowd, fast + stuck)
            async with trio.open_nursery() as working:
                working.start_soon(_talk, crowd)
                # What the first messages make the server import and allocate is not the readers' doing.
                await crowd.house.wait_for("messages", fast * 40)
                before = _memory_mib(server.process.pid)
                for each in processes:
                    each.send_signal(signal.SIGSTOP)
                stopped = trio.current_time()
                working.start_soon(_watch_memory, crowd, before)
                await _until_streams(crowd, fast)
                crowd.freed_s = trio.current_time() - stopped
                await trio.sleep_until(stopped + lasting_s)
                processes += await _start_readers(crowd, stuck)
                await _until_streams(crowd, fast + stuck)
                for each in processes[stuck:]:
                    each.send_signal(signal.SIGSTOP)
                await crowd.house.wait_for("messages", crowd.house.counts["messages"] + fast * 40)
                working.cancel_scope.cancel()
            began = trio.current_time()
            if await trio.to_thread.run_sync(server.stop) != 0:
                crowd.house.broken.append("it did not stop in order")
            crowd.exit_s = trio.current_time() - began
            nursery.cancel_scope.cancel()
    finally:
        for each in processes:
            each.kill()
            each.wait()
            assert each.stdout is not None
            each.stdout.close()
        server.close()
    return crowd


async def _start_readers(crowd: Crowd, count: int) -> list[subprocess.Popen[bytes]]:
    url = httpx2.URL(crowd.house.server.url)
    command = [sys.executable, "-c", READ, url.host, str(url.port), crowd.house.server.token]
    return [await trio.to_thread.run_sync(_start_reader, command) for _ in range(count)]


def _start_reader(command: list[str]) -> subprocess.Popen[bytes]:
    """Returns when it has read something."""
    process = subprocess.Popen(command, stdout=subprocess.PIPE)
    assert process.stdout is not None
    process.stdout.readline()
    return process


async def _read(crowd: Crowd) -> None:
    parser = Parser()
    async with crowd.house.client() as client, client.stream("GET", f"{crowd.house.server.url}stream") as response:
        async for chunk in response.aiter_bytes():
            now = datetime.now().timestamp()
            for event in parser.feed(chunk):
                if event.event == "message":
                    sent = datetime.fromisoformat(json.loads(event.data)["timestamp"]).timestamp()
                    crowd.latencies_s.append(now - sent)
                    crowd.house.saw("messages")
                elif event.event == "state":
                    crowd.streams = json.loads(event.data)["streams"]
                    crowd.house.saw("states")


async def _until_streams(crowd: Crowd, count: int) -> None:
    while crowd.streams != count:
        await crowd.house.wait_for("states", crowd.house.counts["states"] + 1)


async def _talk(crowd: Crowd) -> None:
    """Messages at a steady pace: the posts themselves, and the answers to them."""
    async with crowd.house.client() as client:
        for number in range(1_000_000):
            await crowd.house.post(client, f"key-of-word-{number}", f"echo {number} {'.' * MESSAGE_BYTES}")
            await trio.sleep(BETWEEN_S)


async def _watch_memory(crowd: Crowd, before: float) -> None:
    while True:
        crowd.grown_mib = max(crowd.grown_mib, _memory_mib(crowd.house.server.process.pid) - before)
        await trio.sleep(0.5)


def _memory_mib(pid: int) -> float:
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20
