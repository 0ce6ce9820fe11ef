"""A server with fewer descriptors than there are clients: each is told where it stands, and the others are served."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import trio

from tests.server.process import running
from tests.web.serving import read_until
from trio_agent.web.descriptors import most_streams

OPEN_FILES, CLIENTS = 256, 330


async def test_more_readers_than_descriptors_are_told_so_and_the_server_goes_on(tmp_path: Path) -> None:
    told: Counter[str] = Counter()
    async with running(tmp_path / "data", open_files=OPEN_FILES) as server, trio.open_nursery() as nursery:
        everybody = trio.Event()
        request = (
            f"GET /stream HTTP/1.1\r\nHost: 127.0.0.1:{server.port}\r\nAuthorization: Bearer {server.token}\r\n\r\n"
        )

        async def come() -> None:
            async with await trio.open_tcp_stream("127.0.0.1", server.port) as stream:
                await stream.send_all(request.encode())
                answer = await read_until(stream, b"data: ")
                told["ready" if b"event: ready" in answer else "bye" if b'"overload"' in answer else "?"] += 1
                if told.total() == CLIENTS:
                    everybody.set()
                if b"event: ready" in answer:
                    await trio.sleep_forever()

        for _ in range(CLIENTS):
            nursery.start_soon(come)
        await everybody.wait()
        assert told == {"ready": most_streams(OPEN_FILES), "bye": CLIENTS - most_streams(OPEN_FILES)}
        async with server.client() as client:
            assert (await client.get("healthz")).status_code == 200
            # A turn that needs a process, its pipes and the workspace: what is kept back is enough for it.
            posted = await client.post("chat", json={"message": "bash echo still at $((40 + 2))"})
            assert posted.status_code == 202
            seen, log = 0, ""
            while "still at 42" not in log:
                seen = (await client.get("state", params={"poll": "true", "seen": str(seen)})).json()["message_count"]
                log = (await client.get("download")).text
        nursery.cancel_scope.cancel()
    assert "Traceback" not in server.log
    assert server.log.count("connections_wait") <= 1, "once an outage, not at every try"
