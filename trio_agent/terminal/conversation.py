"""A session told as text that only grows: what a terminal scrolls, and what a file keeps. Pure.

Text that is being written is printed as it comes. When its message arrives, only what is missing is added; where the message
turns out to be another, that is said, for nothing that was printed can be taken back.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from trio_agent.client.events import (
    ConnectionChanged,
    Event,
    MessageArrived,
    Opened,
    Reset,
    StateChanged,
    TextDropped,
    TextGrew,
    ToolWrote,
)
from trio_agent.client.replica import is_working
from trio_agent.core.message import Message, ToolCall
from trio_agent.core.prompts import files_of
from trio_agent.core.state import State
from trio_agent.terminal.words import call_words, indented, one_line, printable, result_words

Style = Literal["user", "agent", "done", "failed", "commit", "error", "budget", "aside"]

OUTPUT_CHARS = 2000
"""Of a running tool's output, for its last line."""


@dataclass(frozen=True, slots=True)
class Piece:
    """Text to be added to what was printed. Line ends stand in it; it need not end with one."""

    style: Style
    text: str


class Conversation:
    """Takes what a client hears, and tells it. `last` is how many of the messages that were there are shown; None = all."""

    def __init__(self, last: int | None = None) -> None:
        self.state: State | None = None
        self.log = ""
        self._last = last
        self._from = -1
        self._there = 0
        self._at_line_start = True
        # Parts of the message being written: as they are, and how much of the content was printed.
        self._content = ""
        self._thinking = False
        self._shown = ""
        self._calls: dict[str, ToolCall] = {}
        self._outputs: dict[str, str] = {}
        self._ends: dict[str, int] = {}
        self._answered = -1
        self._failed = False

    @property
    def working(self) -> bool:
        return self.state is not None and is_working(self.state)

    @property
    def writing(self) -> bool:
        """Does the model speak?"""
        return bool(self._content)

    @property
    def thinking(self) -> bool:
        """Does the model think, and has not begun to speak?"""
        return self._thinking and not self._content

    def running(self) -> list[str]:
        """The tool calls without a result, one line each, with the last line of their output."""
        if not self.working:
            return []
        lines = []
        for call in self._calls.values():
            output = printable(self._outputs.get(call.tool_call_id, "")).split("\n")
            tail = next((line for line in reversed(output) if line.strip()), "")
            lines.append(call_words(call.name, call.input) + (f"  {one_line(tail)}" if tail else ""))
        return lines

    def turn_over(self, log: str, idx: int) -> bool:
        """Is the turn over that answers message `idx` of `log`? A log that is no more is answered by nobody."""
        if self.log and log != self.log:
            return True
        if self.state is None or self.working:
            return False
        return idx < self._answered < self.state.message_count

    @property
    def failed(self) -> bool:
        """Did the last turn end in something other than an answer?"""
        return self._failed

    @property
    def at_rest(self) -> bool:
        """Has all that was there come, and does nothing run?"""
        return self.state is not None and not self.working and self.state.message_count >= self._there

    def remark(self, style: Style, text: str) -> Iterator[Piece]:
        """A line of our own."""
        yield from self._line(style, text)

    def hear(self, event: Event) -> Iterator[Piece]:
        """What `event` adds to the text."""
        match event:
            case Opened():
                yield from self._opened(event)
            case MessageArrived(message=message):
                yield from self._message(message)
            case StateChanged(state=state):
                self.state = state
            case TextGrew():
                yield from self._text(event)
            case TextDropped():
                yield from self._drop()
            case ToolWrote():
                held = self._outputs.get(event.tool_call_id, "") if event.offset else ""
                self._outputs[event.tool_call_id] = (held + event.text)[-OUTPUT_CHARS:]
            case Reset():
                yield from self._reset(event)
            case ConnectionChanged():
                pass  # told apart from the conversation

    def _opened(self, opened: Opened) -> Iterator[Piece]:
        self.log, self._there = opened.log, opened.count
        if self._from < 0:
            self._from = max(opened.start, opened.count - self._last) if self._last is not None else opened.start
            earlier = self._from - opened.start
            if earlier > 0 and self._last:
                yield from self._line("aside", f"({earlier} earlier messages; --last {opened.count} shows all)")

    def _reset(self, reset: Reset) -> Iterator[Piece]:
        yield from self._drop()
        self.log, self._from, self._answered, self.state = reset.log, reset.start, -1, None
        self._calls.clear()
        self._outputs.clear()
        yield from self._line(
            "aside", f"── the server holds another history now ({one_line(reset.reason, 40)}): it follows ──"
        )

    def _text(self, grew: TextGrew) -> Iterator[Piece]:
        if grew.part == "thinking":
            self._thinking = True
            return
        self._content = self._content[: grew.offset] + grew.text
        yield from self._show(self._content)

    def _show(self, content: str) -> Iterator[Piece]:
        """Print what `content` has more than was printed."""
        if not content.startswith(self._shown):
            yield from self._drop()
            yield from self._line("aside", "(begun anew)")
        rest = content[len(self._shown) :]
        if not rest:
            return
        if not self._shown:
            yield from self._end_line()
            rest = rest.lstrip("\n")
        self._shown = content
        yield from self._add("agent", printable(rest))

    def _drop(self) -> Iterator[Piece]:
        if self._shown:
            yield from self._end_line()
        self._content = self._shown = ""
        self._thinking = False

    def _message(self, message: Message) -> Iterator[Piece]:
        hidden = message.idx < self._from
        if message.parent_conversation_id:
            for piece in self._of_sub_agent(message):
                if not hidden:
                    yield piece
            return
        match message.type:
            case "agent":
                if not hidden:
                    yield from self._show(message.content)
                yield from self._drop()
                self._failed = False
                self._calls = {call.tool_call_id: call for call in message.tool_calls}
                self._outputs.clear()
            case "tool":
                self._calls.pop(message.tool_call_id, None)
            case "error" | "budget":
                yield from self._drop()
                self._failed = True
            case "user" | "commit" | "auto" | "compact":
                # Told in passing: what was being written goes on under the next index. It is told again from its start.
                self._content = ""
        if message.type != "user":
            self._answered = message.idx
        if not hidden:
            yield from self._told(message)

    def _of_sub_agent(self, message: Message) -> Iterator[Piece]:
        """In short, and set in. It works beside the conversation, whose calls go on: its own are added to them."""
        self._content = ""
        match message.type:
            case "user":
                yield from self._line("aside", f"  ╎ task: {one_line(message.content)}")
                return
            case "agent":
                self._calls.update({call.tool_call_id: call for call in message.tool_calls})
                if message.content.strip():
                    yield from self._line("aside", f"  ╎ {one_line(message.content)}")
            case "tool":
                self._calls.pop(message.tool_call_id, None)
                yield from self._line("aside", f"  ╎ {'✗' if message.tool_error else '✓'} {result_words(message)}")
            case _:
                yield from self._told(message)
        self._answered = message.idx

    def _told(self, message: Message) -> Iterator[Piece]:
        match message.type:
            case "user":
                files = [f"[{file.name}, {file.size:,} bytes]" for file in files_of(message)]
                words = "\n".join([*([message.content] if message.content or not files else []), *files])
                yield from self._line("user", f"\n{indented('› ', words)}\n")
            case "agent":
                pass
            case "tool":
                style: Style = "failed" if message.tool_error else "done"
                yield from self._line(style, f"{'✗' if message.tool_error else '✓'} {result_words(message)}")
            case "commit":
                for commit in message.commits:
                    branch = f" → {one_line(commit.pushed_branch)}" if commit.pushed_branch else ""
                    yield from self._line(
                        "commit", f"◆ {one_line(commit.hash, 40)[:8]} {one_line(commit.subject)}{branch}"
                    )
            case "error" | "budget":
                yield from self._line(message.type, indented("! ", message.content))
            case "auto" if (message.display or {}).get("kind") == "question":
                yield from self._line("agent", indented("? ", message.content))
            case "auto" | "compact":
                yield from self._line("aside", f"· {one_line(message.content)}")

    def _line(self, style: Style, text: str) -> Iterator[Piece]:
        yield from self._end_line()
        yield from self._add(style, f"{text}\n")

    def _end_line(self) -> Iterator[Piece]:
        if not self._at_line_start:
            yield from self._add("agent", "\n")

    def _add(self, style: Style, text: str) -> Iterator[Piece]:
        if text:
            self._at_line_start = text.endswith("\n")
            yield Piece(style, text)
