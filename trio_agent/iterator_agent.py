"""An agent made of one `async def` with `yield` in it: text is streamed as it is yielded, and is one message in the end.

    async def agent(message: str):
        yield "Hello "
        yield "world"

    app = create_app(agent=from_iterator(agent))

Rules. To the generator a `yield` is like an `await` of what is done with the item: where that fails or is cancelled, the
exception is raised there. So it may hold cancel scopes and nurseries open across a `yield`, which async generators must not
otherwise: whatever ends them, they are left in the order in which they were entered, by the task that entered them.
"""

from __future__ import annotations

import functools
import inspect
import math
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any, cast

import structlog
import trio

from trio_agent.core.display import cut_off_display
from trio_agent.core.errors import ConfigError, NotFound
from trio_agent.core.machine import AgentState
from trio_agent.core.message import Message
from trio_agent.seams import Agent, Attendant, SessionHandle

CLOSE_S = 5.0  # for a generator's `finally` blocks, once its turn is over
RECORD_S = 10.0  # for recording what there is of an answer that broke off; a store that takes longer is broken

Items = AsyncIterator[str | Message]
Answering = Callable[[str], Items] | Callable[[str, SessionHandle], Items]
_Generator = AsyncGenerator[str | Message, None]
_Take = Callable[[object], Awaitable[None]]

logger = structlog.get_logger(__name__)


def from_iterator(fn: Answering) -> Agent:
    """An agent that answers each of a user's messages by what `fn(message)` yields: text, or a Message to record as it stands.

    With a second parameter, `fn` is given the SessionHandle too: `await session.history()` is what was said so far. Raises
    ConfigError where `fn` is not an `async def` with `yield`.
    """
    return _IteratorAgent(cast(Callable[..., _Generator], fn), _wants_session(fn))


def _wants_session(fn: Callable[..., Any]) -> bool:
    name = getattr(fn, "__name__", None) or repr(fn)
    called = fn if inspect.isroutine(fn) or isinstance(fn, functools.partial) else getattr(fn, "__call__", fn)  # noqa: B004
    if not inspect.isasyncgenfunction(called):
        kind = "has no `yield`" if inspect.iscoroutinefunction(called) else "is not an `async def`"
        raise ConfigError(f"from_iterator takes an `async def` with `yield` in it; {name} {kind}")
    signature = inspect.signature(fn)
    for count in (2, 1):
        try:
            signature.bind(*["message", "session"][:count])
        except TypeError:
            continue
        # A second parameter that has a default is the function's own affair.
        return count == 2 and not _is_optional(signature, 1)
    raise ConfigError(
        f"from_iterator calls {name} with the message, or the message and the session; it takes {signature}"
    )


def _is_optional(signature: inspect.Signature, place: int) -> bool:
    parameters = list(signature.parameters.values())
    return place >= len(parameters) or parameters[place].default is not inspect.Parameter.empty


class _IteratorAgent:
    def __init__(self, fn: Callable[..., _Generator], wants_session: bool) -> None:
        self._fn = fn
        self._wants_session = wants_session

    @asynccontextmanager
    async def attend(self, session: SessionHandle, history: Sequence[Message]) -> AsyncIterator[Attendant]:
        await trio.lowlevel.checkpoint()
        yield _IteratorAttendant(session, self._begin)

    async def forget(self, session_id: str) -> None:
        await trio.lowlevel.checkpoint()

    def _begin(self, prompt: Message, session: SessionHandle) -> _Generator:
        return self._fn(prompt.content, session) if self._wants_session else self._fn(prompt.content)


class _IteratorAttendant:
    def __init__(self, session: SessionHandle, begin: Callable[[Message, SessionHandle], _Generator]) -> None:
        self._session = session
        self._begin = begin

    async def turn(self, prompts: Sequence[Message]) -> None:
        began_s = trio.current_time()
        for prompt in prompts:
            answer = _Answer(self._session)
            whole = False
            try:
                await _follow(self._begin(prompt, self._session), answer.take)
                if prompt is prompts[-1]:
                    await answer.record(end_of_turn=True, turnDuration=int((trio.current_time() - began_s) * 1e9))
                else:
                    await answer.record()
                whole = True
            finally:
                if not whole:
                    with trio.move_on_after(RECORD_S, shield=True):
                        await answer.cut_off(self._session.cancel_reason)

    async def diff(self, commit: str) -> str:
        await trio.lowlevel.checkpoint()
        if commit:
            raise NotFound("no such commit: this agent makes none")
        return ""


class _Answer:
    """What was yielded as text and is not in the log yet."""

    def __init__(self, session: SessionHandle) -> None:
        self._session = session
        self._pieces: list[str] = []

    async def take(self, item: object) -> None:
        """Always a checkpoint: a generator that never waits would otherwise keep all others waiting."""
        if self._session.state is AgentState.SENDING_TO_LLM:
            self._session.enter(AgentState.PROCESSING_LLM_RESPONSE)
        match item:
            case str():
                self._pieces.append(item)
                self._session.write("content", item)
                await trio.lowlevel.checkpoint()
            case Message(type="user"):
                # It would be answered like any other of the user's words, and that answer's too, for ever.
                raise ValueError("a message of type `user` is for users to post")
            case Message():
                await self.record()
                await self._session.record(item)
            case _:
                raise TypeError(f"an agent yields text or a Message, not {type(item).__name__}")

    async def record(self, **fields: Any) -> None:
        """Put the text, if there is any, into the log. Raises StoreError."""
        if text := "".join(self._pieces):
            await self._session.record(Message(type="agent", content=text, **fields))
            self._pieces.clear()

    async def cut_off(self, reason: str) -> None:
        """The same for an answer that broke off: what was shown of it is kept."""
        await self.record(display=cut_off_display(f"cancelled: {reason}" if reason else "the agent failed"))


async def _follow(items: _Generator, take: _Take) -> None:
    """`take` each of `items`, and close it, however the end comes about."""
    # Around all that the generator opens, so that it can become a shield without getting in between its scopes.
    with trio.CancelScope() as closing:
        try:
            await _follow_within(closing, items, take)
        finally:
            _shield(closing)
            try:
                await items.aclose()
            except* Exception as group:
                # What ended the turn counts, and is on its way out already.
                logger.error("generator_did_not_close", generator=str(items), exc_info=group)
    if closing.cancelled_caught:
        logger.error("generator_did_not_close", generator=str(items), reason=f"it took more than {CLOSE_S:.0f} s")
    # A generator may have kept the cancellation of its turn to itself.
    await trio.lowlevel.checkpoint_if_cancelled()


async def _follow_within(closing: trio.CancelScope, items: _Generator, take: _Take) -> None:
    stopped: trio.Cancelled | None = None
    step = items.__anext__()
    while True:
        try:
            item = await step
        except StopAsyncIteration:
            break
        try:
            await take(item)
        except trio.Cancelled as exc:  # noqa: ASYNC103  (the generator hears of it; from outside, it goes on from here too)
            if stopped is None and _shield(closing):
                stopped = exc
            step = items.athrow(exc)
        except Exception as exc:  # noqa: BLE001  (likewise)
            step = items.athrow(exc)
        else:
            if stopped is not None:
                break  # its last words
            step = items.__anext__()
    if stopped is not None:
        raise stopped


def _shield(closing: trio.CancelScope) -> bool:
    """Let what is within `closing` finish its business, for a while. False where it is cancelled by a scope within."""
    closing.shield, closing.deadline = True, trio.current_time() + CLOSE_S
    if trio.current_effective_deadline() > -math.inf:
        return True
    closing.shield, closing.deadline = False, math.inf
    return False
