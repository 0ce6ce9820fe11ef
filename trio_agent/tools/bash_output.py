"""The `bash_output` tool: how a command in the background is getting on."""

from __future__ import annotations

from typing import Annotated

import msgspec
import trio
from msgspec import Meta

from trio_agent.seams import Toolbench, ToolResult, ToolSpec
from trio_agent.tasks import bounded
from trio_agent.tools.background import Background
from trio_agent.tools.tool_input import decode_input, describe_tool

MAX_WAIT_S = 600

DESCRIPTION = """Look at a command that bash started in the background: what it has written since you last asked, whether it \
runs, and its exit status. With wait_s, wait so long for it to end. All of its output is in its files, for read_file."""


class BashOutputInput(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    job: Annotated[str, Meta(min_length=1, description="The job, as bash named it.")]
    wait_s: Annotated[float, Meta(ge=0, le=MAX_WAIT_S, description="Seconds to wait for it to end.")] = 0


SPEC = describe_tool("bash_output", DESCRIPTION, BashOutputInput)


class BashOutput:
    def __init__(self, background: Background) -> None:
        self._background = background

    @property
    def spec(self) -> ToolSpec:
        return SPEC

    async def run(self, input: bytes, bench: Toolbench) -> ToolResult:
        asked = decode_input(input, BashOutputInput)
        job = self._background.job(asked.job)
        with trio.move_on_after(asked.wait_s) as limit, bounded(limit):
            await job.ended.wait()
        text = await job.report()
        display = {"kind": "command", "command": job.command, "exit_status": job.exit_status, "background": True}
        return ToolResult(text=text, display={**display, "job": job.id})
