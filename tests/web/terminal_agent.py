"""An agent whose terminals are played by the test: no shell, no process."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import trio

from tests.web.echo_agent import EchoAgent
from trio_agent.core.errors import NotFound
from trio_agent.core.message import Message
from trio_agent.seams import Attendant, SessionHandle, Shown, Terminal


class PlayedTerminal:
    """Shows what the test says, and keeps what was typed."""

    def __init__(self) -> None:
        self.shown = b"scrollback\r\n"
        self.begin = 0
        self.typed = b""
        self.size = (80, 24)
        self.exit_status: int | None = None
        self.over = False
        self.closed = False
        self.program: str | None = None
        self.deaf = False
        self.version = 0
        self._wake = trio.Event()

    def show(self, data: bytes, *, forget: bool = False) -> None:
        self.shown += data
        if forget:
            self.begin = len(self.shown) - len(data)
        self._notify()

    def change(self, *, exit_status: int | None = None, over: bool = False) -> None:
        self.exit_status, self.over = exit_status, over
        self.version += 1
        self._notify()

    async def follow(self, position: int, version: int) -> Shown:
        await trio.lowlevel.checkpoint()
        while position == len(self.shown) and version == self.version:
            await self._wake.wait()
        skipped = -1 < position < self.begin
        begin = self.begin if skipped or position == -1 else position
        data = self.shown[begin : begin + 65536]
        return Shown(
            data=data,
            position=begin + len(data),
            live=begin + len(data) == len(self.shown),
            skipped=skipped,
            version=self.version,
            columns=self.size[0],
            rows=self.size[1],
            exit_status=self.exit_status,
            over=self.over,
            closed=self.closed,
        )

    async def write(self, data: bytes) -> None:
        await trio.lowlevel.checkpoint()
        if self.deaf:
            await trio.sleep_forever()
        self.typed += data
        self._notify()

    def resize(self, columns: int, rows: int) -> None:
        self.size = (columns, rows)
        self.version += 1
        self._notify()

    def close(self, *, now: bool) -> str | None:
        if self.program is not None and not now:
            return self.program
        self.closed = True
        self.change(over=True)
        return None

    async def wait_typed(self, data: bytes) -> None:
        while self.typed != data:
            await self._wake.wait()

    async def wait_size(self, *size: int) -> None:
        while self.size != size:
            await self._wake.wait()

    def _notify(self) -> None:
        wake, self._wake = self._wake, trio.Event()
        wake.set()


class TerminalAgent(EchoAgent):
    """An EchoAgent with terminals 1 and 2, the same in all sessions. `asked` are the numbers that viewers wanted."""

    def __init__(self) -> None:
        super().__init__()
        self.terminals = {1: PlayedTerminal(), 2: PlayedTerminal()}
        self.asked: list[int] = []

    @asynccontextmanager
    async def attend(self, session: SessionHandle, history: Sequence[Message]) -> AsyncIterator[Attendant]:
        async with super().attend(session, history) as attendant:
            yield _WithTerminals(attendant, self.terminals, self.asked)


class _WithTerminals:
    def __init__(self, attendant: Attendant, terminals: dict[int, PlayedTerminal], asked: list[int]) -> None:
        self._attendant = attendant
        self._terminals = terminals
        self._asked = asked

    async def turn(self, prompts: Sequence[Message]) -> None:
        await self._attendant.turn(prompts)

    async def diff(self, commit: str) -> str:
        return await self._attendant.diff(commit)

    async def terminal(self, number: int) -> Terminal:
        await trio.lowlevel.checkpoint()
        self._asked.append(number)
        if number not in self._terminals:
            raise NotFound("no such terminal")
        return self._terminals[number]
