from __future__ import annotations

import trio
from trio.testing import assert_checkpoints, wait_all_tasks_blocked

from trio_agent.runtime.signal import Signal


async def test_a_change_between_looking_and_waiting_is_not_missed() -> None:
    signal = Signal()
    version = signal.version
    signal.notify()
    await signal.wait_past(version)


async def test_all_who_wait_are_woken_by_one_change() -> None:
    signal = Signal()
    woken: list[int] = []

    async def wait(number: int) -> None:
        await signal.wait_past(signal.version)
        woken.append(number)

    async with trio.open_nursery() as nursery:
        for number in range(10):
            nursery.start_soon(wait, number)
        await wait_all_tasks_blocked()
        assert woken == []
        signal.notify()
    assert sorted(woken) == list(range(10))


async def test_waiting_is_a_checkpoint_also_when_there_is_nothing_to_wait_for() -> None:
    signal = Signal()
    signal.notify()
    with assert_checkpoints():
        await signal.wait_past(0)
