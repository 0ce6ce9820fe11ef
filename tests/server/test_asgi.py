"""The same app under Hypercorn's own command, configured by the environment."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import httpx2
import trio

from tests.server.process import environment, make_repository
from tests.web.serving import open_events


async def test_hypercorn_serves_the_app_streams_and_ends(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "hypercorn", "--worker-class", "trio", "--bind", f"127.0.0.1:{port}"]
    settings = {"TRIO_AGENT_DATA_DIR": str(tmp_path / "data"), "TRIO_AGENT_MODEL": "demo"}
    process = await trio.lowlevel.open_process(
        [*command, "trio_agent.asgi:app"],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        cwd=make_repository(tmp_path),
        env={**environment(tmp_path), **settings, "TRIO_AGENT_SANDBOX": "none"},
        start_new_session=True,
    )
    try:
        assert process.stdout is not None
        said = b""
        while not re.search(rb"Running on http", said):
            chunk = await process.stdout.receive_some()
            assert chunk, said
            said += chunk
        headers = {"Authorization": f"Bearer {await trio.Path(tmp_path / 'data' / 'token').read_text()}".strip()}
        url = f"http://127.0.0.1:{port}/"
        async with httpx2.AsyncClient(base_url=url, headers=headers, trust_env=False) as client:
            async with open_events(client) as events:
                assert (await events.next()).event == "ready"
                await client.post("/chat", json={"message": "echo through hypercorn"})
                while "through hypercorn" not in (await events.next_of("message")).data:
                    pass
            assert (await client.get("/state", headers={"Authorization": ""})).status_code == 401
        process.send_signal(signal.SIGTERM)
        with trio.fail_after(15):
            assert await process.wait() == 0
    finally:
        # Hypercorn serves from a child, which does not notice that its parent was killed: the group goes as a whole.
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        with trio.CancelScope(shield=True):
            await process.wait()
            if process.stdout is not None:
                await process.stdout.aclose()
