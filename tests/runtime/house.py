"""What the tests of the runtime are made with: a store that can be held up, an agent whose turn is a function, a log."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager

import msgspec
import trio
import trio.testing

from trio_agent.core.machine import AgentState
from trio_agent.core.message import Message, ToolCall
from trio_agent.core.sse import Event, Parser
from trio_agent.runtime.hall import Hall, open_hall
from trio_agent.runtime.log import TAIL_BYTES, EventLog, open_log
from trio_agent.runtime.session import Session
from trio_agent.runtime.signal import Signal
from trio_agent.runtime.writer import Writer
from trio_agent.seams import Attendant, Entry, SessionHandle, SessionRecord
from trio_agent.stores.memory import MemoryStore

LOG = "abcdefgh234567ab"
NOW = 1_795_000_000.0
PROJECT = "/srv/project"


class HouseStore(MemoryStore):
    """A store in memory whose writes can be held at a gate, or refused; it counts its appends and reads."""

    def __init__(self) -> None:
        super().__init__()
        self.gate = trio.Event()
        self.gate.set()
        self.refusal: Exception | None = None
        self.groups: list[int] = []
        self.asked: list[int] = []
        """How many entries each read asked for."""
        self.reads = 0
        self.saves = 0

    async def append(self, entries: Sequence[Entry]) -> None:
        await self._admitted()
        self.groups.append(len(entries))
        await super().append(entries)

    async def read(self, log: str, start: int, stop: int) -> list[Entry]:
        self.asked.append(stop - start)
        self.reads += 1
        return await super().read(log, start, stop)

    async def save(self, record: SessionRecord) -> None:
        await self._admitted()
        self.saves += 1
        await super().save(record)

    async def _admitted(self) -> None:
        await self.gate.wait()
        if self.refusal is not None:
            raise self.refusal


Turn = Callable[[SessionHandle, Sequence[Message]], Awaitable[None]]


async def answer_at_once(session: SessionHandle, prompts: Sequence[Message]) -> None:
    told = " + ".join(prompt.content for prompt in prompts)
    await session.record(Message(type="agent", content=f"to {told}", end_of_turn=True))


class HouseAgent:
    """An agent whose turn is a function. It keeps what it was given, and refuses to attend while `refusal` stands."""

    def __init__(self, turn: Turn = answer_at_once) -> None:
        self.turn = turn
        self.refusal: Exception | None = None
        self.attempts = 0
        self.histories: list[list[str]] = []
        self.heard: list[list[str]] = []
        self.forgotten: list[str] = []

    @asynccontextmanager
    async def attend(self, session: SessionHandle, history: Sequence[Message]) -> AsyncIterator[Attendant]:
        self.attempts += 1
        await trio.lowlevel.checkpoint()
        if self.refusal is not None:
            raise self.refusal
        self.histories.append([message.content for message in history])
        yield _HouseAttendant(self, session)

    async def forget(self, session_id: str) -> None:
        await trio.lowlevel.checkpoint()
        self.forgotten.append(session_id)


class _HouseAttendant:
    def __init__(self, agent: HouseAgent, session: SessionHandle) -> None:
        self._agent = agent
        self._session = session

    async def turn(self, prompts: Sequence[Message]) -> None:
        self._agent.heard.append([prompt.content for prompt in prompts])
        await self._agent.turn(self._session, prompts)

    async def diff(self, commit: str) -> str:
        await trio.lowlevel.checkpoint()
        return ""


def house_hall(store: HouseStore, agent: HouseAgent, project: str = PROJECT) -> AbstractAsyncContextManager[Hall]:
    return open_hall(store, agent, project=project, clock=lambda: NOW)


@asynccontextmanager
async def at_work(store: HouseStore, agent: HouseAgent) -> AsyncIterator[Session]:
    """The newest session of a hall, with its agent waiting for words."""
    async with house_hall(store, agent) as hall:
        session = await hall.newest()
        await trio.testing.wait_all_tasks_blocked()
        yield session


async def make_log(store: HouseStore, writer: Writer | None = None, log: str = LOG, tail: int = TAIL_BYTES) -> EventLog:
    """The log as a process that starts now finds it."""
    made, _ = await open_log(log, store, writer or Writer(store), lambda: NOW, Signal(), tail)
    return made


def auto(text: str) -> Message:
    return Message(type="auto", content=text)


def calling(*names: str) -> Message:
    """An agent's message that calls tools; each call's id is `id-` and the tool's name."""
    calls = tuple(ToolCall(name=name, input="{}", tool_call_id=f"id-{name}") for name in names)
    return Message(type="agent", tool_calls=calls)


async def logged(session: Session) -> list[Message]:
    """All messages of the session, as they are kept."""
    messages: list[Message] = []
    while len(messages) < (count := session.log.cursor.index):
        wires = await session.log.page(len(messages), count)
        messages += [msgspec.json.decode(wire, type=Message) for wire in wires]
    return messages


async def lines(session: Session) -> list[str]:
    """The session's log in short: `type: text` a message."""
    return [f"{message.type}: {message.content or message.tool_result}" for message in await logged(session)]


async def at_rest(session: Session) -> None:
    """Wait until the session has no turn and everybody waits for somebody else."""
    await trio.testing.wait_all_tasks_blocked()
    while session.running:
        await session.signal.wait_past(session.signal.version)
        await trio.testing.wait_all_tasks_blocked()


def watch_states(session: Session) -> list[AgentState]:
    """A list that from now on gets every state the session enters; its first is the present one."""
    states = [session.state]

    class Watched(Session):
        def __setattr__(self, name: str, value: object) -> None:
            if name == "_state" and isinstance(value, AgentState):
                states.append(value)
            super().__setattr__(name, value)

    session.__class__ = Watched
    return states


def events(chunk: bytes) -> list[Event]:
    return Parser().feed(chunk)
