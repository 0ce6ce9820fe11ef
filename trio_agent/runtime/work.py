"""Work: an agent at work in one session, from a restart's leftovers to the turn that is running.

Rules. A turn runs in a cancel scope of its own; what it leaves unfinished is written down here, after the scope, where nothing
is cancelled any more. Whatever an agent does, the session lives on, and its user is told.

That a turn begins, and which words it answers, is noted before it does anything, and that it ended once all is recorded: a
process that dies anywhere between, or before words that wait are taken up, says so when it is back. Where it dies between the
last record and the note, it says so once too often rather than not at all.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import structlog
import trio

from trio_agent.core.errors import Conflict, StoreError, TrioAgentError, first_error
from trio_agent.core.machine import ENDINGS, AgentState
from trio_agent.core.message import Message
from trio_agent.core.prompts import but_withdrawn
from trio_agent.runtime.containment import contained
from trio_agent.seams import Agent, Attendant, Preparing
from trio_agent.tasks import opened

if TYPE_CHECKING:
    from trio_agent.runtime.session import Session

INTERRUPTED = "trio-agent was restarted while this was running. Nothing was run again. Say 'continue' to go on."
FORKED = (
    "This session was forked in the middle of a turn. What was running then is not part of it, and nothing was run again. "
    "Say 'continue' to go on."
)
UNRECORDED = (StoreError, Conflict)  # the store refuses, or the session is being deleted

logger = structlog.get_logger(__name__)


class Work:
    """What is done in `session`, and how to stop it."""

    def __init__(self, session: Session) -> None:
        self.attendant: Attendant | None = None
        self._session = session
        self._scope: trio.CancelScope | None = None
        self._cancel_reason = ""
        self._idle = trio.Event()
        self._wanted = False
        self.running_since: float | None = None

    @property
    def running(self) -> bool:
        return self._scope is not None

    @property
    def cancel_reason(self) -> str:
        """Why a user stopped the turn that runs; empty where nobody did."""
        return self._cancel_reason if self._scope is not None and self._scope.cancel_called else ""

    def want(self) -> None:
        """The agent is to be at work from now on; else it begins with the first words."""
        if not self._wanted:
            self._wanted = True
            self._session.signal.notify()

    async def cancel(self, reason: str) -> None:
        """Stop the turn that runs, or is about to; returns when what it was running is gone. The first reason stands."""
        if self._scope is not None:
            self._stop(reason)
            self._session.tasks.touch()
            await self._idle.wait()
        elif self._session.prompts.ready:
            # Posted, but nobody at work on it yet: a workspace can take minutes to make.
            self._session.prompts.hold()
            await self._notice_cancel(reason)
            await self._note_ended()
        else:
            await trio.lowlevel.checkpoint()

    def _stop(self, reason: str) -> None:
        """Tell the turn that runs to stop; it has stopped when `_idle` is set."""
        if self._scope is not None:
            if not self._scope.cancel_called:
                self._cancel_reason = reason
            self._scope.cancel()

    async def run(self, agent: Agent, history: list[Message]) -> None:
        """Work until cancelled. An agent that fails to begin is asked again when the user next says something."""
        first: Sequence[Message] | None = but_withdrawn([*history, *await self._settle_after_restart(history)])
        history.clear()
        if not self._wanted:
            first = None
            await self._wait_wanted()
        while True:
            try:
                recorded = await self._session.history() if first is None else first
                first = None
                with contained():
                    async with agent.attend(self._session, recorded) as self.attendant:
                        await self._attend(self.attendant)
            except* Exception as group:
                self.attendant = None
                if self._deleted_beside(group):
                    logger.info("agent_not_needed", session=self._session.id, reason=_describe(group))
                else:
                    logger.error("agent_unavailable", session=self._session.id, exc_info=group)
                    # Before the complaint: what is said from here on is a reason to ask again.
                    self._session.prompts.hold()
                    await self._complain(f"{_describe(group)}. Send another message to try again.")
                    await self._note_ended()
            await self._wait_prompts()

    async def _wait_wanted(self) -> None:
        """Until there is something to do here. Somebody who only looks costs a log, and neither workspace nor tools."""
        self._session.go_to(AgentState.WAITING_FOR_USER_INPUT)
        while not (self._wanted or self._session.prompts.ready):
            await self._session.signal.wait_past(self._session.signal.version)

    async def _attend(self, attendant: Attendant) -> None:
        self._session.go_to(AgentState.WAITING_FOR_USER_INPUT)
        while True:
            await self._wait_prompts()
            prompts = self._session.prompts.take()
            scope = trio.CancelScope()
            with opened("turn", scope=scope, stop=self._stop, idx=prompts[0].idx):
                await self._turn(attendant, prompts, scope)

    async def _turn(self, attendant: Attendant, prompts: Sequence[Message], scope: trio.CancelScope) -> None:
        self._idle = trio.Event()
        self.running_since = trio.current_time()
        given = False
        try:
            self._scope = scope
            with scope:
                try:
                    if not isinstance(attendant, Preparing):
                        self._session.go_to(AgentState.SENDING_TO_LLM)
                    await self.note_turn()
                    given = True
                    with contained():
                        await self._answer(attendant, prompts)
                except* StoreError as group:
                    # The log is whole as far as it goes. A full disk often has room for the few words that say so.
                    logger.error("turn_stopped_by_store", session=self._session.id, reason=_describe(group))
                    await self._complain(f"The turn was stopped: {_describe(group)}. Type 'continue' to try again.")
                except* Exception as group:
                    if self._deleted_beside(group):
                        logger.info("turn_not_needed", session=self._session.id, reason=_describe(group))
                    else:
                        logger.error("turn_failed", session=self._session.id, exc_info=group)
                        await self._complain(f"The agent failed: {_describe(group)}. Type 'continue' to try again.")
            if scope.cancelled_caught:
                if not given:
                    self._session.prompts.give_back(prompts)
                await self._write_down_cancel()
            await self._note_ended()
        finally:
            self._session.live.drop_parts()
            self._scope = self.running_since = None
            self._idle.set()
            self._session.go_to(AgentState.WAITING_FOR_USER_INPUT)

    async def _answer(self, attendant: Attendant, prompts: Sequence[Message]) -> None:
        if isinstance(attendant, Preparing):
            prompts = await attendant.prepare(prompts)
            if not prompts:
                return
            self._session.go_to(AgentState.SENDING_TO_LLM)
        await attendant.turn(prompts)
        if self._session.state not in ENDINGS:
            self._session.go_to(AgentState.END_OF_TURN)

    async def note_turn(self) -> None:
        """Keep that a turn is under way now, and which words it has taken up."""
        await self._note(turn_from=self._session.log.cursor.index, taken=self._session.prompts.taken)

    async def note_taken(self) -> None:
        """The same where words were taken up since it was kept."""
        if self.running and self._session.kept.taken != self._session.prompts.taken:
            await self.note_turn()

    async def _note_ended(self) -> None:
        """Keep that no turn is under way, and how long the log is now."""
        kept, taken = self._session.kept, self._session.prompts.taken
        if (kept.turn_from, kept.taken, kept.messages) != (0, taken, self._session.log.cursor.index):
            await self._note(turn_from=0, taken=taken)

    async def _note(self, *, turn_from: int, taken: int) -> None:
        try:
            await self._session.keep(turn_from=turn_from, taken=taken)
        except UNRECORDED as exc:
            # No reason not to hear the user's words: where nothing can be recorded, the turn itself will find out.
            self._tell_unrecorded("turn_not_noted", exc)

    def _deleted_beside(self, group: BaseExceptionGroup[Exception]) -> bool:
        """Whether nothing went wrong but that the session was deleted: nobody is left to be told."""
        return self._session.kept.deleted and group.split(Conflict)[1] is None

    def _tell_unrecorded(self, event: str, why: Exception) -> None:
        # Somebody deleted the session while this was under way, which is nobody's mistake.
        expected = isinstance(why, Conflict) and self._session.kept.deleted
        (logger.info if expected else logger.error)(event, session=self._session.id, reason=str(why))

    async def _write_down_cancel(self) -> None:
        try:
            await self._session.close_open_calls(f"Cancelled before it finished: {self._cancel_reason}", "user")
            await self._notice_cancel(self._cancel_reason)
        except UNRECORDED as exc:
            self._tell_unrecorded("cancel_not_recorded", exc)
        self._session.go_to(AgentState.CANCELLED)

    async def _notice_cancel(self, reason: str) -> None:
        await self._session.record(Message(type="error", content=f"Cancelled: {reason}"))

    async def _complain(self, text: str) -> None:
        try:
            await self._session.close_open_calls("Did not finish: the turn failed.")
            await self._session.record(Message(type="error", content=text))
        except UNRECORDED as exc:
            self._tell_unrecorded("error_not_recorded", exc)
        if self._session.state is not AgentState.READY:
            self._session.go_to(AgentState.ERROR)
            self._session.go_to(AgentState.WAITING_FOR_USER_INPUT)

    async def _settle_after_restart(self, history: Sequence[Message]) -> list[Message]:
        """Show a turn that the process did not survive, or that a fork cut off, as interrupted; what was recorded for that."""
        self._session.prompts.begin(len(history))
        kept = self._session.kept
        if not self._session.account.in_turn(kept.turn_from, kept.taken):
            return []
        recorded: list[Message] = []
        fork = kept.forked_from
        why = FORKED if fork is not None and fork.index == len(history) else INTERRUPTED
        # Not twice, where the process died again before it could note that this was told.
        if history[-1].content != why:
            try:
                recorded += await self._session.close_open_calls(why, "restart")
                recorded.append(await self._session.record(Message(type="error", content=why)))
            except UNRECORDED as exc:
                # A session on a full disk is still worth reading. The log stays open-ended, which every reader of it can bear.
                self._tell_unrecorded("interruption_not_recorded", exc)
                return []
        await self._note(turn_from=0, taken=len(history))
        return recorded

    async def _wait_prompts(self) -> None:
        while not self._session.prompts.ready:
            await self._session.signal.wait_past(self._session.signal.version)


def _describe(group: BaseExceptionGroup[Exception]) -> str:
    """One line about the first thing that went wrong, without a full stop."""
    error = first_error(group)
    told = " ".join(str(error).split()).removesuffix(".")
    if isinstance(error, TrioAgentError):
        return told
    return f"{type(error).__name__}: {told}" if told else type(error).__name__
