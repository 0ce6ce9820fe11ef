"""The toolbox: runs the calls of one answer at the same time, each in a scope of its own, and records how each ended."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from pathlib import Path

import msgspec
import structlog
import trio

from trio_agent.core.errors import StoreError, ToolError, first_error
from trio_agent.core.message import Message, ToolCall
from trio_agent.core.state import TodoItem
from trio_agent.seams import SessionHandle, Tool, ToolResult, ToolRun, ToolSpec, rfc3339

MAX_AT_ONCE = 16  # calls of one answer that run together; more wait their turn

RECORD_S = 10.0  # for recording one result; a store that takes longer is broken

logger = structlog.get_logger(__name__)


class Toolbox:
    """The tools of one session."""

    def __init__(self, session: SessionHandle, tools: Sequence[Tool], workspace: Path) -> None:
        self._session = session
        self._tools = {tool.spec.name: tool for tool in tools}
        self._workspace = workspace

    @property
    def specs(self) -> tuple[ToolSpec, ...]:
        return tuple(tool.spec for tool in self._tools.values())

    async def run(self, calls: Sequence[ToolCall], on_result: Callable[[Message], None]) -> None:
        """Run `calls`; record a `tool` message for each as it ends, and hand it to `on_result`. Raises StoreError.

        What had ended before a cancellation is recorded and handed over: nothing that was done is forgotten.
        """
        places = trio.CapacityLimiter(MAX_AT_ONCE)

        async def run_one(call: ToolCall) -> None:
            async with places:
                message = await self._outcome(call)
                # What was done is told, also when the turn is cancelled in this very moment.
                with trio.move_on_after(RECORD_S, shield=True):
                    on_result(await self._session.record(message))

        async with trio.open_nursery() as nursery:
            for call in calls:
                nursery.start_soon(run_one, call)

    async def _outcome(self, call: ToolCall) -> Message:
        begun, begun_ns = time.time(), time.monotonic_ns()
        async with self._session.running_tool(call) as run:
            result = await self._attempt(call, run)
        return Message(
            type="tool",
            tool_name=call.name,
            input=call.input,
            tool_call_id=call.tool_call_id,
            tool_result=result.text,
            tool_error=result.error,
            display=result.display,
            start_time=rfc3339(begun),
            end_time=rfc3339(time.time()),
            elapsed=time.monotonic_ns() - begun_ns,
        )

    async def _attempt(self, call: ToolCall, run: ToolRun) -> ToolResult:
        tool = self._tools.get(call.name)
        if tool is None:
            return ToolResult(text=f"There is no tool {call.name!r}. There are: {', '.join(self._tools)}.", error=True)
        result = ToolResult(text="", error=True)
        with run.scope:
            try:
                result = await tool.run(call.input.encode(), _Bench(self._session, self._workspace, run))
            except* ToolError as group:
                result = ToolResult(text=str(first_error(group)), error=True)
            except* StoreError:
                raise  # ours, and no result of the tool's: nothing can be recorded
            except* OSError as group:
                result = ToolResult(text=f"The system refused: {first_error(group)}", error=True)
            except* Exception as group:
                # A bug in a tool is told to the model like any other failure, and to us with its traceback.
                logger.error("tool_failed", tool=call.name, exc_info=group)
                result = ToolResult(text=f"The tool itself failed: {first_error(group)!r}", error=True)
        if run.scope.cancelled_caught:
            return ToolResult(text=f"Cancelled before it finished: {run.cancelled}", error=True)
        return result


class _Bench:
    """What one running tool may touch of its session."""

    def __init__(self, session: SessionHandle, workspace: Path, run: ToolRun) -> None:
        self._session = session
        self.workspace = workspace
        self.emit = run.emit

    async def note(self, text: str) -> None:
        await self._session.record(Message(type="auto", content=text))

    def set_todo(self, items: tuple[TodoItem, ...]) -> None:
        self._session.show(msgspec.structs.replace(self._session.facts, todo=items))
