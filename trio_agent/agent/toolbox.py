"""The toolbox: runs the calls of one answer at the same time, each in a scope of its own, and records how each ended.

However a call ends (by itself, stopped alone, or cancelled with its turn before it had begun), its end is written down here,
with what it had shown by then: nothing that was done is forgotten, and nothing is left without a result.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence

import structlog
import trio

from trio_agent.agent.bench import Bench
from trio_agent.agent.errand import Errand
from trio_agent.agent.stop import Stop
from trio_agent.agent.told_tools import ToldTools, told_tools
from trio_agent.agent.workroom import Workroom
from trio_agent.core.display import answered, stopped_display
from trio_agent.core.errors import StoreError, ToolError, first_error
from trio_agent.core.message import Message, ToolCall
from trio_agent.seams import Tool, ToolResult, ToolRun, ToolSpec, rfc3339

MAX_AT_ONCE = 16  # calls of one answer that run together; more wait their turn

RECORD_S = 10.0  # for recording one result; a store that takes longer is broken

logger = structlog.get_logger(__name__)


class Toolbox:
    """Tools of one session: which ones, `tools` says anew for every answer."""

    def __init__(self, room: Workroom, tools: Callable[[], Sequence[Tool]]) -> None:
        self._room = room
        self._tools = tools

    @property
    def specs(self) -> tuple[ToolSpec, ...]:
        return tuple(tool.spec for tool in self.told.tools)

    @property
    def told(self) -> ToldTools:
        """What the model is told of, and what not."""
        return told_tools(self._tools())

    async def run(self, calls: Sequence[ToolCall], errand: Errand) -> None:
        """Run `calls`; record a `tool` message for each as it ends. Raises StoreError."""
        tools = {tool.spec.name: tool for tool in self.told.tools}
        places = trio.CapacityLimiter(MAX_AT_ONCE)

        async def run_one(call: ToolCall) -> None:
            begun = False
            try:
                async with places:
                    begun = True
                    await self._run(call, tools, errand)
            finally:
                if not begun and _is_cancelled():
                    stop = errand.stop()
                    result = ToolResult(text=stop.told(begun=False), error=True)
                    await _record(_message(call, result, display=stopped_display(stop.by)), errand)  # noqa: ASYNC102  it shields itself, with a deadline

        async with trio.open_nursery() as nursery:
            for call in calls:
                nursery.start_soon(run_one, call)

    async def _run(self, call: ToolCall, tools: dict[str, Tool], errand: Errand) -> None:
        begun, begun_ns = time.time(), time.monotonic_ns()
        room = self._room
        async with room.session.running_tool(call) as run:
            bench = Bench(room.session, room.workspace, room.blobs, room.questions, errand, call, run)
            result: ToolResult | None = None
            try:
                result = await _attempt(call, tools, bench, run)
            finally:
                if result is None and _is_cancelled():
                    result = _stopped(errand.stop(), bench)
                if result is not None:
                    # Before the call counts as over: who stopped it is answered when its end is in the log.
                    await _record(  # noqa: ASYNC102  it shields itself, with a deadline
                        _message(
                            call,
                            result,
                            display=answered(result.display, bench.replies),
                            start_time=rfc3339(begun),
                            end_time=rfc3339(time.time()),
                            elapsed=time.monotonic_ns() - begun_ns,
                        ),
                        errand,
                    )


async def _attempt(call: ToolCall, tools: dict[str, Tool], bench: Bench, run: ToolRun) -> ToolResult:
    tool = tools.get(call.name)
    if tool is None:
        return ToolResult(text=f"There is no tool {call.name!r}. There are: {', '.join(tools)}.", error=True)
    result = ToolResult(text="", error=True)
    with run.scope:
        try:
            result = await tool.run(call.input.encode(errors="replace"), bench)
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
        return _stopped(Stop(cancelled=run.cancelled), bench)
    return result


def _stopped(stop: Stop, bench: Bench) -> ToolResult:
    shown = bench.shown.text
    text = stop.told() + (f"\n\nIts output until then:\n{shown}" if shown.strip() else "")
    return ToolResult(text=text, error=True, display=stopped_display(stop.by))


def _message(
    call: ToolCall,
    result: ToolResult,
    *,
    display: dict[str, object] | None = None,
    start_time: str = "",
    end_time: str = "",
    elapsed: int = 0,
) -> Message:
    return Message(
        type="tool",
        tool_name=call.name,
        input=call.input,
        tool_call_id=call.tool_call_id,
        tool_result=result.text,
        tool_error=result.error,
        display=display,
        start_time=start_time,
        end_time=end_time,
        elapsed=elapsed,
    )


async def _record(message: Message, errand: Errand) -> None:
    # What was done is told, also when the turn is cancelled in this very moment.
    with trio.move_on_after(RECORD_S, shield=True):
        await errand.record(message)


def _is_cancelled() -> bool:
    """Whether what runs here is cancelled from outside. An exception alone cannot tell: it may come in a group with others."""
    return trio.current_effective_deadline() == -math.inf
