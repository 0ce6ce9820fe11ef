"""A terminal of the whole program: where it is, what it sees, and what is left of it when the server or the session ends."""

from __future__ import annotations

import json
import secrets
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
import trio
from trio_websocket import ConnectionClosed, WebSocketConnection, wrap_client_stream

from tests.projects import make_project
from tests.served import EXIT_S, ServedRepository, served
from tests.tools.bench import running


@asynccontextmanager
async def terminal(server: ServedRepository, path: str = "terminal/1") -> AsyncIterator[WebSocketConnection]:
    host = server.url.removeprefix("http://").rstrip("/")
    port = int(host.rpartition(":")[2])
    async with await trio.open_tcp_stream("127.0.0.1", port) as stream, trio.open_nursery() as nursery:
        socket = await wrap_client_stream(nursery, stream, host, f"/{path}")
        await socket.send_message(json.dumps({"token": server.token}))
        yield socket
        nursery.cancel_scope.cancel()


async def run(socket: WebSocketConnection, command: str, answer: str) -> str:
    """Type `command`; what is shown until `answer`, which must not stand in it, has come."""
    assert answer not in command
    await socket.send_message(f"{command}\r".encode())
    shown = ""
    while answer not in shown:
        message = await socket.get_message()
        assert isinstance(message, bytes)
        shown += message.decode("utf-8", "replace")
    return shown


@pytest.fixture
def nap() -> str:
    return f"36{secrets.randbelow(100)}.{secrets.randbelow(10**9)}"


async def test_it_is_where_the_commands_are_and_sees_no_more_than_they(tmp_path: Path) -> None:
    make_project(tmp_path / "project")
    environment = {"ANTHROPIC_API_KEY": "geheim-im-server"}
    with served(tmp_path / "project", tmp_path / "data", "--model", "demo", environment=environment) as server:
        async with terminal(server) as socket:
            shown = await run(socket, "pwd; git log --oneline | cat; echo lo''gged", "logged")
            assert "data/workspaces/" in shown
            assert "Count words" in shown
            shown = await run(socket, "env; cat ../../token; echo lo''oked", "looked")
            assert "geheim" not in shown
            assert server.token not in shown
        # What a person does there, the agent's diff shows.
        async with terminal(server, "terminal/8") as other:
            await run(other, "echo from-a-person > note.txt; git add note.txt; echo do''ne", "done")
        with server.client() as client:
            assert "from-a-person" in client.get("diff").text


@pytest.mark.parametrize("sandbox", ["none", "auto"])
async def test_after_sigterm_nothing_of_it_is_left(tmp_path: Path, nap: str, sandbox: str) -> None:
    make_project(tmp_path / "project")
    with served(tmp_path / "project", tmp_path / "data", "--model", "demo", "--sandbox", sandbox) as server:
        async with terminal(server) as one, terminal(server, "terminal/2") as two:
            await run(one, f"setsid sleep {nap} & nohup sleep {nap} & echo le''ft", "left")
            await run(two, f"sh -c 'echo \"sta\"rted; exec sleep {nap}'", "started")
            assert running(nap)
            server.process.send_signal(signal.SIGTERM)
            with pytest.raises(ConnectionClosed) as closed:  # noqa: PT012  what was shown comes before it
                while True:
                    await one.get_message()
            assert closed.value.reason is not None
            assert closed.value.reason.code == 1001
        assert await trio.to_thread.run_sync(server.process.wait, EXIT_S) == 0
        assert not running(nap)


async def test_it_ends_with_its_session(tmp_path: Path, nap: str) -> None:
    make_project(tmp_path / "project")
    with served(tmp_path / "project", tmp_path / "data", "--model", "demo") as server, server.client() as client:
        session = client.post("sessions", json={}).json()["session_id"]
        async with terminal(server, f"sessions/{session}/terminal/1") as socket:
            await run(socket, f"setsid sleep {nap} & echo le''ft", "left")
            assert client.delete(f"sessions/{session}").status_code == 204
            with pytest.raises(ConnectionClosed) as closed:  # noqa: PT012  what was shown comes before it
                while True:
                    await socket.get_message()
            assert closed.value.reason is not None
            assert (closed.value.reason.code, closed.value.reason.reason) == (4410, "the session has ended")
        assert not running(nap)
