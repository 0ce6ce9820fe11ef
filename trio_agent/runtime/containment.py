"""Containment: an agent that raises what would end the program fails alone.

SystemExit, GeneratorExit and KeyboardInterrupt pass every handler of errors. A library that takes itself for the whole program
would end the sessions of all others with them; under a server that outlives its app the process would stay, serving nothing.

A KeyboardInterrupt may also be the user's Ctrl-C, which trio lets strike whatever runs at that moment, an agent too. That one
still ends the program: it is passed on to the main task, as trio does where it strikes nobody.
"""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager

import trio

from trio_agent.core.errors import first_error


@contextmanager
def contained() -> Iterator[None]:
    """Within, what would end the program is raised as a RuntimeError that names it."""
    try:
        yield
    except* (SystemExit, GeneratorExit, KeyboardInterrupt) as group:
        error = first_error(group)
        if _is_of_the_keyboard(error):
            _interrupt_main()
        raise RuntimeError(f"it raised {type(error).__name__}") from group


def _is_of_the_keyboard(error: BaseException) -> bool:
    """Whether trio's handler of the signal raised it, and not the code that was running."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    return trace is not None and trace.tb_frame.f_globals.get("__name__") == "trio._core._ki"


@trio.lowlevel.enable_ki_protection
def _interrupt_main() -> None:
    # Protected code is not struck: trio wakes the main task with it.
    signal.raise_signal(signal.SIGINT)
