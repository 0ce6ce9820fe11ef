"""Serving: what is alive while the app runs, and what the handlers need of it."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import trio
from prometheus_client import CollectorRegistry, Gauge, generate_latest

from trio_agent import __version__
from trio_agent.runtime.hall import Hall
from trio_agent.seams import Clock
from trio_agent.web.roll import Roll


class Serving:
    """One run of the app, named `run_id`: its hall, the event that says it is stopping, and the count of streams."""

    def __init__(self, hall: Hall, clock: Clock, max_streams: int, check_model: Callable[[str], None]) -> None:
        self.hall = hall
        self.clock = clock
        self.stopping = trio.Event()
        self.roll = Roll(hall)
        self.check_model = check_model
        self.run_id = secrets.token_hex(8)
        self._max_streams = max_streams
        self._streams = 0

    def stop(self) -> None:
        """Every stream says goodbye and ends; nothing more is taken."""
        self.stopping.set()
        for session in self.hall.open_sessions():
            session.signal.notify()

    @contextmanager
    def place(self) -> Iterator[bool]:
        """A place among streams and waiting polls, taken for as long as the block lasts; False where there is none left."""
        if self._streams >= self._max_streams:
            yield False
            return
        self._streams += 1
        try:
            yield True
        finally:
            self._streams -= 1

    def metrics(self) -> bytes:
        """Prometheus text. No label comes from a client, so their number is bounded."""
        registry = CollectorRegistry()
        sessions = self.hall.open_sessions()

        def gauge(name: str, what: str, value: float) -> None:
            Gauge(f"trio_agent_{name}", what, registry=registry).set(value)

        gauge("streams", "Connected event streams, and polls that wait", self._streams)
        gauge("sessions", "Sessions of this project", len(self.hall.records()))
        gauge("sessions_open", "Sessions that are open", len(sessions))
        gauge("sessions_running", "Sessions with a turn under way", sum(session.running for session in sessions))
        gauge("messages", "Messages in the open sessions", sum(session.log.cursor.index for session in sessions))
        gauge("cost_usd", "Dollars spent in the open sessions", sum(each.usage.total_cost_usd for each in sessions))
        gauge("tasks", "Trio tasks", trio.lowlevel.current_statistics().tasks_living)
        Gauge("trio_agent_build", "Always 1", ["version"], registry=registry).labels(__version__).set(1)
        return generate_latest(registry)
