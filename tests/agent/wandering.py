"""A world in which an agent, its models and its tools do random things, and each question to a model is judged as it is asked:
every provider must take it, and the log alone must give the same conversation.
"""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from random import Random
from typing import Any

import trio

from tests.agent.desk import Desk, FakeModel, FakeTool
from tests.agent.providers import assert_every_provider_takes
from tests.runtime.house import HouseStore, logged
from trio_agent.core.budget import Budget
from trio_agent.core.compaction import SUMMARISE
from trio_agent.core.errors import ConfigError, ProviderError
from trio_agent.core.message import ToolCall
from trio_agent.core.transcript import AgentTurn, Turn, UserTurn, transcript
from trio_agent.core.usage import Usage
from trio_agent.runtime.session import Session
from trio_agent.seams import Answer, Model, ModelRequest, OnText, OnUsage, Toolbench, ToolResult, unheard

MAX_ANSWERS = 40


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
        await pause(random)
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
            await pause(random)
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
        session_budget = Budget(dollars=2.5, responses=30, seconds=120)
        super().__init__(tmp_path, budget=Budget(dollars=1.0, responses=9, seconds=40), session_budget=session_budget)
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
            await pause(self.random)
        return ToolResult(text="slow and sure")

    async def _stubborn(self, input: bytes, bench: Toolbench) -> ToolResult:
        try:
            await pause(self.random)
        finally:
            with trio.CancelScope(shield=True):
                await trio.sleep(0.5)
        return ToolResult(text="cleaned up")

    async def _asks(self, input: bytes, bench: Toolbench) -> ToolResult:
        return ToolResult(text=f"told {await bench.ask('Which?', ('a', 'b'))}")

    async def _notes(self, input: bytes, bench: Toolbench) -> ToolResult:
        await bench.note("a note")
        await pause(self.random)
        return ToolResult(text="noted", display={"kind": "x"})

    async def _broken(self, input: bytes, bench: Toolbench) -> ToolResult:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(pause, self.random)
            await pause(self.random)
            raise AttributeError("a bug of the tool's")


def content(turns: tuple[Turn, ...]) -> tuple[Any, ...]:
    """A conversation but for where in it the user's words stand: they are heard when they are taken up."""
    said = "".join(turn.text for turn in turns if isinstance(turn, AgentTurn)).replace("\n\n", "")
    calls = [call for turn in turns if isinstance(turn, AgentTurn) for call in turn.tool_calls]
    told = [turn for turn in turns if isinstance(turn, UserTurn)]
    outcomes = [outcome for turn in told for outcome in turn.outcomes]
    return said, calls, outcomes, Counter(words for turn in told for words in turn.text.split("\n\n") if words)


async def pause(random: Random) -> None:
    await trio.sleep(random.choice((0, 0, 0.1, 1, 5)))
