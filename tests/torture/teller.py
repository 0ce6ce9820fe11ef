"""An agent that tells stories: text piece by piece, thoughts, tools, second thoughts, and turns that fail."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from random import Random

import trio

from tests.torture import history as h
from tests.torture.network import Record
from trio_agent.core.message import Message, ToolCall
from trio_agent.seams import Attendant, Part, SessionHandle

PIECES = (
    "word ",
    "naïve ",
    "строка ",
    "漢字",
    "👩‍🚀🛰",
    "a\u2028b\u2029c\u0085d",
    "line\r\nline\n",
    "data: \n\n",
    'q"\\',
    "\x00\x1f",
    "𝔘",
)
"""What has broken other people's streams: text that is no ASCII, line ends that are none, and the protocol's own words."""


def some_text(random: Random, pieces: int) -> str:
    return "".join(random.choices(PIECES, k=pieces))


class Teller:
    """Answers every prompt with a story of `random`'s making; all of it is recorded as facts."""

    def __init__(self, random: Random, record: Record, count: Callable[[str], None]) -> None:
        self.random = random
        self.record = record
        self.count = count
        self.calls = 0

    @asynccontextmanager
    async def attend(self, session: SessionHandle, history: Sequence[Message]) -> AsyncIterator[Attendant]:
        await trio.lowlevel.checkpoint()
        yield _Attendant(self, session)

    async def forget(self, session_id: str) -> None:
        await trio.lowlevel.checkpoint()


class _Attendant:
    def __init__(self, teller: Teller, session: SessionHandle) -> None:
        self._teller = teller
        self._session = session
        self._written: dict[Part, str] = {}

    async def turn(self, prompts: Sequence[Message]) -> None:
        try:
            await self._tell()
        finally:
            self._teller.record(h.GivenUp(trio.current_time(), self._log))

    async def diff(self, commit: str) -> str:
        await trio.lowlevel.checkpoint()
        return ""

    async def _tell(self) -> None:
        random = self._teller.random
        self._written.clear()
        if random.random() < 0.3:
            await self._use_tool()
        if random.random() < 0.4:
            await self._write("thinking", random.randint(1, 6))
        await self._write("content", random.randint(1, 12))
        if random.random() < 0.2:
            self._teller.count("text begun anew")
            await self._write("content", random.randint(1, 8), restart=True)
        if random.random() < 0.15:
            self._teller.count("turn failed within its text")
            raise RuntimeError("the story breaks off")
        await self._tell_written()

    async def _write(self, part: Part, pieces: int, restart: bool = False) -> None:
        random, log = self._teller.random, self._log
        for number in range(pieces):
            text = some_text(random, random.choice((1, 1, 3, 20)))
            begins = restart and number == 0
            self._written[part] = text if begins else self._written.get(part, "") + text
            self._teller.record(h.Written(trio.current_time(), log, part, self._written[part]))
            self._session.write(part, text, restart=begins)
            await trio.sleep(random.choice((0, 0.02, 0.02, 0.3)))

    async def _use_tool(self) -> None:
        random, teller = self._teller.random, self._teller
        teller.calls += 1
        call = ToolCall(name="bash", input="{}", tool_call_id=f"call-{teller.calls}")
        if random.random() < 0.7:
            await self._write("content", random.randint(1, 4))
        await self._tell_written(calls=(call,))
        output = ""
        async with self._session.running_tool(call) as run:
            for _ in range(random.randint(0, 6)):
                text = some_text(random, random.choice((1, 5, 400)))
                output += text
                teller.record(h.Emitted(trio.current_time(), self._log, call.tool_call_id, output))
                run.emit(text)
                await trio.sleep(random.choice((0, 0.05, 0.2)))
        await self._session.record(
            Message(type="tool", tool_name="bash", tool_call_id=call.tool_call_id, tool_result=output[-50:])
        )

    async def _tell_written(self, calls: tuple[ToolCall, ...] = ()) -> None:
        told = Message(
            type="agent",
            content=self._written.get("content", ""),
            thinking=self._written.get("thinking", ""),
            tool_calls=calls,
            end_of_turn=not calls,
        )
        self._written.clear()
        await self._session.record(told)

    @property
    def _log(self) -> str:
        # The agent's own seam knows no log; the session behind it does.
        return str(self._session.log.cursor.log)  # type: ignore[attr-defined]
