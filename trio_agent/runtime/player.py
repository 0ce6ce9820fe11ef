"""The player of a replay: shows the messages of a recording when they are due, and goes where it is told to.

A message is due after the one before it by the time that passed between them when they were recorded, divided by the speed;
pauses are cut to MAX_PAUSE_S, for nobody wants to watch a user think.
"""

from __future__ import annotations

import trio

from trio_agent.core.errors import InvalidContent
from trio_agent.runtime.recording import Recording
from trio_agent.runtime.replayed_session import ReplayedSession

MAX_PAUSE_S = 2.0
MIN_SPEED, MAX_SPEED = 0.01, 1000.0


class Player:
    """Plays `recording` in `session`, from the beginning. One task runs `play`; anybody may call the rest."""

    def __init__(self, recording: Recording, session: ReplayedSession, speed: float) -> None:
        self.session = session
        self.count = recording.count
        self.speed = speed
        self._times = recording.times
        self._playing = True
        self._seeking = trio.Lock()
        self._told = trio.Event()
        # When the message that was shown last was due, or the playing began: on the loop's clock.
        self._since = trio.current_time()

    @property
    def playing(self) -> bool:
        """Whether more messages will come by themselves."""
        return self._playing and self.session.position < self.count

    async def control(self, *, position: int | None, playing: bool | None, speed: float | None) -> None:
        """Go to `position` (messages shown, 1 to count), play or pause, change the speed; None leaves it as it is.

        Returns once it is so. Commands that come at the same time are followed one after the other. Raises InvalidContent,
        and has changed nothing then.
        """
        if position is not None and not 1 <= position <= self.count:
            raise InvalidContent(f"position takes 1 to {self.count}")
        if speed is not None and not MIN_SPEED <= speed <= MAX_SPEED:
            raise InvalidContent(f"speed takes {MIN_SPEED:g} to {MAX_SPEED:g}")
        async with self._seeking:
            was_playing, self._playing = self.playing, False
            try:
                if position is not None:
                    await self.session.show_exactly(position)
            finally:
                self._playing = was_playing if playing is None else playing
                self.speed = self.speed if speed is None else speed
                self._since = trio.current_time()
                self._told.set()
                self._told = trio.Event()
                # Pages that others look at show the controls too, and ask anew when they hear of a change.
                self.session.changed()

    async def play(self) -> None:
        """Show what is due, until cancelled."""
        while True:
            told = self._told
            with trio.move_on_at(self._due()) as waiting:
                await told.wait()
            if waiting.cancelled_caught and self.playing:
                self._show_due()

    def _show_due(self) -> None:
        """Show all that is due by now: at a high speed several messages are at once."""
        shown, now = self.session.position, trio.current_time()
        due, position = self._since + self._pause(shown), shown + 1
        while position < self.count and due + self._pause(position) <= now:
            due += self._pause(position)
            position += 1
        self.session.show_more(position)
        self._since += sum(map(self._pause, range(shown, self.session.position)))

    def _due(self) -> float:
        return self._since + self._pause(self.session.position) if self.playing else float("inf")

    def _pause(self, index: int) -> float:
        """Seconds between a message and the one before it."""
        return min((self._times[index] - self._times[index - 1]) / self.speed, MAX_PAUSE_S)
