"""Words and numbers for people. Pure.

Everything from outside goes through `printable`: a message, a branch name or a tool's output could otherwise hold escape
sequences, and a terminal obeys those (titles, clipboards, what stands above).
"""

from __future__ import annotations

import re

import msgspec

from trio_agent.core.message import Message

# ECMA-48 § 5.4 and § 5.6: CSI … final byte; OSC, DCS and kin … BEL or ST; any other two-byte sequence.
_ESCAPE = re.compile(
    r"(?:\x1b\[|\x9b)[0-?]*[ -/]*[@-~]|(?:\x1b[P\]X^_]|[\x90\x9d\x98\x9e\x9f])[^\x07\x1b\x9c]*(?:\x07|\x1b\\|\x9c)?|\x1b.?"
)
_LINE_END = re.compile(r"\r\n?|[\x0b\x0c\x85\u2028\u2029]")
_UNSAFE = re.compile(r"[^\n\t\x20-\x7e]")

AGENT_WORDS = {
    "Ready": "getting ready",
    "WaitingForUserInput": "waiting for you",
    "SendingToLLM": "asking the model",
    "ProcessingLLMResponse": "thinking",
    "EndOfTurn": "done",
    "ToolUseRequested": "preparing tools",
    "CheckingForCancellation": "preparing tools",
    "RunningTool": "running tools",
    "CheckingGitCommits": "looking for commits",
    "RunningAutoformatters": "formatting",
    "CheckingBudget": "checking the budget",
    "GatheringAdditionalMessages": "reading your messages",
    "SendingToolResults": "reporting to the model",
    "Cancelled": "stopped",
    "BudgetExceeded": "over budget",
    "Error": "something failed",
    "Compacting": "compacting the conversation",
}

MAX_CALL_CHARS = 120


def printable(text: str) -> str:
    """`text` without anything that a terminal would obey or hide: what is left is printable, or a newline or tab."""
    text = _LINE_END.sub("\n", _ESCAPE.sub("", text))
    return _UNSAFE.sub(lambda match: match[0] if match[0].isprintable() else " " if match[0].isspace() else "", text)


def one_line(text: str, max_chars: int = MAX_CALL_CHARS) -> str:
    """`text` on one line, cut where it is too long."""
    line = " ".join(printable(text).split())
    return line if len(line) <= max_chars else f"{line[: max_chars - 1]}…"


def agent_words(agent_state: str) -> str:
    """What the agent is doing. A state of a newer server is shown by its own name."""
    return AGENT_WORDS.get(agent_state, one_line(agent_state, 40))


def call_words(name: str, input: str) -> str:
    """A tool call as one line: the tool, and the first thing it was given."""
    try:
        given = msgspec.json.decode(input)
    except msgspec.DecodeError:
        given = input
    values = given.values() if isinstance(given, dict) else [given]
    first = next((value for value in values if isinstance(value, str) and value.strip()), "")
    return f"{one_line(name, 40)} {one_line(first)}".rstrip()


def duration(seconds: float) -> str:
    """How long, in the unit that fits."""
    if seconds < 0.95:
        return f"{seconds * 1000:.0f} ms"
    if seconds < 9.95:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    return f"{whole} s" if whole < 60 else f"{whole // 60} m {whole % 60} s"


def result_words(message: Message) -> str:
    """A tool's message as one line: the call, how long it took and, where it failed, how."""
    words = call_words(message.tool_name, message.input)
    if message.elapsed:
        words += f" ({duration(message.elapsed / 1e9)})"
    if message.tool_error:
        lines = [line for line in printable(message.tool_result).splitlines() if line.strip()]
        # A command's last words are its status, a traceback's are the error. That it was stopped stands before its output.
        stopped = (message.display or {}).get("kind") == "stopped"
        words += f": {one_line(lines[0 if stopped else -1])}" if lines else ": failed"
    return words


def indented(mark: str, text: str) -> str:
    """`text` after `mark`, its further lines below its first."""
    return mark + printable(text).strip("\n").replace("\n", "\n" + " " * len(mark))
