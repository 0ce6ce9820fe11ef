"""The `bash_kill` tool: end a command in the background."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta

from trio_agent.seams import Toolbench, ToolResult, ToolSpec
from trio_agent.tools.background import Background
from trio_agent.tools.tool_input import decode_input, describe_tool

DESCRIPTION = """End a command that bash started in the background, with all it started: it gets TERM and a few seconds to \
clean up. Returns its last output."""


class BashKillInput(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    job: Annotated[str, Meta(min_length=1, description="The job, as bash named it.")]


SPEC = describe_tool("bash_kill", DESCRIPTION, BashKillInput)


class BashKill:
    def __init__(self, background: Background) -> None:
        self._background = background

    @property
    def spec(self) -> ToolSpec:
        return SPEC

    async def run(self, input: bytes, bench: Toolbench) -> ToolResult:
        job = self._background.job(decode_input(input, BashKillInput).job)
        await job.kill()
        display = {"kind": "command", "command": job.command, "exit_status": job.exit_status, "background": True}
        return ToolResult(text=await job.report(), display={**display, "job": job.id})
