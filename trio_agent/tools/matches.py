"""What a search program prints, as it comes: `PATH NUL LINE:TEXT` a line, and words of its own in between. Pure."""

from __future__ import annotations

from collections.abc import Callable

MAX_LINE_CHARS = 300
"""Of a line that is shown. It says enough; minified code would fill the conversation."""

MAX_MESSAGE_CHARS = 2000


class Matches:
    """Takes bytes as they come, cut anywhere, and collects at most `limit` matches whose path is `wanted`.

    `shown` turns the path that the program prints into the one the model knows; `redact` takes secrets out of a line.
    """

    def __init__(
        self,
        limit: int,
        shown: Callable[[str], str],
        wanted: Callable[[str], bool],
        redact: Callable[[str], str] = str,
    ) -> None:
        self.lines: list[str] = []
        self.messages = ""
        self.more = False
        self._limit = limit
        self._shown = shown
        self._wanted = wanted
        self._redact = redact
        self._partial = b""

    def add(self, chunk: bytes) -> None:
        *lines, self._partial = (self._partial + chunk).split(b"\n")
        for line in lines:
            self._take(line)

    def _take(self, line: bytes) -> None:
        path, nul, rest = line.partition(b"\0")
        if not nul:
            self.messages = f"{self.messages}{line.decode('utf-8', 'replace')}\n"[:MAX_MESSAGE_CHARS]
            return
        shown = self._shown(path.decode("utf-8", "replace"))
        if not self._wanted(shown):
            return
        if len(self.lines) == self._limit:
            self.more = True
            return
        number, _, text = rest.decode("utf-8", "replace").partition(":")
        # Before it is cut: half of a secret is one too.
        text = self._redact(text)
        cut = text[:MAX_LINE_CHARS] + "…" if len(text) > MAX_LINE_CHARS else text
        self.lines.append(f"{shown}:{number}: {cut}".rstrip())
