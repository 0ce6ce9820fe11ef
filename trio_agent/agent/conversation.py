"""Conversation: one conversation with a model, the user's own or a sub-agent's.

It keeps what the model has heard, in the order in which it heard it: the user's words stand where they were taken up, not
where they were posted. What the model hears or says goes into the log first, so the log alone gives the same conversation.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterable, Sequence

import msgspec
import trio

from trio_agent.agent.draft import Draft, unshown
from trio_agent.agent.errand import Errand
from trio_agent.agent.stop import Stop
from trio_agent.agent.toolbox import Toolbox
from trio_agent.agent.workroom import Workroom
from trio_agent.core.compaction import CHARS_PER_TOKEN, FULL, SUMMARISE, estimated_tokens, shortened
from trio_agent.core.display import compaction_display, cut_off_display, notice_display, words_from
from trio_agent.core.errors import ConversationTooLong, ProviderError
from trio_agent.core.message import Message
from trio_agent.core.transcript import Turn, transcript
from trio_agent.seams import Answer, ModelRequest, OnText, Tool, rfc3339

RECORD_S = 10.0  # for recording one message; a store that takes longer is broken
PROVIDER_FAILED = "the provider failed"
REFUSED = "(The model refused to answer.)"
NO_SUMMARY = "The model gave no summary."
HALF_A_SUMMARY = "The model had no more room for the whole summary."
REFUSED_SUMMARY = "The model refused to sum it up."
SUMMARY_CUT_OFF = "The summary of the conversation was cut off."
CALLED_INSTEAD = "The model called tools where it was asked to sum up."
WITHOUT_IMAGES = "A question was refused that shows images: {why} It is asked again without {left_out}."


class Conversation:
    """`heard` is the log so far. That of a sub-agent has a `conversation_id` of its own, and its `parent`'s.

    `tools` are what the model may call; `show` hears its text as it comes; `stop` says why what runs is being cancelled.
    """

    def __init__(
        self,
        room: Workroom,
        heard: Iterable[Message],
        *,
        tools: Callable[[], Sequence[Tool]],
        instructions: str,
        show: OnText,
        stop: Callable[[], Stop],
        conversation_id: str = "",
        parent: str = "",
    ) -> None:
        self._room = room
        self._heard = list(heard)
        self._toolbox = Toolbox(room, tools)
        self._instructions = instructions
        self._show = show
        self._stop = stop
        self._id = conversation_id
        self._parent = parent

    @property
    def id(self) -> str:
        """Empty for the user's own."""
        return self._id

    def hear(self, messages: Iterable[Message]) -> None:
        """The model is told `messages`, which are in the log, with the next question."""
        self._heard += messages

    def begin_anew(self, heard: Iterable[Message]) -> None:
        """The model has heard what is in `heard`, the log so far, and nothing else."""
        self._heard = list(heard)

    async def record(self, message: Message) -> Message:
        """Put `message` into the log as one of this conversation's. Raises StoreError."""
        recorded = await self._room.session.record(self._addressed(message))
        self._heard.append(recorded)
        return recorded

    async def notice(self, text: str) -> None:
        """Tell the model, and people, what nobody said."""
        await self.record(Message(type="auto", content=text, display=notice_display()))

    async def ask(self) -> Answer:
        """Ask the model, and record its answer: what there is of it, where it breaks off. Raises ProviderError, StoreError."""
        draft = Draft(self._show, self._room.spending.call())
        began, began_s = time.time(), trio.current_time()
        answer: Answer | None = None
        why = ""
        try:
            answer = await self._question(self._turns(self._heard), draft)
        except ProviderError:
            why = PROVIDER_FAILED
            raise
        finally:
            if answer is None:
                await self._record_part(draft, why or self._stop().why, began)  # noqa: ASYNC102  it shields itself, with a deadline
        answer = msgspec.structs.replace(answer, tool_calls=self._room.call_ids.mended(answer.tool_calls))
        ends_turn = not answer.tool_calls and not self._id
        await self._record_paid(
            Message(
                type="agent",
                end_of_turn=ends_turn,
                content=answer.text or (REFUSED if answer.stop_reason == "refusal" else ""),
                thinking=answer.thinking,
                tool_calls=answer.tool_calls,
                usage=answer.usage,
                model=answer.model,
                start_time=rfc3339(began),
                end_time=rfc3339(time.time()),
                # By the clock that is never set: a length of time is not the difference of two wall-clock times.
                elapsed=int((trio.current_time() - began_s) * 1e9),
                turnDuration=self._room.spending.elapsed_ns if ends_turn else 0,
            )
        )
        return answer

    async def run_tools(self, answer: Answer) -> None:
        """Do what `answer` asks for. Each call has its result in the log on return, however the return comes about."""
        await self._toolbox.run(answer.tool_calls, Errand(self.record, self._stop, self._room.spending))

    @property
    def context_used(self) -> int:
        """How many tokens the last question and its answer had; estimated where no server has counted them."""
        return self._counted or self._estimated

    @property
    def remark_on_tools(self) -> str:
        """Which tools the model is not told of, as the user and the model are to hear it; empty where it knows all."""
        return self._toolbox.told.remark

    @property
    def has_answers(self) -> bool:
        """Whether the model has said anything since it was last summed up: without that, a summary makes no room."""
        return any(each.type == "agent" for each in self._since_compaction())

    @property
    def is_full(self) -> bool:
        """Whether to compact it before the next question: never twice without an answer in between."""
        recent = self._since_compaction()
        last = max((place for place, each in enumerate(recent) if each.type == "agent"), default=None)
        if last is None or self._room.context_window <= 0:
            return False
        if not self._counted:
            # Nor the instructions and the tools, which a server that does not count has to find room for all the same.
            told = len(self._instructions) + len(msgspec.json.encode(self._toolbox.specs))
            return self._estimated + told // CHARS_PER_TOKEN >= self._room.context_window * FULL
        # What came since, no provider has counted yet: a tool's result can be larger than all that was before it.
        since = estimated_tokens(self._turns(recent[last:])) if recent[last + 1 :] else 0
        return self._counted + since >= self._room.context_window * FULL

    async def compact(self, *, but_last_words: bool = False) -> Message:
        """Let the model sum up what it has heard, and go on from that. The summary's message; the log keeps everything.

        `but_last_words` leaves out what the user has said since the last answer: it is told after the summary. Raises
        ProviderError where there is no summary: all is as before then. StoreError.
        """
        began = time.time()
        kept = self._last_words() if but_last_words else []
        heard = [each for each in self._heard if each not in kept]
        answer = await self._sum_up(heard)
        mine = [each for each in heard if self._is_mine(each)]
        ends = [words_from(each) for each in mine if each.type == "compact"]
        ends += [each.idx + 1 for each in mine if each.type == "user"]
        message = Message(
            type="compact",
            content=answer.text,
            thinking=answer.thinking,
            usage=answer.usage,
            model=answer.model,
            display=compaction_display(max(ends, default=0)),
            start_time=rfc3339(began),
            end_time=rfc3339(time.time()),
        )
        await self._record_paid(message)
        self._heard = [self._heard[-1], *kept]
        return self._heard[0]

    async def _sum_up(self, heard: Sequence[Message]) -> Answer:
        turns = self._turns([*heard, self._addressed(Message(type="user", content=SUMMARISE))])
        try:
            answer = await self._summary(turns)
        except ProviderError as exc:
            # Too long even for that, it may be: what nobody has counted yet can be of any size, and not every server has a
            # code for it. A wrong key, or an overloaded server, are no better for fewer words.
            if not isinstance(exc, ConversationTooLong) and not exc.about_request:
                raise
            turns = shortened(turns)
            answer = await self._summary(turns)
        if _calls_tools(answer):
            # What it says beside its calls is what it means to do next, and no summary, however long.
            await self._record_unused(answer, CALLED_INSTEAD)
            answer = await self._summary(turns, may_call=False)
        # Half of it, or a refusal, would be all that is left of the conversation. It was paid for all the same.
        if why := _no_summary(answer):
            await self._record_unused(answer, SUMMARY_CUT_OFF)
            raise ProviderError(why)
        return answer

    async def _record_unused(self, answer: Answer, what: str) -> None:
        if answer.usage.cost_usd:
            await self._record_paid(Message(type="auto", content=what, usage=answer.usage))

    async def _summary(self, turns: tuple[Turn, ...], *, may_call: bool = True) -> Answer:
        draft = Draft(unshown, self._room.spending.call())
        answer: Answer | None = None
        try:
            answer = await self._question(turns, draft, may_call=may_call)
        finally:
            if answer is None and draft.usage.cost_usd:
                await self._record_paid(Message(type="auto", content=SUMMARY_CUT_OFF, usage=draft.usage))  # noqa: ASYNC102  it shields itself, with a deadline
        return answer

    async def _question(self, turns: tuple[Turn, ...], draft: Draft, *, may_call: bool = True) -> Answer:
        """Ask. What is refused with images is asked again without them: first those that this model never took, then all."""
        images, model = self._room.images, self._room.model
        without: frozenset[str] = frozenset()
        while True:
            shown = await images.shown(model.name, turns, without)
            request = ModelRequest(
                system=self._instructions,
                turns=shown.turns,
                tools=self._toolbox.specs,
                images=shown.images,
                may_call=may_call,
            )
            try:
                async with self._room.session.asking_model():
                    answer = await model.answer(request, draft.write, draft.count)
                break
            except ProviderError as exc:
                suspects = images.suspects(model.name, shown)
                # Of an answer that had begun there is something to keep, and the images were taken.
                if not exc.about_request or not suspects or draft.has_begun:
                    raise
                without |= suspects
                why = f"{str(exc).rstrip('.')}."
            await self.record(Message(type="auto", content=WITHOUT_IMAGES.format(why=why, left_out=_images(suspects))))
        images.answered(model.name, shown, without)
        draft.end(answer.usage)
        return answer

    async def _record_part(self, draft: Draft, why: str, began: float) -> None:
        """What a call that broke off has brought, and what it cost."""
        if not draft.has_begun:
            return
        await self._record_paid(
            Message(
                type="agent",
                content=draft.content,
                thinking=draft.thinking,
                usage=draft.usage,
                model=self._room.model.name,
                display=cut_off_display(why),
                start_time=rfc3339(began),
                end_time=rfc3339(time.time()),
            )
        )

    async def _record_paid(self, message: Message) -> None:
        """It was paid for: kept also where the turn is cancelled as it comes."""
        with trio.move_on_after(RECORD_S, shield=True):
            await self.record(message)

    def _turns(self, messages: Iterable[Message]) -> tuple[Turn, ...]:
        return transcript(messages, self._id)

    @property
    def _counted(self) -> int:
        """What the server counted of the last question and its answer; 0 where it does not count, or was not asked yet."""
        answers = [each.usage for each in self._since_compaction() if each.type == "agent" and each.usage is not None]
        return answers[-1].context_tokens if answers else 0

    @property
    def _estimated(self) -> int:
        return estimated_tokens(self._turns(self._heard))

    def _last_words(self) -> list[Message]:
        last = max((place for place, each in enumerate(self._heard) if each.type == "agent"), default=-1)
        return [each for each in self._heard[last + 1 :] if each.type == "user" and self._is_mine(each)]

    def _since_compaction(self) -> list[Message]:
        mine = [each for each in self._heard if self._is_mine(each)]
        at = max((place for place, each in enumerate(mine) if each.type == "compact"), default=-1)
        return mine[at + 1 :]

    def _is_mine(self, message: Message) -> bool:
        return message.conversation_id == self._id if self._id else not message.parent_conversation_id

    def _addressed(self, message: Message) -> Message:
        if not self._id:
            return message
        return msgspec.structs.replace(message, conversation_id=self._id, parent_conversation_id=self._parent)


def not_summed_up(why: ProviderError) -> str:
    """What people are told where `Conversation.compact` fails."""
    return f"The conversation could not be summed up, and stays as it is: {why}"


def _no_summary(answer: Answer) -> str:
    """Why `answer` is no summary to go on from; empty where it is one."""
    if answer.stop_reason == "max_tokens":
        return HALF_A_SUMMARY
    if answer.stop_reason == "refusal":
        return REFUSED_SUMMARY
    if _calls_tools(answer):
        return CALLED_INSTEAD
    return "" if answer.text.strip() else NO_SUMMARY


def _calls_tools(answer: Answer) -> bool:
    return bool(answer.tool_calls) or answer.stop_reason == "tool_use"


def _images(blobs: Collection[str]) -> str:
    return "an image" if len(blobs) == 1 else f"{len(blobs)} images"
