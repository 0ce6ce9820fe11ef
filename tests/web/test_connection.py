"""Connections on real sockets, on a clock that moves only when it is told to."""

from __future__ import annotations

import socket

import trio
from hypercorn.app_wrappers import ASGIWrapper
from hypercorn.trio.worker_context import WorkerContext
from structlog.testing import capture_logs
from trio.testing import MockClock, wait_all_tasks_blocked

from tests.web.serving import TOKEN, descriptors, read_all, read_until, serving_app, settled, tasks
from trio_agent.web.connection import HURRIED_SEND_S, LINGER_S, Connection, connection_config


async def test_a_client_that_leaves_its_stream_is_gone_at_once(mock_clock: MockClock) -> None:
    async with serving_app() as server:
        await wait_all_tasks_blocked(0.01)
        before = tasks(), descriptors()
        async with await server.connect() as stream:
            await stream.send_all(server.request("/stream"))
            await read_until(stream, b"event: state")
            assert tasks() > before[0]
        await settled(lambda: (tasks(), descriptors()) == before)


async def test_a_client_that_pipelined_behind_its_stream_is_cut_off(mock_clock: MockClock) -> None:
    async with serving_app() as server:
        await wait_all_tasks_blocked(0.01)
        before = tasks()
        async with await server.connect() as stream:
            await stream.send_all(server.request("/stream") + server.request("/state"))
            await read_all(stream)
        await settled(lambda: tasks() == before)


async def test_a_client_that_asked_for_another_protocol_and_leaves_is_gone_at_once(mock_clock: MockClock) -> None:
    async with serving_app() as server:
        await wait_all_tasks_blocked(0.01)
        before = tasks()
        for upgrade in ("Upgrade: h2c", "Upgrade: foo"):
            async with await server.connect() as stream:
                await stream.send_all(server.request("/stream", "Connection: Upgrade", upgrade))
                await read_until(stream, b"event: state")
            await settled(lambda: tasks() == before)


async def test_an_idle_connection_is_closed_after_five_seconds(mock_clock: MockClock) -> None:
    async with serving_app() as server, await server.connect() as stream:
        await stream.send_all(server.request("/state"))
        await read_until(stream, b'"ssh_error":""}')
        await wait_all_tasks_blocked(0.01)
        mock_clock.jump(5.1)
        assert await read_all(stream) == b""


async def test_an_idle_connection_that_the_client_closes_is_gone_at_once(mock_clock: MockClock) -> None:
    async with serving_app() as server:
        await wait_all_tasks_blocked(0.01)
        before = tasks()
        async with await server.connect() as stream:
            await stream.send_all(server.request("/state"))
            await read_until(stream, b'"ssh_error":""}')
            # Until the server has recycled the connection, and only waits for another request.
            await wait_all_tasks_blocked(0.01)
        await settled(lambda: tasks() == before)


async def test_a_head_that_never_ends_is_given_up_after_five_seconds(mock_clock: MockClock) -> None:
    async with serving_app() as server, await server.connect() as stream:
        await stream.send_all(b"GET /stream HTTP/1.1\r\nHost:")
        for _ in range(4):
            await wait_all_tasks_blocked(0.01)
            mock_clock.jump(1.2)
            await stream.send_all(b"x")
        await wait_all_tasks_blocked(0.01)
        mock_clock.jump(1.2)
        assert await read_all(stream) == b""


async def test_a_refused_client_that_floods_its_body_in_small_chunks_leaves_nothing_behind(
    mock_clock: MockClock,
) -> None:
    async with serving_app() as server:
        await wait_all_tasks_blocked(0.01)
        before = tasks()
        async with await server.connect() as stream:
            head = server.request("/chat", "Transfer-Encoding: chunked", method="POST", token="")
            await stream.send_all(head + b"1\r\na\r\n" * 9000)
            answer = await read_until(stream, b"\r\n\r\n")
            assert answer.startswith(b"HTTP/1.1 401")
        await settled(lambda: tasks() == before)


async def test_a_client_that_sends_more_than_was_asked_may_send_it_all_and_reads_its_answer(
    mock_clock: MockClock,
) -> None:
    async with serving_app() as server:
        for token, status in (("", b"401"), (TOKEN, b"413")):
            length = ("Content-Length: 9000000", "Content-Type: application/json")
            head = server.request("/chat", *length, method="POST", token=token)
            async with await server.connect() as stream:
                # A connection closed with bytes unread would be reset, and the rest could not be sent.
                await stream.send_all(head + b"x" * 9_000_000)
                answer = await read_all(stream)
            assert answer.startswith(b"HTTP/1.1 " + status), answer[:100]
            assert b"\r\nconnection: close\r\n" in answer.lower()
            assert answer.endswith(b"}")


