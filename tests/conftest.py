"""What holds for every test: it ends, and it ends without a warning.

A deadlock is a likely failure of a program made of tasks, and it must fail the test that shows it rather than hang the run:

1. Every async test, with its async fixtures, runs under a deadline on its own clock. Under a MockClock that jumps by itself a
   deadlock ends at once, for the clock jumps to the deadline.
2. pytest-timeout (`timeout` in pyproject.toml) ends a test that blocks the thread, or stands on a clock that nobody moves.
"""

from __future__ import annotations

from typing import Any

import hypothesis
import pytest

from tests.deadline import run_within_deadline

# A busy machine makes an example slow, not wrong; what must be fast is asserted by ratio.
hypothesis.settings.register_profile("gate", deadline=None, max_examples=50)
hypothesis.settings.load_profile("gate")


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> object:
    """Where tests run side by side, all of a browser's keep to one process, and those of any other file to one."""
    from tests.lanes import Lanes

    return Lanes(config, log)


# After pytest-trio's own hook, which marks what is async.
@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.get_closest_marker("trio"):
            # pytest-trio takes its runner from the first mark that names one.
            item.add_marker(pytest.mark.trio(run=run_within_deadline), append=False)
