"""Session: one conversation with an agent, from its log to the turn that is running.

Rules. `record` is the one door into the log. Everything that clients see is a level (the log's end, the live text, the State)
behind one Signal. Decisions are made synchronously between two awaits, so no reader sees half of one. A turn runs in a cancel
scope of its own; what it leaves unfinished is written down here, after the scope, where nothing is cancelled any more.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

import msgspec
import structlog
import trio

from trio_agent.core.cursor import Cursor
from trio_agent.core.errors import Conflict, InvalidContent, StoreError, TrioAgentError
from trio_agent.core.machine import ENDINGS, AgentState, step, way
from trio_agent.core.message import Message, ToolCall
from trio_agent.core.state import Facts, State
from trio_agent.core.usage import CumulativeUsage
from trio_agent.core.wire import encode_json
from trio_agent.runtime.account import Account
from trio_agent.runtime.live import Live
from trio_agent.runtime.log import EventLog, Receipt
from trio_agent.runtime.place import Place
from trio_agent.runtime.prompts import Prompts
from trio_agent.runtime.signal import Signal
from trio_agent.runtime.snapshot import Moment, state_of
from trio_agent.runtime.tidy import tidied
from trio_agent.runtime.tool_runs import ToolRuns
from trio_agent.runtime.writer import Writer
from trio_agent.seams import Agent, Attendant, Part, SessionRecord, ToolRun

DEFAULT_CANCEL_REASON = "user requested cancellation"  # the seed's words
INTERRUPTED = "trio-agent was restarted while this was running. Nothing was run again. Say 'continue' to go on."

logger = structlog.get_logger(__name__)


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
    ) -> None:
        self.kept = record
        self.log = log
        self.signal = signal
        self.live = Live(signal)
        self.attendant: Attendant | None = None
        self.ended = record.ended
        self._writer = writer
        self._keeping = trio.Lock()
        self._place = place
        self._heartbeat_s = heartbeat_s
        self._account = Account(record.created)
        self._facts = record.facts
        self._state = AgentState.READY
        self._state_version = 0
        self._encoded: tuple[int, bytes] = (-1, b"")
        self._streams = 0
        self._llm_calls = 0
        self._tools = ToolRuns(self.live, self.changed)
        self._prompts = Prompts()
        self._turn_scope: trio.CancelScope | None = None
        self._cancel_reason = ""
        self._idle = trio.Event()
        for message in history:
            self._account.see(message)
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
        return self._account.usage

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
            await self.keep(facts=facts)
        else:
            await self.keep(facts=facts, notes=notes)

    def show(self, facts: Facts) -> None:
        self._facts = facts
        self.changed()

    def enter(self, state: AgentState) -> None:
        self._state = step(self._state, state)
        self.changed()

    def end_turn(self, ending: AgentState) -> None:
        self._go_to(ending)

    def write(self, part: Part, text: str, *, restart: bool = False) -> None:
        self.live.write(part, text, restart=restart)

    def take_prompts(self) -> tuple[Message, ...]:
        return self._prompts.take()

    async def close_open_calls(self, why: str) -> None:
        await self._close_calls(why)

    @asynccontextmanager
    async def asking_model(self) -> AsyncIterator[None]:
        self._llm_calls += 1
        self.changed()
        try:
            yield
        finally:
            self._llm_calls -= 1
            self.changed()

    @asynccontextmanager
    async def running_tool(self, call: ToolCall) -> AsyncIterator[ToolRun]:
        with self._tools.running(call) as run:
            yield run

    # --------------------------------------------------------------------------------------- what clients use

    async def post(self, text: str, *, key: str = "", digest: str = "") -> Receipt:
        """Take a user's message: durable on return, then answered in a turn, or taken along by the one that runs.

        Raises InvalidContent for an empty one, Conflict where the session has ended, KeyReused, StoreError.
        """
        if not text.strip():
            raise InvalidContent("Message cannot be empty")
        if self.ended:
            raise Conflict("this session has ended")
        return await self.log.append([self._addressed(Message(type="user", content=text))], key=key, digest=digest)

    async def cancel(self, reason: str = "") -> str:
        """Stop the turn that runs, or is about to, if there is one; returns the reason when what it was running is gone.

        Raises StoreError where a turn that had not begun could not be written down as cancelled; it is all the same.
        """
        reason = reason or DEFAULT_CANCEL_REASON
        if self._turn_scope is not None:
            if not self._turn_scope.cancel_called:
                self._cancel_reason = reason
            self._turn_scope.cancel()
            await self._idle.wait()
        elif self._prompts.ready:
            # Posted, but nobody at work on it yet: a workspace can take minutes to make.
            self._prompts.hold()
            await self._notice_cancel(reason)
        else:
            await trio.lowlevel.checkpoint()
        return reason

    async def cancel_tool(self, tool_call_id: str, reason: str = "") -> str:
        """Stop one running tool call and let the others go on. Raises NotFound where no such call is running."""
        reason = reason or DEFAULT_CANCEL_REASON
        await self._tools.cancel(tool_call_id, reason)
        return reason

    @property
    def running(self) -> bool:
        return self._turn_scope is not None

    async def keep(self, **changes: Any) -> None:
        """Change fields of what is kept of the session beside its log. Raises StoreError, Conflict once it is deleted."""
        # One at a time, each on top of the one before: the agent's facts and a user's new title must not undo each other.
        async with self._keeping:
            if self.kept.deleted:
                raise Conflict("this session was deleted")
            record = msgspec.structs.replace(self.kept, **changes)
            await self._writer.save(record)
            self.kept = record
        self.changed()

    def end(self) -> None:
        """No more messages: streams say goodbye once they have sent what there is."""
        self.ended = True
        self.changed()

    @asynccontextmanager
    async def watched(self) -> AsyncIterator[None]:
        """Count one connected client for as long as the block lasts."""
        self._streams += 1
        self.changed()
        try:
            yield
        finally:
            self._streams -= 1
            self.changed()

    def changed(self) -> None:
        """The State is another than before."""
        self._state_version += 1
        self.signal.notify()

    @property
    def state_version(self) -> int:
        return self._state_version

    def snapshot(self) -> State:
        """The State as it is now."""
        return self._state_at(self.log.cursor)

    def state_json(self, cursor: Cursor) -> bytes:
        """The State for a reader who was sent the messages before `cursor`: ASCII JSON, encoded once for all of them."""
        version, rest = self._encoded
        if version != self._state_version:
            rest = encode_json(self._state_at(cursor)).partition(b'"log":')[2]
            self._encoded = (self._state_version, rest)
        return b'{"message_count":%d,"cursor":"%b","log":%b' % (cursor.index, str(cursor).encode(), rest)

    # ------------------------------------------------------------------------------------------------ at work

    async def run(self, agent: Agent, history: Sequence[Message]) -> None:
        """Work until cancelled. An agent that fails to begin is asked again when the user next says something."""
        first: Sequence[Message] | None = [*history, *await self._settle_after_restart()]
        while True:
            try:
                recorded = await self._history() if first is None else first
                first = None
                async with agent.attend(self, recorded) as self.attendant:
                    await self._attend(self.attendant)
            except* Exception as group:
                self.attendant = None
                logger.error("agent_unavailable", session=self.id, exc_info=group)
                # Before the complaint: what is said from here on is a reason to ask again.
                self._prompts.hold()
                await self._complain(f"{_describe(group)}. Send another message to try again.")
            await self._wait_prompts()

    async def _history(self) -> list[Message]:
        """The log so far, without the prompts that no turn has taken up."""
        waiting = self._prompts.indices
        decoder = msgspec.json.Decoder(Message)
        messages = [decoder.decode(wire) for wire in await self.log.wires(0, self.log.cursor.index)]
        return [message for message in messages if message.idx not in waiting]

    async def _attend(self, attendant: Attendant) -> None:
        self._go_to(AgentState.WAITING_FOR_USER_INPUT)
        while True:
            await self._wait_prompts()
            await self._turn(attendant, self.take_prompts())

    async def _turn(self, attendant: Attendant, prompts: Sequence[Message]) -> None:
        self._idle = trio.Event()
        self._go_to(AgentState.SENDING_TO_LLM)
        try:
            with trio.CancelScope() as self._turn_scope:
                try:
                    await self._note_turn(prompts)
                    await attendant.turn(prompts)
                    if self._state not in ENDINGS:
                        self._go_to(AgentState.END_OF_TURN)
                except* StoreError as group:
                    # The log is whole as far as it goes. A full disk often has room for the few words that say so.
                    logger.error("turn_stopped_by_store", session=self.id, reason=_describe(group))
                    await self._complain(f"The turn was stopped: {_describe(group)}. Type 'continue' to try again.")
                except* Exception as group:
                    logger.error("turn_failed", session=self.id, exc_info=group)
                    await self._complain(f"The agent failed: {_describe(group)}. Type 'continue' to try again.")
            if self._turn_scope.cancelled_caught:
                await self._write_down_cancel()
        finally:
            self.live.drop_parts()
            self._turn_scope = None
            self._idle.set()
            self._go_to(AgentState.WAITING_FOR_USER_INPUT)

    async def _note_turn(self, prompts: Sequence[Message]) -> None:
        """Keep that a turn began, where the log does not show it: something was recorded after the words it answers."""
        count = self.log.cursor.index
        if not prompts or prompts[-1].idx + 1 == count:
            return
        try:
            await self.keep(turn_from=count)
        except StoreError as exc:
            # No reason not to hear the user's words: where nothing can be recorded, the turn itself will find out.
            logger.error("turn_not_noted", session=self.id, reason=str(exc))

    async def _write_down_cancel(self) -> None:
        try:
            await self.close_open_calls(f"Cancelled before it finished: {self._cancel_reason}")
            await self._notice_cancel(self._cancel_reason)
        except StoreError as exc:
            logger.error("cancel_not_recorded", session=self.id, reason=str(exc))
        self._go_to(AgentState.CANCELLED)

    async def _notice_cancel(self, reason: str) -> None:
        await self.record(Message(type="error", content=f"Cancelled: {reason}"))

    async def _complain(self, text: str) -> None:
        try:
            await self.close_open_calls("Did not finish: the turn failed.")
            await self.record(Message(type="error", content=text))
        except StoreError as exc:
            logger.error("error_not_recorded", session=self.id, reason=str(exc))
        if self._state is not AgentState.READY:
            self._go_to(AgentState.ERROR)
            self._go_to(AgentState.WAITING_FOR_USER_INPUT)

    async def _settle_after_restart(self) -> list[Message]:
        """Show a turn that the process did not survive as interrupted, once; what was recorded for that."""
        if not self._account.in_turn(self.kept.turn_from):
            return []
        try:
            closed = await self._close_calls(INTERRUPTED)
            return [*closed, await self.record(Message(type="error", content=INTERRUPTED))]
        except StoreError as exc:
            # A session on a full disk is still worth reading. The log stays open-ended, which every reader of it can bear.
            logger.error("interruption_not_recorded", session=self.id, reason=str(exc))
            return []

    async def _close_calls(self, why: str) -> list[Message]:
        return [
            await self.record(
                Message(
                    type="tool",
                    tool_name=call.name,
                    input=call.input,
                    tool_call_id=call.tool_call_id,
                    tool_result=why,
                    tool_error=True,
                )
            )
            for call in self._account.open_calls
        ]

    async def _wait_prompts(self) -> None:
        while not self._prompts.ready:
            await self.signal.wait_past(self.signal.version)

    def _go_to(self, state: AgentState) -> None:
        for each in way(self._state, state):
            self._state = step(self._state, each)
        self.changed()

    def _published(self, messages: Sequence[Message]) -> None:
        for message in messages:
            self._account.see(message)
            if message.type == "agent":
                self.live.drop_parts()
            # In the same instant as it is visible: a message is either history or still to be answered, never both.
            elif message.type == "user" and not message.parent_conversation_id:
                self._prompts.add(message)
        self._state_version += 1

    def _addressed(self, message: Message) -> Message:
        tidy = tidied(message)
        return tidy if tidy.conversation_id else msgspec.structs.replace(tidy, conversation_id=self.id)

    def _state_at(self, cursor: Cursor) -> State:
        now = Moment(
            agent_state=self._state,
            usage=self._account.usage,
            llm_calls=self._llm_calls,
            tools=self._tools.names,
            streams=self._streams,
            ended=self.ended,
        )
        return state_of(self.id, cursor, self.kept.title, self._facts, self._place, now, self._heartbeat_s)


def _describe(group: BaseExceptionGroup[Exception]) -> str:
    """One line about the first thing that went wrong, without a full stop."""
    error: BaseException = group
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    told = " ".join(str(error).split()).removesuffix(".")
    if isinstance(error, TrioAgentError):
        return told
    return f"{type(error).__name__}: {told}" if told else type(error).__name__
