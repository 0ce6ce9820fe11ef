"""Messages of a log to what a model is sent.

A provider accepts a conversation only where every tool call is followed by its result, roles alternate, and nothing is empty.
A log may hold less: a turn can be cancelled, or the process can die, between a call and its result. `transcript` closes such
calls with a result that says what happened, so that a broken turn never makes the next request invalid.

A log holds several conversations: the user's with the agent, and those of its sub-agents. Each is told without the others.
What stands before the last `compact` message of a conversation is told by its summary, but for words the user said that the
model had not heard by then (`core/display.py`).

Beside what was said, a model is told in square brackets what it must know though nobody said it: a `notice`, and that an
answer of its own was cut off. What only people are told (commits, errors), what is meant for the agent (commands), and what
was the answer to a tool's question, which the tool's result tells, are left out.
"""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from trio_agent.core.commands import read_command
from trio_agent.core.display import words_from
from trio_agent.core.media_types import IMAGE_TYPES
from trio_agent.core.message import Message, ToolCall
from trio_agent.core.prompts import files_of, is_shown, told_of

NOT_RUN = (
    "This tool call did not finish: the turn was interrupted. It was not run again. Call it anew if it is still needed."
)

SUMMARY_OPENS = "[The conversation so far was too long. This summary of yours stands in its place.]"

NO_IMAGE = "(There was an image here, which is no longer kept.)"


class ImageRef(msgspec.Struct, frozen=True):
    """An image that the model is shown: the id of the blob that holds it, and one of IMAGE_TYPES."""

    blob: str
    media_type: str


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """The result of one tool call, as the model is told it."""

    tool_call_id: str
    name: str
    text: str
    error: bool = False
    images: tuple[ImageRef, ...] = ()


class UserTurn(msgspec.Struct, frozen=True, kw_only=True, tag="user"):
    """What the model is told: results of the calls it made just before, then images, then words."""

    outcomes: tuple[Outcome, ...] = ()
    text: str = ""
    images: tuple[ImageRef, ...] = ()


class AgentTurn(msgspec.Struct, frozen=True, kw_only=True, tag="agent"):
    """What the model said."""

    text: str = ""
    tool_calls: tuple[ToolCall, ...] = ()


Turn = UserTurn | AgentTurn


def transcript(messages: Iterable[Message], conversation_id: str = "") -> tuple[Turn, ...]:
    """The conversation in `messages`, in alternating turns that begin with the user's and hold no open tool call.

    That of a sub-agent where `conversation_id` is given, else the user's own.
    """
    log = list(messages)
    answers = {index for message in log for index in _answered_by(message)}
    builder = _Builder()
    for message in _since_compaction([each for each in log if _is_of(each, conversation_id)]):
        match message.type:
            case "compact":
                builder.summary(message)
            case "user":
                # A sub-agent's task is the model's word, whatever it looks like.
                is_command = not message.parent_conversation_id and read_command(message.content) is not None
                if not is_command and (message.parent_conversation_id or message.idx not in answers):
                    builder.words(message)
            case "agent":
                builder.agent(message)
            case "tool":
                builder.outcome(message)
            case "auto":
                builder.notice(message)
            case "commit" | "budget" | "error":
                pass  # told to people; what the model must know of it stands in a tool result, a notice or a user message
    return builder.finish()


def _is_of(message: Message, conversation_id: str) -> bool:
    return message.conversation_id == conversation_id if conversation_id else not message.parent_conversation_id


def _answered_by(message: Message) -> list[int]:
    match message:
        case Message(type="tool", display={"answered_by": list(indices)}):
            return [index for index in indices if isinstance(index, int)]
        case _:
            return []


def _since_compaction(messages: list[Message]) -> list[Message]:
    at = max((place for place, message in enumerate(messages) if message.type == "compact"), default=None)
    if at is None:
        return messages
    unheard = words_from(messages[at])
    words = [message for message in messages[:at] if message.type == "user" and message.idx >= unheard]
    return [messages[at], *words, *messages[at + 1 :]]


