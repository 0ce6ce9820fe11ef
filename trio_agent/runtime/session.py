"""Session: one conversation with an agent, from its log to the turn that is running.

Rules. `record` is the one door into the log. Everything that clients see is a level (the log's end, the live text, the State)
behind one Signal. Decisions are made synchronously between two awaits, so no reader sees half of one.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from typing import Any

import msgspec
import trio

from trio_agent.core.cursor import Cursor
from trio_agent.core.display import StoppedBy
from trio_agent.core.errors import Conflict, InvalidContent
from trio_agent.core.machine import ENDINGS, AgentState, step, way
from trio_agent.core.message import Message, ToolCall
from trio_agent.core.prompts import AttachedFile, but_withdrawn, prompt_display
from trio_agent.core.redaction import BY_SHAPE, Redactor
from trio_agent.core.state import Facts, State
from trio_agent.core.usage import CumulativeUsage
from trio_agent.core.wire import encode_json
from trio_agent.runtime.account import Account
from trio_agent.runtime.crowd import Crowd
from trio_agent.runtime.live import Live
from trio_agent.runtime.log import EventLog, Receipt
from trio_agent.runtime.place import Place
from trio_agent.runtime.prompts import Prompts
from trio_agent.runtime.signal import Signal
from trio_agent.runtime.snapshot import Moment, state_of
from trio_agent.runtime.tidy import tidied
from trio_agent.runtime.tool_runs import ToolRuns
from trio_agent.runtime.uploads import Uploads
from trio_agent.runtime.withdrawals import Withdrawals
from trio_agent.runtime.work import Work
from trio_agent.runtime.writer import Writer
from trio_agent.seams import Agent, Attendant, Part, SessionRecord, ToolRun
from trio_agent.tasks import TaskTree, opened

DEFAULT_CANCEL_REASON = "user requested cancellation"  # the seed's words


class Session:
    """One session while its server runs. Made by the hall, which runs `run` in its nursery."""

    def __init__(
        self,
        record: SessionRecord,
        log: EventLog,
        history: Sequence[Message],
        writer: Writer,
        signal: Signal,
        place: Place,
        heartbeat_s: float,
        redactor: Redactor = BY_SHAPE,
    ) -> None:
        self.kept = record
        self.log = log
        self.signal = signal
        self.live = Live(signal, redactor)
        self.ended = record.ended
        self.redactor = redactor
        self._writer = writer
        self._keeping = trio.Lock()
        self._place = place
        self._heartbeat_s = heartbeat_s
        self.account = Account(record.created)
        self.prompts = Prompts()
        self.uploads = Uploads(self)
        self._withdrawals = Withdrawals(self)
        self._facts = record.facts
        self._state = AgentState.READY
        self._state_version = 0
        self._encoded: tuple[tuple[int, int], bytes] = ((-1, 0), b"")
        self.crowd = Crowd(signal)
        self._llm_calls = 0
        self._questions = 0
        self.tasks = TaskTree(signal.notify)
        self._tools = ToolRuns(self.live, self.changed, self.tasks.touch)
        self._work = Work(self)
        self.on_change: Callable[[], None] = lambda: None
        for message in history:
            self.account.see(message)
        log.on_publish = self._published

    # ------------------------------------------------------------------------------------- what an agent uses

    @property
    def id(self) -> str:
        return self.kept.session_id

    @property
    def model(self) -> str:
        return self.kept.model

    @property
    def facts(self) -> Facts:
        return self._facts

    @property
    def notes(self) -> dict[str, str]:
        return dict(self.kept.notes)

    @property
    def usage(self) -> CumulativeUsage:
        return self.account.usage

    @property
    def state(self) -> AgentState:
        return self._state

    async def record(self, message: Message) -> Message:
        """The one door into the log. Durable and visible on return. Raises StoreError."""
        receipt = await self.log.append([self._addressed(message)])
        return receipt.messages[0]

    async def describe(self, facts: Facts, notes: dict[str, str] | None = None) -> None:
        self.show(facts)
        if notes is None:
            await self.keep(facts=self._facts)
        else:
            await self.keep(facts=self._facts, notes=notes)

    def show(self, facts: Facts) -> None:
        # A name made of the user's words, a plan of the model's: clients see these too.
        self._facts = msgspec.convert(self.redactor.redact_all(msgspec.to_builtins(facts)), Facts)
        self.changed()

    def enter(self, state: AgentState) -> None:
        self._state = step(self._state, state)
        self._arrived()

    def end_turn(self, ending: AgentState) -> None:
        self.go_to(ending)

    def go_to(self, state: AgentState) -> None:
        """Walk the table's arrows to `state`."""
        for each in way(self._state, state):
            self._state = step(self._state, each)
        self._arrived()

    def _arrived(self) -> None:
        # Clients take text off the screen when a State says that nobody works: none may be told after it.
        if self._state in ENDINGS or self._state is AgentState.WAITING_FOR_USER_INPUT:
            self.live.drop_parts()
        self.changed()

    def write(self, part: Part, text: str, *, restart: bool = False) -> None:
        self.live.write(part, text, restart=restart)

    @property
    def cancel_reason(self) -> str:
        return self._work.cancel_reason

    def take_prompts(self, until: Callable[[Message], bool] = lambda message: False) -> tuple[Message, ...]:
        taken = self.prompts.take_now(until)
        if taken:
            self.changed()
        return taken

    async def wait_reply(self, question: Message) -> Message:
        await trio.lowlevel.checkpoint()
        with self._asking():
            while True:
                version = self.signal.version
                # No checkpoint from here to the caller: a reply that was taken and then lost would never be heard.
                if (reply := self.prompts.take_reply(question.idx)) is not None:
                    return reply
                await self.signal.wait_past(version)

    @contextmanager
    def _asking(self) -> Iterator[None]:
        self._questions += 1
        self.changed()
        try:
            yield
        finally:
            self._questions -= 1
            self.changed()

    async def choose_model(self, name: str) -> None:
        await self.keep(model=name)

    async def history(self) -> list[Message]:
        waiting = self.prompts.indices
        decoder = msgspec.json.Decoder(Message)
        count = self.log.cursor.index
        messages: list[Message] = []
        while len(messages) < count:
            messages += [decoder.decode(wire) for wire in await self.log.page(len(messages), count)]
        return but_withdrawn(message for message in messages if message.idx not in waiting)

    async def close_open_calls(self, why: str, by: StoppedBy = "failure") -> list[Message]:
        return [await self.record(call.closed(why, by)) for call in self.account.open_calls]

    @asynccontextmanager
    async def asking_model(self) -> AsyncIterator[None]:
        # What was taken along in mid-turn is being answered from here on, and this is where a process is most likely to die.
        await self._work.note_taken()
        self._llm_calls += 1
        self.changed()
        try:
            with opened("model", self.facts.model):
                yield
        finally:
            self._llm_calls -= 1
            self.changed()

    @asynccontextmanager
    async def running_tool(self, call: ToolCall) -> AsyncIterator[ToolRun]:
        with (
            self._tools.running(call) as run,
            opened("tool", call.name, run.scope, stop=run.cancel, tool_call_id=call.tool_call_id),
        ):
            yield run

    # --------------------------------------------------------------------------------------- what clients use

    async def post(
        self,
        text: str,
        *,
        key: str = "",
        digest: str = "",
        files: Sequence[AttachedFile] = (),
        queued: bool = False,
    ) -> Receipt:
        """Take a user's message: durable on return, then answered in a turn, or taken along by the one that runs.

        One that is `queued` waits for that one's end. Raises InvalidContent for one without words and `files`, Conflict where
        the session has ended, KeyReused, StoreError.
        """
        if not text.strip() and not files:
            raise InvalidContent("Message cannot be empty")
        if self.ended:
            raise Conflict("this session has ended")
        message = Message(type="user", content=text, display=prompt_display(files, queued=queued))
        return await self.log.append([self._addressed(message)], key=key, digest=digest)

    async def withdraw(self, idx: int) -> int:
        """Take back the user's message `idx`, which is returned: durable then, and nobody will ever be told it.

        Doing so twice is doing it once. Raises NotFound where that message does not wait (any more), StoreError and Conflict
        where it goes on waiting.
        """
        return await self._withdrawals.withdraw(idx)

    async def withdraw_posted(self, key: str) -> int | None:
        """The same for the message that was posted with `key`; where none was, none will be: None then.

        A post that is still under way is refused while this process lives, and does not outlive it.
        """
        return await self._withdrawals.withdraw_posted(key)

    async def cancel(self, reason: str = "") -> str:
        """Stop the turn that runs, or is about to, if there is one; returns the reason when what it was running is gone.

        Raises StoreError where a turn that had not begun could not be written down as cancelled; it is all the same.
        """
        reason = reason or DEFAULT_CANCEL_REASON
        await self._work.cancel(reason)
        return reason

    async def cancel_tool(self, tool_call_id: str, reason: str = "") -> str:
        """Stop one running tool call and let the others go on. Raises NotFound where no such call is running."""
        reason = reason or DEFAULT_CANCEL_REASON
        await self._tools.cancel(tool_call_id, reason)
        return reason

    async def cancel_task(self, task_id: int, reason: str = "") -> str:
        """Stop one of `tasks` and let the others go on. Raises NotFound where it does not run, or cannot be stopped alone."""
        reason = reason or DEFAULT_CANCEL_REASON
        await self.tasks.stop(task_id, reason)
        return reason

    @property
    def running(self) -> bool:
        """Whether a turn is under way."""
        return self._work.running

    @property
    def asks(self) -> bool:
        """Whether it waits for an answer of the user's."""
        return self._questions > 0

    @property
    def running_since(self) -> float | None:
        """When the turn began that is under way, by Trio's clock; None where there is none."""
        return self._work.running_since

    @property
    def attendant(self) -> Attendant | None:
        """The agent at work here; None until it has begun, which it does when it is wanted."""
        return self._work.attendant

    def want_agent(self) -> None:
        """Let the agent begin, though nobody has said anything: its workspace is to be looked at, or soon will be."""
        self._work.want()

    async def keep(self, **changes: Any) -> None:
        """Change fields of what is kept of the session beside its log. Raises StoreError, Conflict once it is deleted."""
        # One at a time, each on top of the one before: the agent's facts and a user's new title must not undo each other.
        async with self._keeping:
            if self.kept.deleted:
                raise Conflict("this session was deleted")
            record = msgspec.structs.replace(self.kept, **self._summary(), **changes)
            await self._writer.save(record)
            self.kept = record
        self.changed()

    def _summary(self) -> dict[str, object]:
        """What a list of sessions tells of the log, for the record."""
        return {
            "messages": self.log.cursor.index,
            "cost_usd": self.usage.total_cost_usd,
            "updated": self.account.last,
        }

    def end(self) -> None:
        """No more messages: streams say goodbye once they have sent what there is."""
        self.ended = True
        self.changed()

    @asynccontextmanager
    async def watched(self) -> AsyncIterator[None]:
        """Count one connected client for as long as the block lasts."""
        with self.crowd.joined():
            yield

    def changed(self) -> None:
        """The State is another than before, by more than the size of the crowd."""
        self._state_version += 1
        self.signal.notify()
        self.on_change()

    @property
    def state_version(self) -> int:
        return self._state_version

    def snapshot(self) -> State:
        """The State as it is now."""
        return self._state_at(self.log.cursor)

    def state_json(self, cursor: Cursor) -> bytes:
        """The State for a reader who was sent the messages before `cursor`: ASCII JSON, encoded once for all of them."""
        version, rest = self._encoded
        if version != (present := (self._state_version, self.crowd.size)):
            rest = encode_json(self._state_at(cursor)).partition(b'"log":')[2]
            self._encoded = (present, rest)
        return b'{"message_count":%d,"cursor":"%b","log":%b' % (cursor.index, str(cursor).encode(), rest)

    async def run(self, agent: Agent, history: list[Message]) -> None:
        """Let `agent` work here until cancelled. `history` is the log so far; it is emptied, for it may be large."""
        with self.tasks.noted():
            await self._work.run(agent, history)

    def _published(self, messages: Sequence[Message]) -> None:
        for message in messages:
            self.account.see(message)
            if message.parent_conversation_id:
                continue  # a sub-agent's: it writes no live text, and its task is nobody's prompt
            if message.type == "agent":
                self.live.drop_parts()
            # In the same instant as it is visible: a message is either history or still to be answered, never both.
            elif message.type == "user":
                self.prompts.add(message)
        self._state_version += 1
        self.on_change()

    def _addressed(self, message: Message) -> Message:
        tidy = tidied(message, self.redactor)
        return tidy if tidy.conversation_id else msgspec.structs.replace(tidy, conversation_id=self.id)

    def _state_at(self, cursor: Cursor) -> State:
        now = Moment(
            agent_state=self._state,
            usage=self.account.usage,
            llm_calls=self._llm_calls,
            tools=self._tools.names,
            streams=self.crowd.size,
            ended=self.ended,
        )
        return state_of(self.id, cursor, self.kept.title, self._facts, self._place, now, self._heartbeat_s)
