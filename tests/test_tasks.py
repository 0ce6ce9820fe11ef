"""The tree of what runs: where a task stands in it, until when it may run, and when it is gone."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager

import pytest
import trio
from trio.testing import MockClock, wait_all_tasks_blocked

from trio_agent.core.errors import NotFound
from trio_agent.core.wire import encode_json
from trio_agent.tasks import TaskTree, bounded, here, opened, stand_at


class Tree(TaskTree):
    """A tree that counts how often it changed."""

    def __init__(self) -> None:
        self.changes = 0
        super().__init__(self._count)

    def _count(self) -> None:
        self.changes += 1

    @property
    def short(self) -> list[str]:
        """Each task by the names from the root to it."""
        tasks = {task.id: task for task in self.told()}

        def path(task_id: int) -> str:
            task = tasks[task_id]
            return (path(task.parent) + "/" if task.parent else "") + (task.name or task.kind)

        return [path(task_id) for task_id in tasks]

    def deadline(self, name: str) -> float | None:
        return next(task.deadline_s for task in self.told() if task.name == name)


@contextmanager
def noted(tree: Tree) -> Iterator[Tree]:
    with tree.noted():
        yield tree


async def test_what_is_opened_stands_within_what_was_opened_around_it_and_only_while_it_lasts() -> None:
    await trio.lowlevel.checkpoint()
    with noted(Tree()) as tree:
        with opened("turn"):
            with opened("tool", "bash"):
                assert tree.short == ["turn", "turn/bash"]
            with opened("tool", "grep"):
                assert tree.short == ["turn", "turn/grep"]
        assert tree.short == []


async def test_tasks_of_a_nursery_stand_where_they_were_started_beside_each_other() -> None:
    with noted(Tree()) as tree:

        async def run(name: str) -> None:
            with opened("tool", name), opened("model", f"m-{name}"):
                await trio.sleep_forever()

        with opened("turn"):
            async with trio.open_nursery() as nursery:
                nursery.start_soon(run, "a")
                nursery.start_soon(run, "b")
                await wait_all_tasks_blocked()
                assert sorted(tree.short) == ["turn", "turn/a", "turn/a/m-a", "turn/b", "turn/b/m-b"]
                nursery.cancel_scope.cancel()
            assert tree.short == ["turn"]


async def test_a_task_that_is_started_from_elsewhere_stands_where_its_nursery_was_opened() -> None:
    with noted(Tree()) as tree:
        async with trio.open_nursery() as nursery:
            place = here()

            async def run() -> None:
                stand_at(place)
                with opened("job", "server"):
                    await trio.sleep_forever()

            with opened("turn"), opened("tool", "bash"):
                nursery.start_soon(run)
                await wait_all_tasks_blocked()
                assert tree.short == ["turn", "turn/bash", "server"]
                with opened("model", "m"):
                    assert tree.short[-1] == "turn/bash/m", "the task that started it stands where it stood"
            assert tree.short == ["server"]
            nursery.cancel_scope.cancel()


async def test_two_sessions_have_each_its_tree() -> None:
    one, other = Tree(), Tree()

    async def run(tree: Tree, name: str) -> None:
        with tree.noted(), opened("turn", name):
            await trio.sleep_forever()

    async with trio.open_nursery() as nursery:
        nursery.start_soon(run, one, "one")
        nursery.start_soon(run, other, "other")
        await wait_all_tasks_blocked()
        assert (one.short, other.short) == (["one"], ["other"])
        nursery.cancel_scope.cancel()


async def test_where_no_session_is_at_work_nothing_is_noted() -> None:
    await trio.lowlevel.checkpoint()
    with opened("tool", "bash"), bounded(trio.CancelScope()):
        assert here() is None
    with noted(Tree()) as tree, bounded(trio.CancelScope()):
        assert tree.told() == ()


async def test_the_deadline_is_the_earliest_around_what_a_task_does_at_the_moment(autojump_clock: MockClock) -> None:
    await trio.lowlevel.checkpoint()
    now = trio.current_time()
    budget, limit = trio.CancelScope(deadline=now + 60), trio.CancelScope(deadline=now + 10)
    with noted(Tree()) as tree, opened("turn", "t", trio.CancelScope()):
        assert tree.deadline("t") is None
        with bounded(budget), opened("tool", "bash"):
            assert tree.deadline("bash") == now + 60
            with bounded(limit):
                assert tree.deadline("bash") == now + 10
                assert tree.deadline("t") == now + 60
            assert tree.deadline("bash") == now + 60
            budget.deadline = now + 5
            assert tree.deadline("bash") == now + 5, "a deadline that is moved is told of as it is"
        assert tree.deadline("t") is None


async def test_all_that_a_cancelled_scope_surrounds_is_told_as_cancelled_and_nothing_beside_it() -> None:
    await trio.lowlevel.checkpoint()
    turn, one = trio.CancelScope(), trio.CancelScope()
    with noted(Tree()) as tree, opened("turn", "t", turn):
        with opened("tool", "a", one), opened("model", "m"):
            one.cancel()
            assert [task.cancelled for task in tree.told()] == [False, True, True]
        with opened("tool", "b"):
            turn.cancel()
            assert [task.cancelled for task in tree.told()] == [True, True]


async def test_a_task_tells_since_when_it_runs(autojump_clock: MockClock) -> None:
    with noted(Tree()) as tree, opened("turn"):
        begun = trio.current_time()
        await trio.sleep(7)
        assert [task.since_s for task in tree.told()] == [begun]


@asynccontextmanager
async def as_a_generator() -> AsyncIterator[None]:
    with opened("tool", "generator"):
        yield


async def test_a_block_that_an_async_generator_keeps_open_counts_for_the_task_it_is_used_in() -> None:
    await trio.lowlevel.checkpoint()
    with noted(Tree()) as tree, opened("turn"):
        async with as_a_generator():
            with opened("model", "m"):
                assert tree.short == ["turn", "turn/generator", "turn/generator/m"]
        with opened("model", "after"):
            assert tree.short == ["turn", "turn/after"]


async def test_stopping_a_task_ends_it_alone_and_returns_when_it_is_gone() -> None:
    with noted(Tree()) as tree:
        reasons: list[str] = []
        ended: list[str] = []

        async def run(name: str) -> None:
            with trio.CancelScope() as scope:

                def stop(reason: str) -> None:
                    reasons.append(reason)
                    scope.cancel()

                with opened("job", name, scope, stop=stop):
                    try:
                        await trio.sleep_forever()
                    finally:
                        with trio.move_on_after(5, shield=True):
                            await trio.lowlevel.checkpoint()
                        ended.append(name)

        async with trio.open_nursery() as nursery:
            nursery.start_soon(run, "a")
            nursery.start_soon(run, "b")
            await wait_all_tasks_blocked()
            wanted = next(task for task in tree.told() if task.name == "a")
            assert wanted.stoppable
            await tree.stop(wanted.id, "enough")
            assert (ended, reasons, tree.short) == (["a"], ["enough"], ["b"])
            with pytest.raises(NotFound):
                await tree.stop(wanted.id, "again")
            nursery.cancel_scope.cancel()


async def test_what_cannot_be_stopped_alone_is_not_found() -> None:
    await trio.lowlevel.checkpoint()
    with noted(Tree()) as tree, opened("model", "m"):
        (task,) = tree.told()
        assert not task.stoppable
        with pytest.raises(NotFound):
            await tree.stop(task.id, "")


async def test_every_change_is_told_and_the_bytes_are_shared_until_the_next() -> None:
    await trio.lowlevel.checkpoint()
    with noted(Tree()) as tree:
        with opened("turn"):
            assert tree.changes == 1
            with bounded(trio.CancelScope()):
                assert tree.changes == 2
            assert tree.changes == 3
            first = tree.json(1)
            assert first == encode_json(tree.told())
            assert tree.json(1) is first
        assert tree.changes == 4
        assert tree.json(2) == b"[]"


async def test_what_is_empty_is_left_out_on_the_wire(autojump_clock: MockClock) -> None:
    await trio.lowlevel.checkpoint()
    with noted(Tree()) as tree, opened("turn", idx=0):
        assert tree.json(1) == b'[{"id":1,"kind":"turn","since_s":%.1f,"idx":0}]' % trio.current_time()
