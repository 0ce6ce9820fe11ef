"""A command in the background: whether it runs, how it ended, and what it has written since somebody last asked."""

from __future__ import annotations

import codecs
import os
import stat
from dataclasses import dataclass, field
from pathlib import Path

import trio

from trio_agent.core.errors import ToolError
from trio_agent.core.redaction import RedactedStream, Redactor
from trio_agent.tools.excerpt import Excerpt
from trio_agent.tools.paths import open_inside
from trio_agent.tools.process import ProcessGroup

MAX_NEWS_BYTES = 32 * 1024 * 1024
"""Of a file, that are read at once. Of more, only the end is looked at."""

EXCERPT_BYTES = 16 * 1024
"""Of the beginning, and of the end, of what is new in a file."""

_MAX_LINE_BYTES = 64 * 1024

PIECE_BYTES = 8 * 1024
"""Handled in one go: the thread that looks for secrets in a piece holds up the event loop meanwhile, for it has the lock."""


class JobFile:
    """A file that a command writes to, in a workspace where anybody may put another in its place."""

    def __init__(self, path: str, redactor: Redactor) -> None:
        self.path = path
        self._offset = 0
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._redacted: RedactedStream = redactor.stream()

    def news(self, workspace: Path, over: bool) -> str:
        """What was written since the last call, its beginning and its end; `over` where nothing can follow.

        Blocks. Raises ToolError where there is no such file any more; no link is followed, no FIFO waited for.
        """
        descriptor = open_inside(workspace, Path(self.path), os.O_RDONLY)
        facts = os.fstat(descriptor)
        if not stat.S_ISREG(facts.st_mode):
            os.close(descriptor)
            raise ToolError(f"{self.path} is no regular file any more")
        with open(descriptor, "rb") as file:
            # Shorter than before: whoever emptied it begins anew.
            start = self._offset if facts.st_size >= self._offset else 0
            skipped = max(0, facts.st_size - start - MAX_NEWS_BYTES)
            file.seek(start + skipped)
            if skipped:
                file.readline(_MAX_LINE_BYTES)  # half a line: it may be half a secret
            excerpt = Excerpt(EXCERPT_BYTES, EXCERPT_BYTES)
            while file.tell() < facts.st_size and (chunk := file.read(PIECE_BYTES)):
                excerpt.add(self._redacted.add(self._decoder.decode(chunk)).encode())
            self._offset = file.tell()
        if over:
            excerpt.add((self._redacted.add(self._decoder.decode(b"", True)) + self._redacted.end()).encode())
        return f"… {skipped} bytes left out …\n{excerpt.text()}" if skipped else excerpt.text()


@dataclass(slots=True)
class BackgroundJob:
    """`ended` is set when nothing of it runs any more; `exit_status` is known then, a signal's number negated."""

    id: str
    command: str
    workspace: Path
    group: ProcessGroup
    stdout: JobFile
    stderr: JobFile
    scope: trio.CancelScope = field(default_factory=trio.CancelScope)
    ended: trio.Event = field(default_factory=trio.Event)
    exit_status: int | None = None
    _asking: trio.Lock = field(default_factory=trio.Lock)

    async def kill(self) -> None:
        """End it: TERM, a grace, KILL. Returns when nothing of it runs any more."""
        self.scope.cancel()
        await self.ended.wait()

    async def report(self) -> str:
        """How it is, and what is new. Raises ToolError."""
        async with self._asking:
            # Looked at first: what it writes last is in the files when it has ended.
            over = self.ended.is_set()
            told = [f"[job {self.id}: {self._status(over)}]"]
            for name, file in (("stdout", self.stdout), ("stderr", self.stderr)):
                news = await trio.to_thread.run_sync(file.news, self.workspace, over)
                if news:
                    told.append(f"[new on {name}]\n{news}")
        return "\n".join(told) if len(told) > 1 else f"{told[0]}\n[no new output]"

    def _status(self, over: bool) -> str:
        if not over:
            return "running"
        if self.exit_status is None or self.exit_status < 0:
            return f"ended by signal {-self.exit_status if self.exit_status else 'KILL'}"
        return f"ended with exit status {self.exit_status}"
