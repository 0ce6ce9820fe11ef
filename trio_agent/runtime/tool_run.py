"""ToolRun: one tool call while it runs, and the handle by which a user stops it alone."""

from __future__ import annotations

import trio

from trio_agent.core.message import ToolCall
from trio_agent.runtime.live import Live


class ToolRun:
    def __init__(self, call: ToolCall, live: Live) -> None:
        self.call = call
        self.scope = trio.CancelScope()
        self.cancelled = ""
        self.finished = trio.Event()
        self._live = live

    def emit(self, text: str) -> None:
        """Show output while the tool runs. What comes later is dropped: nobody would ever take it off the screen."""
        if not self.finished.is_set():
            self._live.emit(self.call.tool_call_id, text)

    def cancel(self, reason: str) -> None:
        """Stop the tool; `finished` is set when nothing of it runs any more. The first reason stands."""
        self.cancelled = self.cancelled or reason
        self.scope.cancel()
