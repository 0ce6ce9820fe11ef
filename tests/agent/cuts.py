"""Sessions that are cut at any step: a world in which an agent, its user and its store do random things by a clock of its own.

`live(seed)` runs one. At random steps of trio's scheduler (between any two checkpoints) the turn is cancelled, or a tool is,
the store refuses for a while, or the process dies: then the store is what it was at that very step, and a new process goes on
with it. Every question to the model is judged as it is asked: every provider must take it, and the log alone must give the
same conversation. `python -m tests.agent.cuts N` runs N of them.
"""

from __future__ import annotations

import copy
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from unittest.mock import patch

import trio
import trio._core._run as scheduler
from structlog.testing import capture_logs
from trio.testing import MockClock, wait_all_tasks_blocked

from tests.agent.wandering import World, pause
from tests.runtime.house import NOW, PROJECT, HouseStore, logged
from trio_agent.core.errors import NotFound, StoreError, StoreFull
from trio_agent.core.message import Message
from trio_agent.runtime.hall import open_hall
from trio_agent.runtime.session import Session

STEPS = (30, 100, 300)
"""In which of the scheduler's steps a cut comes: some at the very beginning, some about where a life ends by itself."""


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
        await pause(random)
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


def main(folder: Path, worlds: int) -> int:
    """Run `worlds` of them and say what happened; the seeds that went wrong, and how many those are."""
    happened: Counter[str] = Counter()
    wrong = []
    for seed in range(worlds):
        try:
            happened += live(folder, seed)
        except (AssertionError, BaseExceptionGroup) as exc:
            wrong.append(seed)
            print(f"seed {seed}: {exc!r}")
    print(
        f"worlds={worlds} wrong={len(wrong)} "
        + " ".join(f"{what}={n}".replace(" ", "_") for what, n in happened.items())
    )
    return len(wrong)


if __name__ == "__main__":
    with TemporaryDirectory() as folder:
        sys.exit(main(Path(folder), int(sys.argv[1])) > 0)
