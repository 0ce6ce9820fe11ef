"""Sessions that are cut at any step: a world in which an agent, its user and its store do random things by a clock of its own.

`live(seed)` runs one. At random steps of trio's scheduler (between any two checkpoints) the turn is cancelled, or a tool is,
the store refuses for a while, or the process dies: then the store is what it was at that very step, and a new process goes on
with it. Every question to the model is judged as it is asked: every provider must take it, and the log alone must give the
same conversation.
"""

from __future__ import annotations

import copy
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any
from unittest.mock import patch

import trio
import trio._core._run as scheduler
from structlog.testing import capture_logs
from trio.testing import MockClock, wait_all_tasks_blocked

from tests.agent.desk import Desk, FakeModel, FakeTool
from tests.agent.providers import assert_every_provider_takes
from tests.runtime.house import NOW, PROJECT, HouseStore, logged
from trio_agent.core.budget import Budget
from trio_agent.core.compaction import SUMMARISE
from trio_agent.core.errors import ConfigError, NotFound, ProviderError, StoreError, StoreFull
from trio_agent.core.message import Message, ToolCall
from trio_agent.core.transcript import AgentTurn, Turn, UserTurn, transcript
from trio_agent.core.usage import Usage
from trio_agent.runtime.hall import open_hall
from trio_agent.runtime.session import Session
from trio_agent.seams import Answer, Model, ModelRequest, OnText, OnUsage, Toolbench, ToolResult, unheard

STEPS = (30, 100, 300)
"""In which of the scheduler's steps a cut comes: some at the very beginning, some about where a life ends by itself."""

MAX_ANSWERS = 40


class Cutter(trio.abc.Instrument):
    """Calls `cut` at the step that was set, with nothing of the program's between that step and the next."""

    def __init__(self) -> None:
        self.left = -1
        self.cut: Callable[[], None] = lambda: None

    def after_task_step(self, task: trio.lowlevel.Task) -> None:
        if self.left < 0:
            return
        self.left -= 1
        if self.left < 0:
            self.cut()


class WanderingModel(FakeModel):
    """Answers at random, and judges what it is asked."""

    context_window = 6000

    def __init__(self, world: World, name: str) -> None:
        super().__init__()
        self.name = name
        self._world = world

    async def answer(self, request: ModelRequest, on_text: OnText, on_usage: OnUsage = unheard) -> Answer:
        world, random = self._world, self._world.random
        world.counts["questions"] += 1
        try:
            await world.judge(request)
        except AssertionError as wrong:
            # Raised again in the end: a turn survives what its model raises.
            world.wrong.append(wrong)
        await _pause(random)
        text = ""
        usage = Usage(input_tokens=random.randint(1, 5000), cost_usd=0.0)
        for number in range(random.randint(0, 4)):
            if random.random() < 0.1:
                on_text("content", "", restart=True)
                text = ""
            piece = f"{random.choice(('word', 'строка', chr(0)))}{number} "
            text += piece
            on_text(random.choice(("content", "content", "thinking")), piece)
            usage = usage.costing(usage.cost_usd + random.choice((0, 0.01, 0.2)))
            on_usage(usage)
            await _pause(random)
        if random.random() < 0.1:
            raise ProviderError("The provider is overloaded.")
        if random.random() < 0.04:
            raise RuntimeError("a bug")
        world.answers += 1
        goes_on = world.answers < MAX_ANSWERS and SUMMARISE not in request.turns[-1].text
        calls = tuple(self._call() for _ in range(random.randint(0, 3) if goes_on else 0))
        usage = usage.costing(usage.cost_usd + random.choice((0, 0.05)))
        on_usage(usage)
        return Answer(
            text=text or random.choice(("", "said")),
            stop_reason="tool_use" if calls else random.choice(("end_turn", "max_tokens", "refusal")),
            usage=usage,
            model=self.name,
            tool_calls=calls,
        )

    def _call(self) -> ToolCall:
        name = self._world.random.choice(("quick", "slow", "stubborn", "asks", "notes", "broken", "subagent", "none"))
        id = self._world.random.choice(("0", "1", "", "functions.quick:0"))
        return ToolCall(name=name, input='{"task": "look"}', tool_call_id=id)


class World(Desk):
    """An agent with random models and tools, and the store it shares with those that come after it."""

    def __init__(self, tmp_path: Path, random: Random) -> None:
        super().__init__(tmp_path, budget=Budget(dollars=1.0, responses=9, seconds=40))
        self.random = random
        self.store = HouseStore()
        self.answers = 0
        self.counts: Counter[str] = Counter()
        self.wrong: list[AssertionError] = []
        self.now: Session | None = None
        self.tools = [
            FakeTool(name, work)
            for name, work in (
                ("quick", "ok"),
                ("slow", self._slow),
                ("stubborn", self._stubborn),
                ("asks", self._asks),
                ("notes", self._notes),
                ("broken", self._broken),
            )
        ]

    def _make_model(self, name: str) -> Model:
        if name not in ("", "other"):
            raise ConfigError(f"no model is called {name}")
        return WanderingModel(self, name or "fake")

    async def judge(self, request: ModelRequest) -> None:
        """Would every provider take it, and does the log alone give the same?"""
        assert_every_provider_takes(request)
        session = self.now
        assert session is not None
        # In one step: what nobody has taken up yet stands in the log, and is no part of the conversation.
        count, waiting = session.log.cursor.index, session.prompts.indices
        if SUMMARISE in request.turns[-1].text or session.prompts.taken < 0:
            return
        log = [each for each in (await logged(session))[:count] if each.idx not in waiting]
        of_sub_agent = "sub-agent" in request.system
        if not of_sub_agent:
            assert content(transcript(log)) == content(request.turns)
            return
        subs = {each.conversation_id for each in log if each.parent_conversation_id}
        assert any(transcript(log, sub) == request.turns for sub in subs)

    async def _slow(self, input: bytes, bench: Toolbench) -> ToolResult:
        for number in range(3):
            bench.emit(f"{number} ")
            await _pause(self.random)
        return ToolResult(text="slow and sure")

    async def _stubborn(self, input: bytes, bench: Toolbench) -> ToolResult:
        try:
            await _pause(self.random)
        finally:
            with trio.CancelScope(shield=True):
                await trio.sleep(0.5)
        return ToolResult(text="cleaned up")

    async def _asks(self, input: bytes, bench: Toolbench) -> ToolResult:
        return ToolResult(text=f"told {await bench.ask('Which?', ('a', 'b'))}")

    async def _notes(self, input: bytes, bench: Toolbench) -> ToolResult:
        await bench.note("a note")
        await _pause(self.random)
        return ToolResult(text="noted", display={"kind": "x"})

    async def _broken(self, input: bytes, bench: Toolbench) -> ToolResult:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(_pause, self.random)
            await _pause(self.random)
            raise AttributeError("a bug of the tool's")


