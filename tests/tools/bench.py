"""A Toolbench that remembers, and a look at the machine's processes from outside the package."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import trio

from trio_agent.core.state import TodoItem
from trio_agent.stores.blobs import MemoryBlobs


class FakeBench:
    """What a tool did to its session, kept for the test to see."""

    def __init__(self, workspace: Path) -> None:
        self.workspace = workspace.resolve()
        self.output = ""
        self.emitted_chars = 0
        self.notes: list[str] = []
        self.notes_in_flight = 0
        self.most_notes_in_flight = 0
        self.todo: tuple[TodoItem, ...] = ()
        self.blobs = MemoryBlobs()
        self.replies: list[str] = []
        self.questions: list[tuple[str, tuple[str, ...]]] = []
        self.cancel_reason = ""
        self._changed = trio.Event()

    def emit(self, text: str) -> None:
        self.emitted_chars += len(text)
        self.output = (self.output + text)[-65536:]
        self._changed.set()
        self._changed = trio.Event()

    async def note(self, text: str) -> None:
        self.notes_in_flight += 1
        self.most_notes_in_flight = max(self.most_notes_in_flight, self.notes_in_flight)
        await trio.lowlevel.checkpoint()
        self.notes_in_flight -= 1
        self.notes.append(text)

    async def keep(self, data: bytes) -> str:
        return await self.blobs.put(data)

    async def ask(self, question: str, options: Sequence[str] = ()) -> str:
        """The next of `replies`."""
        await trio.lowlevel.checkpoint()
        self.questions.append((question, tuple(options)))
        return self.replies.pop(0)

    def set_todo(self, items: tuple[TodoItem, ...]) -> None:
        self.todo = items

    async def wait_output(self, text: str) -> None:
        """Wait until the tool has shown `text`."""
        while text not in self.output:
            await self._changed.wait()


def running(argument: str, *, anywhere: bool = False) -> list[int]:
    """The pids of all living processes, anybody's, that have `argument` among their arguments, or `anywhere` in them."""
    found = []
    for directory in Path("/proc").iterdir():
        if not directory.name.isdecimal():
            continue
        try:
            arguments = (directory / "cmdline").read_bytes().split(b"\0")
            state = (directory / "stat").read_bytes().rpartition(b")")[2].split()[0]
        except OSError:
            continue
        has_it = any(argument.encode() in each for each in arguments) if anywhere else argument.encode() in arguments
        if has_it and state not in (b"Z", b"X"):
            found.append(int(directory.name))
    return found
