"""Where connections come in: how many at a time, and what happens where the system has no descriptor left."""

from __future__ import annotations

import errno

import pytest
import trio
from structlog.testing import capture_logs
from trio.testing import MockClock, wait_all_tasks_blocked

from trio_agent.web.descriptors import (
    FEWEST_CONNECTIONS,
    FEWEST_STREAMS,
    MAX_STREAMS,
    most_connections,
    most_streams,
)
from trio_agent.web.door import OVER_S, Door


@pytest.mark.parametrize("limit", [0, 20, 64, 150, 151, 256, 1024, 2150, 65536])
def test_streams_leave_descriptors_for_requests_and_those_for_work(limit: int) -> None:
    streams, connections = most_streams(limit or 1), most_connections(limit or 1)
    assert FEWEST_STREAMS <= streams <= MAX_STREAMS
    assert streams < connections
    if limit > 151:
        assert connections <= limit - 100
        assert streams <= connections - 50
    else:
        assert connections <= max(FEWEST_CONNECTIONS, limit - 100)


class Listener(trio.abc.Listener[trio.SocketStream]):
    """A socket that listens, and counts whom it has accepted."""

    def __init__(self, inner: trio.SocketListener) -> None:
        self.inner = inner
        self.accepted = 0

    async def accept(self) -> trio.SocketStream:
        stream = await self.inner.accept()
        self.accepted += 1
        return stream

    async def aclose(self) -> None:
        await self.inner.aclose()


class FailingListener(trio.abc.Listener[trio.SocketStream]):
    """Fails with each of `failures` in turn, as often and, for 0, that much later; then nobody comes."""

    def __init__(self, *failures: int) -> None:
        self.failures = list(failures)

    async def accept(self) -> trio.SocketStream:
        while self.failures:
            number = self.failures.pop(0)
            if number:
                await trio.lowlevel.checkpoint()
                raise OSError(number, errno.errorcode[number])
            await trio.sleep(2 * OVER_S)
        await trio.sleep_forever()
        raise AssertionError

    async def aclose(self) -> None:
        await trio.lowlevel.checkpoint()


async def until_a_word(stream: trio.SocketStream) -> None:
    await stream.receive_some()


async def _come(listener: Listener) -> trio.SocketStream:
    return await trio.open_tcp_stream("127.0.0.1", listener.inner.socket.getsockname()[1])


async def _accepted(listener: Listener, count: int) -> None:
    while listener.accepted < count:
        await wait_all_tasks_blocked(0.01)


async def test_one_too_many_waits_outside_until_somebody_leaves() -> None:
    (inner,) = await trio.open_tcp_listeners(0, host="127.0.0.1")
    listener = Listener(inner)
    with capture_logs() as logs:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(Door(until_a_word, 2).accept, listener, nursery)
            first, second, third = [await _come(listener) for _ in range(3)]
            await _accepted(listener, 2)
            await wait_all_tasks_blocked(0.05)
            assert listener.accepted == 2
            await first.aclose()
            await _accepted(listener, 3)
            for each in (second, third):
                await each.aclose()
            nursery.cancel_scope.cancel()
    assert [(line["event"], line["log_level"]) for line in logs] == [("connections_wait", "warning")]


async def test_a_system_without_descriptors_is_told_of_once_an_outage_and_tried_again(
    autojump_clock: MockClock,
) -> None:
    listener = FailingListener(*[errno.EMFILE] * 500, 0, errno.ENFILE, errno.EMFILE)
    with capture_logs() as logs:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(Door(until_a_word, 10).accept, listener, nursery)
            await trio.sleep(3600)
            assert not listener.failures
            nursery.cancel_scope.cancel()
    assert [line["reason"] for line in logs] == ["EMFILE", "ENFILE"]


async def test_an_error_that_is_no_shortage_is_not_hidden() -> None:
    with pytest.RaisesGroup(pytest.RaisesExc(OSError, match="EBADF")):
        async with trio.open_nursery() as nursery:
            nursery.start_soon(Door(until_a_word, 10).accept, FailingListener(errno.EBADF), nursery)