def content(turns: tuple[Turn, ...]) -> tuple[Any, ...]:
    """A conversation but for where in it the user's words stand: they are heard when they are taken up."""
    said = "".join(turn.text for turn in turns if isinstance(turn, AgentTurn)).replace("\n\n", "")
    calls = [call for turn in turns if isinstance(turn, AgentTurn) for call in turn.tool_calls]
    told = [turn for turn in turns if isinstance(turn, UserTurn)]
    outcomes = [outcome for turn in told for outcome in turn.outcomes]
    return said, calls, outcomes, Counter(words for turn in told for words in turn.text.split("\n\n") if words)


async def _pause(random: Random) -> None:
    await trio.sleep(random.choice((0, 0, 0.1, 1, 5)))


async def _life(world: World, cutter: Cutter) -> bool:
    """One process, until it dies (False) or its user has nothing more to say."""
    random = world.random
    store = world.store
    died = trio.Event()
    cuts = trio.Event()
    doing = random.choice(("cancel", "cancel", "cancel tool", "refuse", "die", "nothing"))

    def cut() -> None:
        if doing == "die":
            # What the next process finds is what is in the store at this step, and nothing that is done on the way out.
            world.store = HouseStore()
            world.store._entries = copy.deepcopy(store._entries)
            world.store._records = copy.deepcopy(store._records)
            died.set()
        elif doing == "refuse":
            store.refusal = StoreFull("the disk is full")
        cuts.set()

    cutter.cut = cut
    async with open_hall(store, world.agent, project=PROJECT, clock=lambda: NOW) as hall:
        session = world.now = await hall.newest()
        cutter.left = random.randint(0, random.choice(STEPS)) if doing != "nothing" else -1

        async def carry_out() -> None:
            await cuts.wait()
            world.counts[doing] += 1
            if doing == "die":
                nursery.cancel_scope.cancel()
            elif doing == "refuse":
                await trio.sleep(random.choice((0, 1, 20)))
                store.refusal = None
            elif doing == "cancel tool":
                for run in list(session._tools._runs):
                    try:
                        await session.cancel_tool(run, "not this")
                    except NotFound:
                        continue
            else:
                await session.cancel("enough")

        async with trio.open_nursery() as nursery:
            nursery.start_soon(carry_out)
            await _converse(session, random)
            nursery.cancel_scope.cancel()
        cutter.left = -1
        store.refusal = None
    return not died.is_set()


async def _converse(session: Session, random: Random) -> None:
    for number in range(random.randint(1, 4)):
        words = random.choice(("do this", "do that", "/compact", "/model other", "/model", "/model none"))
        try:
            await session.post(f"{words} {number}" if words.startswith("do") else words)
        except StoreError:
            pass
        await _pause(random)
    for _ in range(60):
        await wait_all_tasks_blocked()
        if not session.running and not session.prompts.ready:
            return
        await trio.sleep(3)
        if any(run.call.name == "asks" for run in session._tools._runs.values()):
            try:
                await session.post("an answer")
            except StoreError:
                pass


async def _lives(world: World, cutter: Cutter) -> None:
    for _ in range(world.random.randint(1, 4)):
        await _life(world, cutter)
    # The last goes on undisturbed, and leaves a whole log.
    async with open_hall(world.store, world.agent, project=PROJECT, clock=lambda: NOW) as hall:
        session = world.now = await hall.newest()
        await _converse(session, Random(0))
        await session.cancel("the end")
        await wait_all_tasks_blocked()
        assert_whole(await logged(session))


def assert_whole(log: list[Message]) -> None:
    """Every call of the log has one result, in its own conversation."""
    made = Counter((each.conversation_id, call.tool_call_id) for each in log for call in each.tool_calls)
    told = Counter((each.conversation_id, each.tool_call_id) for each in log if each.type == "tool")
    assert made == told
    assert all(count == 1 for count in made.values())


def live(tmp_path: Path, seed: int) -> Counter[str]:
    """A world and its lives, all from `seed`; what happened in them, counted."""
    cutter = Cutter()
    world = World(tmp_path, Random(seed))
    with (
        capture_logs(),
        # A life must be the same each time, or it could not be looked into: trio throws dice over who runs first.
        patch.object(scheduler, "_ALLOW_DETERMINISTIC_SCHEDULING", True),
        patch.object(scheduler, "_r", Random(seed)),
    ):
        trio.run(_lives, world, cutter, clock=MockClock(autojump_threshold=0), instruments=[cutter])
    for wrong in world.wrong:
        raise wrong
    return world.counts
