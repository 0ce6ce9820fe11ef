"""The tool calls that run in a session, by id."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from trio_agent.core.errors import NotFound
from trio_agent.core.message import ToolCall
from trio_agent.runtime.live import Live
from trio_agent.runtime.tool_run import ToolRun


class ToolRuns:
    """`changed` is called when one begins or ends, `stopped` when one is told to end."""

    def __init__(self, live: Live, changed: Callable[[], None], stopped: Callable[[], None] = lambda: None) -> None:
        self._live = live
        self._changed = changed
        self._stopped = stopped
        self._runs: dict[str, ToolRun] = {}

    @property
    def names(self) -> tuple[str, ...]:
        """The tools that run, one a call, in the order they began."""
        return tuple(run.call.name for run in self._runs.values())

    @contextmanager
    def running(self, call: ToolCall) -> Iterator[ToolRun]:
        """`call` runs for as long as the block lasts."""
        run = self._runs[call.tool_call_id] = ToolRun(call, self._live)
        self._changed()
        try:
            yield run
        finally:
            # Of two calls under one id, the later has the name.
            if self._runs.get(call.tool_call_id) is run:
                del self._runs[call.tool_call_id]
            self._live.drop_tool(call.tool_call_id)
            run.finished.set()
            self._changed()

    async def cancel(self, tool_call_id: str, reason: str) -> None:
        """Stop one call and wait until it is gone. Raises NotFound where no such call is running."""
        run = self._runs.get(tool_call_id)
        if run is None:
            raise NotFound("no such tool call is running")
        run.cancel(reason)
        self._stopped()
        await run.finished.wait()
