"""Many faults, in lanes beside each other: most of a fault is waiting."""

from __future__ import annotations

import queue
import tempfile
import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tests.faults.play import Outcome, open_house, play
from tests.faults.script import Fault


def play_all(
    faults: Sequence[Fault],
    lanes: int,
    *,
    on_outcome: Callable[[Outcome], None] = lambda _: None,
    environment: Mapping[str, str] = {},
) -> list[Outcome]:
    """Play them, the first ones first. `on_outcome` is called as each is over, one call at a time."""
    waiting: queue.SimpleQueue[Fault] = queue.SimpleQueue()
    for fault in faults:
        waiting.put(fault)
    outcomes: list[Outcome] = []
    telling = threading.Lock()

    def run_lane(number: int) -> None:
        with (
            tempfile.TemporaryDirectory(prefix=f"faults-{number}-", ignore_cleanup_errors=True) as folder,
            open_house(Path(folder), environment) as house,
        ):
            while True:
                try:
                    fault = waiting.get_nowait()
                except queue.Empty:
                    return
                outcome = play(house, fault)
                with telling:
                    outcomes.append(outcome)
                    on_outcome(outcome)

    with ThreadPoolExecutor(lanes, thread_name_prefix="lane") as pool:
        for done in [pool.submit(run_lane, number) for number in range(min(lanes, len(faults)))]:
            done.result()
    return sorted(outcomes, key=lambda outcome: outcome.fault.number)
