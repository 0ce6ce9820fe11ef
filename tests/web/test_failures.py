"""What fails on our side: it is told without its insides, logged under the request's id, and stays where it happened."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import pytest
import structlog
import trio
from structlog.testing import capture_logs
from trio.testing import MockClock, wait_all_tasks_blocked

from tests.web.echo_agent import EchoAgent
from tests.web.serving import open_events, read_all, read_until, serving_app, settled, tasks
from trio_agent.core.errors import RepositoryError
from trio_agent.core.message import Message
from trio_agent.seams import Attendant, Entry, SessionHandle
from trio_agent.stores.memory import MemoryStore
from trio_agent.web.polling import BEGIN_S


class _BuggyAttendant:
    async def turn(self, prompts: Sequence[Message]) -> None:
        await trio.lowlevel.checkpoint()

    async def diff(self, commit: str) -> str:
        await trio.lowlevel.checkpoint()
        secret = commit + "canary"
        raise ZeroDivisionError(f"in the insides: {len(secret)}")


class _BuggyAgent(EchoAgent):
    @asynccontextmanager
    async def attend(self, session: SessionHandle, history: Sequence[Message]) -> AsyncIterator[Attendant]:
        await trio.lowlevel.checkpoint()
        yield _BuggyAttendant()


async def test_a_bug_of_ours_is_told_without_its_insides_and_logged_under_the_requests_id() -> None:
    async with serving_app(_BuggyAgent()) as server, server.client() as client:
        with capture_logs(processors=[structlog.contextvars.merge_contextvars]) as logs:
            answer = await client.get("/diff")
        assert answer.status_code == 500
        assert answer.headers["Content-Type"] == "application/problem+json"
        assert "insides" not in answer.text
        (crash,) = [each for each in logs if each["event"] == "request_crashed"]
        assert crash["request"] == answer.json()["instance"] == answer.headers["X-Request-Id"]
        assert (await client.get("/state")).status_code == 200


class _BuggyStore(MemoryStore):
    async def read(self, log: str, start: int, stop: int) -> list[Entry]:
        if start:
            raise ZeroDivisionError("in the insides")
        return await super().read(log, start, stop)


async def test_a_bug_in_one_stream_ends_that_stream_alone(mock_clock: MockClock) -> None:
    async with serving_app(store=_BuggyStore()) as server, server.client() as client:
        # Enough to push the beginning out of memory, so that a stream that starts there asks the store.
        await server.record(*["x" * 1_000_000] * 20)
        async with open_events(client, "stream?from=20") as healthy:
            await healthy.next_of("state")
            before = tasks()
            with capture_logs() as logs:
                async with await server.connect() as stream:
                    await stream.send_all(server.request("/stream"))
                    await read_until(stream, b"event: ready")
                    assert b"event: bye" not in await read_all(stream)
                await settled(lambda: tasks() == before)
            assert [each["event"] for each in logs if each["log_level"] == "error"] == ["response_crashed"]
            await server.record("still here")
            while "still here" not in (await healthy.next_of("message")).data:
                pass


class _LateAgent(EchoAgent):
    """Begins when it may, or says that it cannot."""

    def __init__(self, *, fails: bool = False) -> None:
        super().__init__()
        self.may_begin = trio.Event()
        self._fails = fails

    @asynccontextmanager
    async def attend(self, session: SessionHandle, history: Sequence[Message]) -> AsyncIterator[Attendant]:
        if self._fails:
            raise RepositoryError("no repository")
        await self.may_begin.wait()
        async with super().attend(session, history) as attendant:
            yield attendant


async def test_a_diff_waits_for_the_agent_to_be_at_work() -> None:
    agent = _LateAgent()
    async with serving_app(agent) as server, server.client() as client, trio.open_nursery() as nursery:
        answered = trio.Event()

        async def ask() -> None:
            assert (await client.get("/diff")).status_code == 200
            answered.set()

        nursery.start_soon(ask)
        await wait_all_tasks_blocked(0.02)
        assert not answered.is_set()
        agent.may_begin.set()
        await answered.wait()


@pytest.mark.parametrize("fails", [True, False])
async def test_where_no_agent_is_at_work_there_is_no_diff(fails: bool, mock_clock: MockClock) -> None:
    async with serving_app(_LateAgent(fails=fails)) as server, await server.connect() as stream:
        await stream.send_all(server.request("/diff"))
        await wait_all_tasks_blocked(0.02)
        mock_clock.jump(BEGIN_S)
        assert (await read_until(stream, b"\r\n\r\n")).startswith(b"HTTP/1.1 409")
