"""What a delivery costs: one burst of messages to 1, 20 and 100 readers of a real server, in one run.

    python bench/fanout.py [MESSAGES] [BYTES]

The figures are for comparing within a run: machines differ, and the readers share this one's cores with the server.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

import httpx2
import trio

READERS = (1, 20, 100)
PREFIX = "trio-agent listening on "


class Finish:
    """When the last of a round's readers had all messages."""

    def __init__(self) -> None:
        self.at = 0.0


async def read(
    client: httpx2.AsyncClient, begin: int, count: int, finish: Finish, ready: trio.TaskStatus[None]
) -> None:
    """Read from message `begin` on until `count` more have come."""
    got = 0
    async with client.stream("GET", "stream", params={"from": begin}) as response:
        chunks = response.aiter_raw()
        await anext(chunks)
        ready.started()
        while got < count:
            # Counting the line that begins a message suffices here, and costs less than parsing would.
            got += (await anext(chunks)).count(b"event: message\n")
    finish.at = max(finish.at, trio.current_time())


async def measure(link: str, readers: int, messages: int, size: int) -> float:
    """Seconds from the post to the last delivery."""
    url, _, token = link.partition("#token=")
    limits = httpx2.Limits(max_connections=None)
    headers = {"Authorization": f"Bearer {token}"}
    async with httpx2.AsyncClient(base_url=url, headers=headers, timeout=None, limits=limits) as client:
        begin = (await client.get("state")).json()["message_count"]
        finish = Finish()
        async with trio.open_nursery() as nursery:
            for _ in range(readers):
                await nursery.start(lambda task_status: read(client, begin, messages, finish, task_status))
            posted = trio.current_time()
            await client.post("chat", json={"message": f"burst {messages} {size}"})
        return finish.at - posted


def main(messages: int, size: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "trio_agent", "serve", folder, "--port", "0", "--model", "demo", "--no-open"]
        command += ["--data-dir", str(Path(folder, "data"))]
        server = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        assert server.stdout is not None
        link = server.stdout.readline().removeprefix(PREFIX).strip()
        for readers in READERS:
            seconds = trio.run(measure, link, readers, messages, size)
            each = seconds / (messages * readers) * 1e6
            print(f"{readers:4} readers: {messages / seconds:8.0f} messages/s  {each:8.1f} µs a delivery", flush=True)
        server.terminate()
        server.wait()


if __name__ == "__main__":
    given = [int(argument) for argument in sys.argv[1:]]
    main(*(given + [3000, 500][len(given) :]))
