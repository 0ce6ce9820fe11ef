"""The runner of every async test: `trio.run` under a deadline."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import trio
import trio.testing

REAL_DEADLINE_S = 60.0
"""Twenty times the slowest honest test on two busy cores."""

VIRTUAL_DEADLINE_S = 24 * 3600.0
"""Beyond every wait of the program's own. A loop that ticks for ever under a jumping clock still reaches it."""


def run_within_deadline(
    async_fn: Callable[..., Awaitable[object]], *args: object, clock: trio.abc.Clock | None = None, **options: Any
) -> object:
    """`trio.run`, but that the whole must end within a deadline of its clock's. Raises trio.TooSlowError."""
    allowed_s = VIRTUAL_DEADLINE_S if isinstance(clock, trio.testing.MockClock) else REAL_DEADLINE_S

    async def bounded() -> object:
        with trio.fail_after(allowed_s):
            return await async_fn(*args)

    return trio.run(bounded, clock=clock, **options)
