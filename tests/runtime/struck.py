"""A program of its own whose agent is struck by Ctrl-C: prints the session's last line, and that it was interrupted."""

from __future__ import annotations

import signal
from collections.abc import Sequence

import trio
from structlog.testing import capture_logs

from tests.runtime.house import HouseAgent, HouseStore, at_rest, at_work, lines
from trio_agent.core.message import Message
from trio_agent.seams import SessionHandle


async def turn(session: SessionHandle, prompts: Sequence[Message]) -> None:
    signal.raise_signal(signal.SIGINT)


async def main() -> None:
    async with at_work(HouseStore(), HouseAgent(turn)) as session:
        try:
            await session.post("hi")
            with trio.fail_after(60):
                await trio.sleep_forever()
        finally:
            with trio.CancelScope(shield=True), trio.move_on_after(30):
                await at_rest(session)
                print((await lines(session))[-1])


if __name__ == "__main__":
    try:
        with capture_logs():
            trio.run(main)
    except* KeyboardInterrupt:
        print("interrupted")
