"""What the server writes to stderr: never the token, nor what drives a terminal."""

from __future__ import annotations

import json
import signal
from pathlib import Path

import pytest
import trio

from tests.server.process import running


@pytest.mark.parametrize("form", ["json", "pretty"])
async def test_the_token_never_gets_into_the_log(form: str, tmp_path: Path) -> None:
    token = "canary-canary-canary"
    async with running(tmp_path / "data", "--token", token, "--log-format", form) as server, server.client() as client:
        for path in ("/state", "/nothing", f"/stream?from=x&access_token={token}", f"/{token}", "/messages/x/html"):
            await client.get(path)
        await client.get("/state", headers={"Authorization": f"Bearer {token}x"})
        for data in (
            f"GET /stream?access_token={token} HTTP/1.1\r\nHost: 127.0.0.1:{server.port}\r\n\r\n",
            f"GET http://[{token} HTTP/1.1\r\nHost: 127.0.0.1:{server.port}\r\nAuthorization: Bearer {token}\r\n\r\n",
            f"GET /{token} HTTP/9.9\r\nHost: {token}\r\n\r\n",
            f"\0\xff{token}\r\n\r\n",
        ):
            async with await trio.open_tcp_stream("127.0.0.1", server.port) as stream:
                await stream.send_all(data.encode("latin-1"))
                await stream.receive_some()
        assert await server.ended(signal.SIGTERM) == 0
        assert server.log != ""
        assert token not in server.log
        if form == "json":
            assert all(json.loads(line)["event"] for line in server.log.splitlines())
