"""What a user's message is beside its words: the files that come with it, and when it wants to be read.

Both stand in its `display`, of the kind `prompt`. Of a file the log holds what it is called and what it is; its bytes are a
blob, and of a text its beginning stands in the log too, for that is what the model is told.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Literal

import msgspec

from trio_agent.core.media_types import IMAGE_TYPES, MAX_IMAGE_BYTES, TEXT_TYPE
from trio_agent.core.message import Message

When = Literal["next_step", "after_turn", "next_message"]
"""When a message that waits is read: as soon as the agent looks, after the turn, or together with the next one."""


class AttachedFile(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A file that a user sent: `blob` is where its `size` bytes are. `text` is what it says, or where `cut` the beginning."""

    blob: str
    name: str
    media_type: str
    size: int
    text: str = ""
    cut: bool = False


class Waiting(msgspec.Struct, frozen=True, kw_only=True):
    """A message of the user's that no turn has taken up yet."""

    idx: int
    when: When


def prompt_display(files: Sequence[AttachedFile], *, queued: bool) -> dict[str, Any] | None:
    """The `display` of a user's message, None for one that is words alone. `queued`: to be read after the turn, not in it."""
    display: dict[str, Any] = {"files": msgspec.to_builtins(files)} if files else {}
    if queued:
        display["queued"] = True
    return {"kind": "prompt", **display} if display else None


def is_queued(message: Message) -> bool:
    """Whether the user's message waits for the end of the turn."""
    match message.display:
        case {"kind": "prompt", "queued": True}:
            return True
        case _:
            return False


def files_of(message: Message) -> tuple[AttachedFile, ...]:
    """The files that came with a user's message; none of one that has been tampered with."""
    match message.display:
        case {"kind": "prompt", "files": list() as files}:
            try:
                return msgspec.convert(tuple(files), tuple[AttachedFile, ...])
            except msgspec.ValidationError:
                return ()
        case _:
            return ()


def is_shown(file: AttachedFile) -> bool:
    """Whether a model that looks at images is shown this one."""
    return file.media_type in IMAGE_TYPES and file.size <= MAX_IMAGE_BYTES


def told_of(file: AttachedFile) -> str:
    """What a model is told of a file, in words."""
    what = f"{file.name} ({file.media_type}, {file.size:,} bytes)"
    if is_shown(file):
        return f"[The user attached the image {what}.]"
    if file.media_type in IMAGE_TYPES:
        return f"[The user attached the image {what}, which is too large to be shown to you.]"
    if file.media_type != TEXT_TYPE:
        return f"[The user attached the file {what}. Its content cannot be shown to you.]"
    fence = "```"
    while fence in file.text:
        fence += "`"
    told = "Only its beginning is shown:" if file.cut else "It says:"
    return f"[The user attached the file {what}. {told}]\n{fence}\n{file.text}\n{fence}"


def withdrawn_display(idx: int) -> dict[str, Any]:
    """The `display` of the `auto` message which says that the user's message `idx` was taken back before anybody read it."""
    return {"kind": "withdrawn", "idx": idx}


def but_withdrawn(messages: Iterable[Message]) -> list[Message]:
    """`messages` without those of the user's that were taken back: no agent may ever hear of them."""
    log = list(messages)
    gone = {idx for message in log if (idx := _withdraws(message)) is not None}
    return [message for message in log if message.idx not in gone or message.type != "user"] if gone else log


def _withdraws(message: Message) -> int | None:
    match message:
        case Message(type="auto", display={"kind": "withdrawn", "idx": int(idx)}):
            return idx
        case _:
            return None