async def test_a_client_that_never_stops_sending_is_heard_for_two_seconds_more(mock_clock: MockClock) -> None:
    async with serving_app() as server:
        before = tasks()
        async with await server.connect() as stream:
            head = server.request("/chat", "Content-Length: 9000000", method="POST", token="")
            await stream.send_all(head + b"x")
            assert b"401" in await read_all(stream)
            await wait_all_tasks_blocked(0.01)
            assert tasks() > before
            mock_clock.jump(LINGER_S)
            await settled(lambda: tasks() == before)


async def test_an_error_of_ours_in_a_connection_ends_that_one_alone_and_is_logged() -> None:
    broken = connection_config()
    broken.h11_max_incomplete_size = "no number"  # type: ignore[assignment]
    ours, theirs = trio.socket.socketpair()
    async with serving_app() as server, trio.SocketStream(ours) as client:
        app = ASGIWrapper(server.app)  # type: ignore[arg-type]
        connection = Connection(app, broken, WorkerContext(None), trio.SocketStream(theirs))
        with capture_logs() as logs:
            await client.send_all(b"GET / HTTP/1.1\r\n")
            await connection.run()
        assert [each["event"] for each in logs if each["log_level"] == "warning"] == ["connection_failed"]
        assert await client.receive_some() == b""


async def test_connection_close_is_honoured(mock_clock: MockClock) -> None:
    async with serving_app() as server:
        answer = await server.raw(server.request("/state", "Connection: close"))
        assert b"connection: close" in answer.lower()
        assert answer.endswith(b'"ssh_error":""}')


async def test_two_requests_on_one_connection_work(mock_clock: MockClock) -> None:
    async with serving_app() as server:
        both = server.request("/state") + server.request("/healthz", "Connection: close")
        answer = await server.raw(both)
        assert answer.count(b"HTTP/1.1 200") == 2


async def test_a_reader_that_takes_nothing_is_cut_off_after_twenty_seconds(mock_clock: MockClock) -> None:
    async with serving_app() as server:
        await server.record(*["x" * 1_000_000] * 12)
        before = tasks()
        async with await server.connect() as stuck:
            await stuck.send_all(server.request("/stream"))
            await wait_all_tasks_blocked(0.05)
            mock_clock.jump(19)
            await wait_all_tasks_blocked(0.05)
            assert tasks() > before
            with trio.fail_after(1000):
                mock_clock.jump(2)
                await settled(lambda: tasks() == before)


async def test_once_the_server_stops_a_send_that_only_begins_then_is_given_up_after_three_seconds(
    mock_clock: MockClock,
) -> None:
    ours, theirs = trio.socket.socketpair()
    async with serving_app() as server, trio.SocketStream(ours) as stuck, trio.open_nursery() as nursery:
        app = ASGIWrapper(server.app)  # type: ignore[arg-type]
        connection = Connection(app, connection_config(), WorkerContext(None), trio.SocketStream(theirs))
        ended = trio.Event()

        async def run() -> None:
            await connection.run()
            ended.set()

        nursery.start_soon(run)
        await stuck.send_all(server.request("/stream"))
        await read_until(stuck, b"event: state")
        connection.hurry()
        await server.record(*["x" * 1_000_000] * 4)
        await wait_all_tasks_blocked(0.05)
        mock_clock.jump(HURRIED_SEND_S - 0.1)
        await wait_all_tasks_blocked(0.05)
        assert not ended.is_set()
        mock_clock.jump(0.2)
        await settled(ended.is_set)


async def test_a_slow_reader_that_takes_something_is_not_taken_for_a_stuck_one(mock_clock: MockClock) -> None:
    async with serving_app() as server:
        await server.record(*["x" * 1_000_000] * 8, "the last")
        async with await server.connect() as slow:
            slow.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 64 * 1024)
            await slow.send_all(server.request("/stream"))
            data = bytearray()
            while b"the last" not in data[-9000:]:
                await wait_all_tasks_blocked()
                mock_clock.jump(9)
                taken = 0
                while taken < 400_000 and b"the last" not in data[-9000:]:
                    chunk = await slow.receive_some()
                    assert chunk, f"cut off after {len(data)} bytes and {trio.current_time():.0f} s"
                    data += chunk
                    taken += len(chunk)
            assert trio.current_time() > 100


async def test_a_stuck_reader_costs_the_kernel_little(mock_clock: MockClock) -> None:
    async with serving_app() as server:
        await server.record(*["x" * 1_000_000] * 12)
        async with await server.connect() as stuck:
            stuck.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 64 * 1024)
            await stuck.send_all(server.request("/stream"))
            await wait_all_tasks_blocked(0.05)
            mock_clock.jump(20)
            assert len(await read_all(stuck)) < 2_000_000


async def test_a_stream_outlives_every_timeout_of_the_stack(mock_clock: MockClock) -> None:
    async with serving_app() as server, await server.connect() as stream:
        await stream.send_all(server.request("/stream"))
        await read_until(stream, b"event: state")
        for _ in range(20):
            await wait_all_tasks_blocked(0.01)
            mock_clock.jump(45)
            await read_until(stream, b"event: heartbeat")
        await server.record("after a quarter of an hour")
        await read_until(stream, b"after a quarter of an hour")