def _words(text: str) -> str:
    """`text`, or nothing where it is blank: providers refuse a whole request for one text of blanks."""
    return text if text.strip() else ""


def _images(message: Message) -> tuple[ImageRef, ...]:
    """What the message shows of the kind that a model can look at: an image, and `further` ones of the same form."""
    found: list[ImageRef] = []
    match message.display:
        case {"kind": "image", "further": list(further)}:
            shown = [message.display, *further]
        case {"kind": "image"}:
            shown = [message.display]
        case _:
            shown = []
    for image in shown:
        match image:
            case {"blob": str(blob), "media_type": str(media_type)} if media_type in IMAGE_TYPES:
                found.append(ImageRef(blob, media_type))
    return tuple(found)


class _Builder:
    def __init__(self) -> None:
        self._turns: list[Turn] = []
        self._open: dict[str, ToolCall] = {}
        self._outcomes: list[Outcome] = []
        self._words: list[str] = []
        self._images: list[ImageRef] = []

    def words(self, message: Message) -> None:
        if words := _words(message.content):
            self._words.append(words)
        self._images += _images(message)
        for file in files_of(message):
            self._words.append(told_of(file))
            if is_shown(file):
                self._images.append(ImageRef(file.blob, file.media_type))

    def summary(self, message: Message) -> None:
        if words := _words(message.content):
            self._words.append(f"{SUMMARY_OPENS}\n\n{words}")

    def notice(self, message: Message) -> None:
        if (message.display or {}).get("kind") == "notice" and _words(message.content):
            self._words.append(f"[{message.content}]")

    def agent(self, message: Message) -> None:
        self._answer(message)
        match message.display:
            case {"kind": "cut_off", "why": str(why)}:
                self._words.append(f"[Your answer was cut off: {why}]")

    def _answer(self, message: Message) -> None:
        text = _words(message.content)
        # Some servers number the calls of every answer from 0, or not at all: of two under one id, the first is the one told.
        calls: dict[str, ToolCall] = {}
        for call in message.tool_calls:
            calls.setdefault(call.tool_call_id, call)
        tool_calls = tuple(calls.values())
        if not text and not tool_calls:
            return
        self._flush()
        if not self._turns:
            # Providers want the user's word first; a log that begins otherwise (after compaction, say) is still sent.
            self._turns.append(UserTurn(text="(The conversation goes on.)"))
        previous = self._turns[-1]
        if isinstance(previous, AgentTurn):
            # Only words can stand here: a turn with calls is followed by their outcomes.
            text = "\n\n".join(part for part in (previous.text, text) if part)
            self._turns[-1] = AgentTurn(text=text, tool_calls=tool_calls)
        else:
            self._turns.append(AgentTurn(text=text, tool_calls=tool_calls))
        self._open = calls

    def outcome(self, message: Message) -> None:
        call = self._open.pop(message.tool_call_id, None)
        if call is None:
            return  # a second result of one call, or of a call never made: the provider would refuse the whole request
        text = _words(message.tool_result) or "(no output)"
        self._outcomes.append(
            Outcome(
                tool_call_id=call.tool_call_id,
                name=call.name,
                text=text,
                error=message.tool_error,
                images=_images(message),
            )
        )

    def finish(self) -> tuple[Turn, ...]:
        self._flush()
        return tuple(self._turns)

    def _flush(self) -> None:
        for call in self._open.values():
            self._outcomes.append(Outcome(tool_call_id=call.tool_call_id, name=call.name, text=NOT_RUN, error=True))
        if self._outcomes or self._words or self._images:
            self._turns.append(
                UserTurn(outcomes=tuple(self._outcomes), text="\n\n".join(self._words), images=tuple(self._images))
            )
        self._open, self._outcomes, self._words, self._images = {}, [], [], []
