"""The coder: the coding agent at work in one session.

A turn reads: ask; if tools were called, run them, look for commits, look at the budget, take along what the user said
meanwhile, and ask again; else the turn is over. What breaks a turn off (a cancellation, a budget, a failing provider) leaves a
log from which the next turn can go on, because every tool call has its result written down.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import msgspec
import structlog
import trio

from trio_agent.agent.allowance import Allowance
from trio_agent.agent.conversation import Conversation
from trio_agent.agent.naming import Naming
from trio_agent.agent.orders import Orders
from trio_agent.agent.progress import Progress
from trio_agent.agent.shown_files import ShownFiles
from trio_agent.agent.spending import Spending
from trio_agent.agent.stop import Stop
from trio_agent.agent.tidying import Tidying
from trio_agent.agent.workroom import Workroom
from trio_agent.core.budget import Budget
from trio_agent.core.commands import read_command
from trio_agent.core.display import budget_display
from trio_agent.core.errors import ConversationTooLong, ProviderError, StoreError
from trio_agent.core.machine import AgentState
from trio_agent.core.message import Message
from trio_agent.seams import Answer, ReadFileIn, TakesAsides, Terminal, Workspace

CUT_OFF = "The answer was cut off: the model had no more room for it. Type 'continue' to let it go on."
WAITING_TOO_LONG = (
    "What you sent before the session's budget was reached is not taken up by itself: it is told to the model with your next "
    "message. Send commands again."
)
TRY_AGAIN = "Type 'continue' to try again."
ASK_OTHERWISE = "Type '/compact' to go on from a summary, or '/model NAME' to ask another model."
CLEANUP_S = 5.0  # for git, after a turn that was broken off
RECORD_S = 10.0  # for recording what was not finished; a store that takes longer is broken

logger = structlog.get_logger(__name__)


class Coder(ShownFiles):
    """The Attendant of one session."""

    def __init__(
        self,
        room: Workroom,
        conversation: Conversation,
        workspace: Workspace,
        read_file: ReadFileIn,
        progress: Progress,
        tidying: Tidying,
        naming: Naming,
        orders: Orders,
        budget: Budget,
        find_terminal: Callable[[int], Terminal],
        allowance: Allowance,
    ) -> None:
        super().__init__(workspace, read_file)
        self._room = room
        self._session = room.session
        self._conversation = conversation
        self._progress = progress
        self._tidying = tidying
        self._naming = naming
        self._orders = orders
        self._budget = budget
        self._find_terminal = find_terminal
        self._allowance = allowance
        self._told_of_price = ""
        self._told_of_window = ""
        self._told_of_tools = ""
        self._is_sure = True

    async def diff(self, commit: str) -> str:
        return await self._workspace.diff(commit)

    async def terminal(self, number: int) -> Terminal:
        """See `OffersTerminals`."""
        await trio.lowlevel.checkpoint()
        return self._find_terminal(number)

    async def prepare(self, prompts: Sequence[Message]) -> Sequence[Message]:
        """See `Preparing`: the user's commands are done, and a conversation that has become too long is compacted."""
        words = [prompt for prompt in prompts if read_command(prompt.content) is None]
        self._room.spending = Spending(self._budget, trio.current_time, within=self._allowance.spending)
        if not self._allowance.grants(prompts):
            self._conversation.hear(words)
            await self._session.record(Message(type="auto", content=WAITING_TOO_LONG))
            return ()
        with self._room.spending.running():
            return await self._prepare(prompts, words)

    async def _prepare(self, prompts: Sequence[Message], words: Sequence[Message]) -> Sequence[Message]:
        ready = False
        try:
            await self._go_by_the_log(prompts)
            for prompt in prompts:
                if command := read_command(prompt.content):
                    await self._orders.obey(command)
            if words and self._conversation.is_full:
                await self._orders.compact()
            if not words and self._room.spending.over():
                # No turn follows that would say so.
                await self._tell_of_budget()
            ready = True
            return words
        finally:
            if not ready:
                # The turn is over before it began; what was said for it is heard with the next.
                self._conversation.hear(words)

    async def turn(self, prompts: Sequence[Message]) -> None:
        self._conversation.hear(prompts)
        whole = False
        try:
            await self._tell_of_price()
            await self._tell_of_window()
            over = self._room.spending.over() is not None
            if not over:
                await self._naming.begin(prompts)
                over = True
                with self._room.spending.running(), self._room.spending.limited():
                    over = await self._work()
            if over:
                # Outside the scope: once it is cancelled, nothing in it could be recorded.
                await self._over_budget()
            whole = True
        except ProviderError as exc:
            await self._session.record(Message(type="error", content=f"{exc}{_advice(exc)}"))
            self._session.end_turn(AgentState.ERROR)
        finally:
            await self._naming.end()  # noqa: ASYNC102  it shields itself, with a deadline
            if not whole:
                await self._clean_up()  # noqa: ASYNC102  it shields itself, with a deadline

    async def _work(self) -> bool:
        """Work until the model has no more to do, or the budget is reached: then True."""
        room, conversation = self._room, self._conversation
        summing_up = True
        while True:
            await self._tell_of_tools()
            answer = await self._ask()
            await self._naming.settle()
            self._session.enter(AgentState.PROCESSING_LLM_RESPONSE)
            self._session.show(msgspec.structs.replace(self._session.facts, context_used=conversation.context_used))
            if room.spending.over():
                return True
            if not answer.tool_calls:
                if answer.stop_reason == "max_tokens":
                    await self._session.record(Message(type="error", content=CUT_OFF))
                await self._progress.deliver()
                self._session.enter(AgentState.END_OF_TURN)
                return False
            self._session.enter(AgentState.TOOL_USE_REQUESTED)
            self._session.enter(AgentState.CHECKING_FOR_CANCELLATION)
            await trio.lowlevel.checkpoint()
            self._session.enter(AgentState.RUNNING_TOOL)
            await conversation.run_tools(answer)
            self._session.enter(AgentState.CHECKING_GIT_COMMITS)
            await self._tidying.tidy(await self._progress.deliver())
            self._session.enter(AgentState.CHECKING_BUDGET)
            if room.spending.over():
                return True
            self._session.enter(AgentState.GATHERING_ADDITIONAL_MESSAGES)
            # A command, and what was said after it, waits for the end of the turn.
            conversation.hear(self._session.take_prompts(until=_is_command))
            self._session.enter(AgentState.SENDING_TOOL_RESULTS)
            if summing_up and conversation.is_full:
                # Once is enough, where it fails: the next question may still fit.
                summing_up = await self._orders.sum_up()

    async def _ask(self) -> Answer:
        """Ask. A conversation that the provider calls too long is summed up, and asked again: once."""
        try:
            return await self._conversation.ask()
        except ConversationTooLong as exc:
            too_long = exc
        if not self._conversation.has_answers or not await self._orders.sum_up(but_last_words=True):
            raise too_long
        return await self._conversation.ask()

    async def _over_budget(self) -> None:
        stop = Stop(over=self._room.spending.over())
        self._conversation.hear(await self._session.close_open_calls(stop.told(begun=False), stop.by))
        await self._tell_of_budget()
        await self._progress.deliver()
        self._session.end_turn(AgentState.BUDGET_EXCEEDED)

    async def _tell_of_budget(self) -> None:
        spending = self._room.spending
        display = budget_display(spending.over() or "turn")
        message = Message(type="budget", content=spending.breach(), end_of_turn=True, display=display)
        self._allowance.told(await self._session.record(message))

    async def _clean_up(self) -> None:
        """What the log needs and what was committed, after a turn that was cancelled or failed."""
        stop = Stop(cancelled=self._session.cancel_reason)
        with trio.move_on_after(RECORD_S, shield=True):
            try:
                self._conversation.hear(await self._session.close_open_calls(stop.told(), stop.by))
            except StoreError as exc:
                # Whoever reads the log can bear it, and what ended the turn is most likely the same.
                logger.error("calls_not_closed", session=self._session.id, reason=str(exc))
                self._is_sure = False
        # What a turn committed before it was cancelled, or failed, arrives now and not with the next turn.
        with trio.move_on_after(CLEANUP_S, shield=True):
            await self._progress.deliver()

    async def _go_by_the_log(self, prompts: Sequence[Message]) -> None:
        """Make up for what could not be recorded when it happened, for want of room: the model hears what people read."""
        self._conversation.hear(await self._session.close_open_calls(Stop().told()))
        if not self._is_sure:
            now = {prompt.idx for prompt in prompts}
            self._conversation.begin_anew(each for each in await self._session.history() if each.idx not in now)
            self._is_sure = True

    async def _tell_of_price(self) -> None:
        """Once a model: a limit that is not held must not look as if it were."""
        model = self._room.model
        budgets = {"turn": self._budget, "session": self._allowance.budget}
        limits = [f"${each.dollars:.2f} a {whose}" for whose, each in budgets.items() if each.dollars > 0]
        if not model.priced and limits and self._told_of_price != model.name:
            self._told_of_price = model.name
            text = (
                f"What {model.name} costs is not known, so the limit of {' and '.join(limits)} does not hold. "
                "Start trio-agent with --price to let it hold."
            )
            await self._session.record(Message(type="auto", content=text))

    async def _tell_of_window(self) -> None:
        """Once a model: nothing is summed up before it is too long where nobody knows how long that is."""
        model = self._room.model
        # One whose answers are laid out beforehand outgrows nothing.
        if self._room.context_window or not isinstance(model, TakesAsides) or self._told_of_window == model.name:
            return
        self._told_of_window = model.name
        text = (
            f"How much fits into {model.name} is not known, so the conversation is summed up only once the server refuses it, "
            "and some forget its beginning instead. Start trio-agent with --context-window to have it summed up in time."
        )
        await self._session.record(Message(type="auto", content=text))

    async def _tell_of_tools(self) -> None:
        """Whenever others are left out than before: servers come and go, and change their lists."""
        remark = self._conversation.remark_on_tools
        if remark and remark != self._told_of_tools:
            await self._conversation.notice(remark)
        self._told_of_tools = remark


def _advice(error: ProviderError) -> str:
    """What helps, where the error itself does not say it: to ask the same again only where it may pass."""
    if error.retry_after_s is not None:
        return f" {TRY_AGAIN}"
    return f" {ASK_OTHERWISE}" if error.about_request and not isinstance(error, ConversationTooLong) else ""


def _is_command(message: Message) -> bool:
    return read_command(message.content) is not None
