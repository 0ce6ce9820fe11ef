"""What clients post. Unknown fields are passed over: a newer page may talk to an older server."""

from __future__ import annotations

from typing import Annotated

import msgspec

from trio_agent.runtime.fork_title import MAX_TITLE_CHARS

# A title goes out with every State, to every client.
Title = Annotated[str, msgspec.Meta(max_length=MAX_TITLE_CHARS)]


class AttachmentBody(msgspec.Struct, frozen=True):
    """A file that was brought by `POST /blobs`, and the name that the user knows it by."""

    blob: str
    name: str


class ChatBody(msgspec.Struct, frozen=True):
    """`POST /chat`: what the user says. With `queued` it is read after the turn that runs, not in it."""

    message: str
    attachments: tuple[AttachmentBody, ...] = ()
    queued: bool = False


class WithdrawBody(msgspec.Struct, frozen=True):
    """`POST /withdraw`: a message of the user's that nobody has read yet, by its index, or by the Idempotency-Key it was, or
    may have been, posted with.
    """

    idx: int | None = None
    key: str = ""


class CancelBody(msgspec.Struct, frozen=True):
    """`POST /cancel`: the turn, or with `tool_call_id` that call alone, or with `task` what has that id in `GET /tasks`.

    `reason` is told to the model and the user.
    """

    reason: str = ""
    tool_call_id: str = ""
    task: int | None = None


class ForkBody(msgspec.Struct, frozen=True):
    """A session to go on from, and how many of its messages come along: those before `index`."""

    session: str
    index: int


class NewSessionBody(msgspec.Struct, frozen=True):
    """`POST /sessions`: `model` as on the command line; empty for the server's default, or that of what is forked."""

    title: Title = ""
    model: str = ""
    fork: ForkBody | None = None


class SessionPatchBody(msgspec.Struct, frozen=True):
    """`PATCH /sessions/ID`: null leaves a field as it is."""

    title: Title | None = None
    archived: bool | None = None


class ReplayBody(msgspec.Struct, frozen=True):
    """`POST /replay`: how many messages are shown, whether more come by themselves, how fast; null leaves it as it is."""

    position: int | None = None
    playing: bool | None = None
    speed: float | None = None
