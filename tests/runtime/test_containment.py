"""What would end the program, raised by an agent, ends what the agent was doing; but Ctrl-C still ends all."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
import trio
from structlog.testing import capture_logs
from trio.testing import wait_all_tasks_blocked

from tests.runtime.house import HouseAgent, HouseStore, at_rest, at_work, house_hall, lines
from trio_agent.core.message import Message
from trio_agent.runtime.containment import contained
from trio_agent.seams import Attendant, SessionHandle

ROOT = Path(__file__).resolve().parents[2]
ENDS = [SystemExit(3), GeneratorExit(), KeyboardInterrupt()]


class Ending(HouseAgent):
    """Raises `end` as long as it stands: where it begins to attend, where it ends to, or where it forgets."""

    def __init__(self, end: BaseException, where: str) -> None:
        super().__init__()
        self.end: BaseException | None = end
        self._where = where

    @asynccontextmanager
    async def attend(self, session: SessionHandle, history: Sequence[Message]) -> AsyncIterator[Attendant]:
        self._reached("begins")
        async with super().attend(session, history) as attendant:
            try:
                yield attendant
            finally:
                self._reached("leaves")

    async def forget(self, session_id: str) -> None:
        self._reached("forgets")
        await super().forget(session_id)

    def _reached(self, where: str) -> None:
        if where == self._where and self.end is not None:
            raise self.end


@pytest.mark.parametrize("end", ENDS, ids=lambda end: type(end).__name__)
async def test_an_agent_that_cannot_begin_for_it_is_asked_again(end: BaseException) -> None:
    agent = Ending(end, "begins")
    with capture_logs():
        async with at_work(HouseStore(), agent) as session:
            assert await lines(session) == [
                f"error: RuntimeError: it raised {type(end).__name__}. Send another message to try again."
            ]
            agent.end = None
            await session.post("hi")
            await at_rest(session)
            assert (await lines(session))[-1] == "agent: to hi"


@pytest.mark.parametrize("end", ENDS, ids=lambda end: type(end).__name__)
async def test_a_turn_fails_for_it_and_other_sessions_go_on(end: BaseException) -> None:
    async def turn(session: SessionHandle, prompts: Sequence[Message]) -> None:
        if prompts[0].content == "end":
            async with trio.open_nursery() as nursery:
                nursery.start_soon(trio.sleep_forever)
                raise end
        await session.record(Message(type="agent", content="fine", end_of_turn=True))

    with capture_logs():
        async with house_hall(HouseStore(), HouseAgent(turn)) as hall:
            first, second = await hall.newest(), await hall.create()
            await wait_all_tasks_blocked()
            await first.post("end")
            await at_rest(first)
            assert (await lines(first))[-1].startswith("error: The agent failed: RuntimeError: it raised ")
            for session in (first, second):
                await session.post("hi")
                await at_rest(session)
                assert (await lines(session))[-1] == "agent: fine"


@pytest.mark.parametrize("end", ENDS, ids=lambda end: type(end).__name__)
async def test_a_session_is_deleted_all_the_same(end: BaseException) -> None:
    with capture_logs() as logs:
        async with house_hall(HouseStore(), Ending(end, "forgets")) as hall:
            session = await hall.newest()
            await wait_all_tasks_blocked()
            await hall.delete(session.id)
            assert hall.records() == []
    assert [entry["event"] for entry in logs if entry["log_level"] == "error"] == ["session_not_forgotten"]


@pytest.mark.parametrize("end", ENDS, ids=lambda end: type(end).__name__)
async def test_an_agent_that_raises_it_while_it_leaves_keeps_nobody_from_leaving(end: BaseException) -> None:
    left = False
    with capture_logs():
        async with at_work(HouseStore(), Ending(end, "leaves")):
            left = True
    assert left


def test_ctrl_c_that_strikes_an_agent_ends_the_program() -> None:
    # Not this one: a signal that goes astray would end the tests.
    line = [sys.executable, "-m", "tests.runtime.struck"]
    done = subprocess.run(line, cwd=ROOT, capture_output=True, text=True, timeout=100)
    assert done.returncode == 0, done.stderr
    last, interrupted = done.stdout.splitlines()
    assert last.startswith("error: The agent failed: RuntimeError: it raised KeyboardInterrupt.")
    assert interrupted == "interrupted"


def test_other_errors_pass_and_a_group_keeps_what_else_went_wrong() -> None:
    with pytest.raises(ValueError, match="mine"), contained():
        raise ValueError("mine")
    with pytest.RaisesGroup(ValueError, RuntimeError, flatten_subgroups=True), contained():
        raise BaseExceptionGroup("", [ValueError("mine"), SystemExit(3)])
