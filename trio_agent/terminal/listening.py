"""The three ways in which a user speaks: keys of a terminal, lines typed for a pipe to show, lines of a script."""

from __future__ import annotations

from contextlib import aclosing
from functools import partial

from trio_agent.terminal.attachment import Attachment
from trio_agent.terminal.keyboard import read_chunk, read_lines
from trio_agent.terminal.line_editor import Left, LineEditor


async def take_keys(fd: int, attachment: Attachment) -> None:
    """Each key as it is pressed. The end of the keys, or Ctrl-D on an empty line, leaves."""
    editor = LineEditor()
    attachment.typed = ("", "")
    while data := await read_chunk(fd):
        for done in editor.feed(data):
            if isinstance(done, Left):
                attachment.leave()
                return
            attachment.say(done.text)
        attachment.typed = (editor.before, editor.after)
        attachment.changed()
    attachment.leave()


async def take_lines(fd: int, attachment: Attachment) -> None:
    """Each line when it is finished, at any time. Their end, Ctrl-D, leaves."""
    async with aclosing(read_lines(fd)) as lines:
        async for line in lines:
            attachment.say(line)
    attachment.leave()


async def take_script(fd: int, attachment: Attachment) -> None:
    """Each line when the turn of the one before is over. Leaves when the last one's is, or when a turn was stopped.

    Without any line it leaves when nothing runs.
    """
    conversation = attachment.conversation
    failed = False
    attachment.failed = True  # whatever ends it from outside, until the last line was answered
    async with aclosing(read_lines(fd)) as lines:
        async for line in lines:
            if not line.strip():
                continue
            posted = await attachment.post(line)
            if posted is not None:
                await attachment.wait_until(partial(conversation.turn_over, posted.log, posted.idx))
            failed |= posted is None or conversation.failed
            if attachment.interrupted:
                break
    await attachment.wait_until(lambda: conversation.at_rest)
    attachment.failed = failed
    attachment.leave()
