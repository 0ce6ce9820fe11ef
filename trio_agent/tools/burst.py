"""The `burst` tool, for the demo model only: fill the log as fast as it takes messages."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

import msgspec
import trio
from msgspec import Meta

from trio_agent.seams import Toolbench, ToolResult, ToolSpec
from trio_agent.tools.tool_input import decode_input, describe_tool

IN_FLIGHT = 64
"""As many writers as the store's group commit was measured with; more only wait."""

MAX_COUNT = 1_000_000
MAX_BYTES = 1024 * 1024


class BurstInput(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    count: Annotated[int, Meta(ge=1, le=MAX_COUNT, description="How many messages.")]
    bytes: Annotated[int, Meta(ge=1, le=MAX_BYTES, description="About how long each is.")] = 500


class Burst:
    @property
    def spec(self) -> ToolSpec:
        return describe_tool("burst", "Record many messages at once, to see how they arrive.", BurstInput)

    async def run(self, input: bytes, bench: Toolbench) -> ToolResult:
        asked = decode_input(input, BurstInput)
        numbers = iter(range(1, asked.count + 1))
        async with trio.open_nursery() as nursery:
            for _ in range(min(IN_FLIGHT, asked.count)):
                nursery.start_soon(_write, numbers, asked, bench)
        return ToolResult(text=f"recorded {asked.count} messages of about {asked.bytes} bytes")


async def _write(numbers: Iterator[int], asked: BurstInput, bench: Toolbench) -> None:
    # All writers draw from one iterator: nobody has a share of its own that would be left when the others are done.
    for number in numbers:
        await bench.note(f"{number}/{asked.count} ".ljust(asked.bytes, "."))
