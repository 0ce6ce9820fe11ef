"""Naming: a short name for the session, asked of the model beside its first question.

The session is called after the user's first words at once, so that nothing waits for the model's idea. If that comes in time,
it takes their place: as the title, and as the end of the branch's name, unless commits have arrived on one already. What it
cost to ask is recorded between two answers: while one is being written, a message would take its place in the log.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import msgspec
import structlog
import trio

from trio_agent.agent.draft import Draft, unshown
from trio_agent.agent.slug import slug_of, title_of
from trio_agent.agent.workroom import Workroom
from trio_agent.core.errors import ProviderError, StoreError
from trio_agent.core.message import Message
from trio_agent.core.transcript import UserTurn
from trio_agent.seams import ModelRequest, TakesAsides
from trio_agent.tasks import here, opened, stand_at

NAME_S = 30.0
"""How long the model may take; as long as it has no name, the session has the first one."""

END_S = 10.0  # for recording one message; a store that takes longer is broken

MAX_WORDS_CHARS = 4000
"""Of the user's words; a task is named by its beginning."""

MAX_NAME_WORDS = 8
MAX_NAME_CHARS = 60
"""Of an answer. One that is longer is no name: an excuse, or the beginning of the work."""

INSTRUCTIONS = (
    "You find names for tasks. Answer with a name of two to five English words for the task that the user describes, such as "
    "Fix flaky login tests, and with nothing else: no quotes, no full stop, no explanation. Do not begin with the task."
)

NAMED = "This session is called: {}"
NOT_NAMED = "No name was found for this session."

logger = structlog.get_logger(__name__)


class Naming:
    """Finds the name of one session. Its task lives in `nursery`."""

    def __init__(self, room: Workroom, nursery: trio.Nursery) -> None:
        self._room = room
        self._session = room.session
        self._nursery = nursery
        self._place = here()
        self._scope: trio.CancelScope | None = None
        self._over = trio.Event()
        self._outcome: Message | None = None

    async def begin(self, prompts: Sequence[Message]) -> None:
        """Give the session a name, if it has none: from the first of the user's words, and meanwhile ask for a better one."""
        facts = self._session.facts
        if not prompts or facts.title:
            return
        words = prompts[0].content
        await self._session.describe(msgspec.structs.replace(facts, title=title_of(words), slug=slug_of(words)))
        model = self._room.model
        if isinstance(model, TakesAsides) and model.takes_asides and words.strip():
            self._scope = trio.CancelScope()
            self._over = trio.Event()
            self._nursery.start_soon(self._ask, words[:MAX_WORDS_CHARS], self._scope, self._over)

    async def settle(self) -> None:
        """Record what came of asking, where that is known and was not recorded before. Raises StoreError."""
        outcome, self._outcome = self._outcome, None
        if outcome is not None:
            # It was paid for: kept also where the turn is cancelled as it comes.
            with trio.move_on_after(END_S, shield=True):
                await self._session.record(outcome)
                await self._session.describe(self._session.facts)

    async def end(self) -> None:
        """Ask no longer. Not hindered by cancellation; on return nothing of it runs."""
        if self._scope is None:
            return
        self._scope.cancel()
        with trio.move_on_after(END_S, shield=True):
            await self._over.wait()
            self._scope = None
            try:
                await self.settle()
            except StoreError as exc:
                # What ends the turn is most likely the same, and is told.
                logger.error("naming_not_recorded", session=self._session.id, reason=str(exc))

    async def _ask(self, words: str, scope: trio.CancelScope, over: trio.Event) -> None:
        # Its nursery is the session's, though a turn begins it: neither that turn's end nor its deadline is this task's.
        stand_at(self._place)
        draft = Draft(unshown, self._room.spending.call())
        name = ""
        try:
            with scope, trio.move_on_after(NAME_S) as limit, opened("naming", scope=limit):
                request = ModelRequest(system=INSTRUCTIONS, turns=(UserTurn(text=words),))
                async with self._session.asking_model():
                    answer = await self._room.model.answer(request, draft.write, draft.count)
                # No `draft.end`: nobody means this by a response of the budget.
                draft.count(answer.usage)
                name = name_in(answer.text)
        except ProviderError as exc:
            # Not told: the question that runs beside this one meets the same, and its failure is.
            logger.info("session_not_named", session=self._session.id, reason=str(exc))
        finally:
            # No checkpoint in here: it would be lost where the session itself is being ended.
            if name:
                self._take(name)
            if name or draft.usage.cost_usd:
                content = NAMED.format(name) if name else NOT_NAMED
                self._outcome = Message(type="auto", content=content, usage=draft.usage, model=self._room.model.name)
            over.set()

    def _take(self, name: str) -> None:
        facts = self._session.facts
        # A branch that commits have arrived on keeps its name.
        slug = facts.slug if facts.branch_name else slug_of(name)
        self._session.show(msgspec.structs.replace(facts, title=name, slug=slug))


@asynccontextmanager
async def open_naming(room: Workroom) -> AsyncIterator[Naming]:
    """What names the session of `room`; leaving ends it."""
    async with trio.open_nursery() as nursery:
        yield Naming(room, nursery)
        nursery.cancel_scope.cancel()


def name_in(answer: str) -> str:
    """The name that a model's answer is, or empty where it is none."""
    lines = [line for line in answer.strip().splitlines() if line.strip()]
    if len(lines) != 1:
        return ""
    # Models like to decorate: **Name**, "Name", `name`, # Name, Name.
    name = " ".join(re.sub(r"[*`\"“”„#]", "", lines[0]).split()).strip(" .:'")
    if not slug_of(name) or not name.isprintable() or len(name) > MAX_NAME_CHARS or len(name.split()) > MAX_NAME_WORDS:
        return ""
    return name
