"""An example as its users start it: a process of its own, under Hypercorn's own command."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

import httpx2
import trio

from tests.server.process import EXIT_S, environment

HERE = Path(__file__).resolve().parents[2]


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as free:
        return int(free.getsockname()[1])


@asynccontextmanager
async def hypercorn(
    module: str, data_dir: Path, port: int, settings: Mapping[str, str] = {}, stop: signal.Signals = signal.SIGTERM
) -> AsyncIterator[httpx2.AsyncClient]:
    """`hypercorn --worker-class trio MODULE:app`, and a client of it; stopped at the end by `stop`."""
    command = [sys.executable, "-m", "hypercorn", "--worker-class", "trio", "--bind", f"127.0.0.1:{port}"]
    process = await trio.lowlevel.open_process(
        [*command, f"{module}:app"],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        cwd=HERE,
        env={**environment(data_dir), "TRIO_AGENT_DATA_DIR": str(data_dir), **settings},
        # Hypercorn serves in a process that it starts, and that outlives it where it is killed alone.
        start_new_session=True,
    )
    try:
        assert process.stdout is not None
        said = b""
        while not re.search(rb"Running on http", said):
            chunk = await process.stdout.receive_some()
            assert chunk, said
            said += chunk
        headers = {"Authorization": f"Bearer {await trio.Path(data_dir / 'token').read_text()}".strip()}
        url = f"http://127.0.0.1:{port}/"
        async with httpx2.AsyncClient(base_url=url, headers=headers, trust_env=False, timeout=30) as client:
            yield client
        if stop is signal.SIGTERM:
            process.terminate()
        else:
            os.killpg(process.pid, stop)
        with trio.fail_after(EXIT_S):
            status = await process.wait()
        assert status == (0 if stop is signal.SIGTERM else -stop)
    finally:
        if process.returncode is None:
            os.killpg(process.pid, signal.SIGKILL)
        with trio.CancelScope(shield=True):
            await process.wait()
            if process.stdout is not None:
                await process.stdout.aclose()
