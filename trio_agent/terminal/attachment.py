"""One terminal, attached to one session: follows it, says what is typed, stops what runs, leaves.

What happens is taken in by `_follow`; whoever waits for something looks again after every change.
"""

from __future__ import annotations

import signal
from collections import deque
from collections.abc import Awaitable, Callable

import trio

from trio_agent.client import Client, Connection, ConnectionChanged, Posted, Refused, Unreachable
from trio_agent.core.errors import TrioAgentError
from trio_agent.terminal.conversation import Conversation
from trio_agent.terminal.sheet import Below, Sheet
from trio_agent.terminal.words import agent_words, one_line

PAINT_S = 0.03
"""Between two paintings: faster than anybody reads, and a burst of messages becomes one piece of work."""

CLOCK_S = 1.0
"""How often the countdown to the next try is painted."""

LISTENED = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGWINCH, signal.SIGCONT)

_DOTS = {"connected": ("green", "●"), "ended": ("dim", "○"), "refused": ("red", "○")}


class Attachment:
    """`failed` becomes true where something that was to be said was not, or a turn of a script ended without an answer."""

    def __init__(
        self,
        client: Client,
        sheet: Sheet,
        *,
        last: int | None = None,
        on_connection: Callable[[Connection], None],
    ) -> None:
        self.conversation = Conversation(last)
        self.failed = False
        self.interrupted = False
        self.typed: tuple[str, str] | None = None
        """What stands on the line being typed, before and after the cursor; None where nothing can be typed."""
        self.on_resume: Callable[[], None] = lambda: None
        """Called when the program goes on after Ctrl-Z, before it paints."""
        self._client = client
        self._sheet = sheet
        self._on_connection = on_connection
        self._connection = Connection()
        self._pending: deque[str] = deque()
        self._stopping = False
        self._failure: Exception | None = None
        self._change = trio.Event()
        self._scope = trio.CancelScope()

    async def run(self, listen: Callable[[Attachment], Awaitable[None]]) -> None:
        """Until the user leaves or the session ends. `listen` is a task that takes what the user says, and calls `say`.

        Raises Refused and Unreachable where there is nothing to be attached to, OSError where the terminal is gone.
        """
        with self._scope:
            async with trio.open_nursery() as nursery:
                await nursery.start(self._watch_signals, nursery)
                nursery.start_soon(self._post_pending)
                nursery.start_soon(self._paint)
                nursery.start_soon(listen, self)
                await self._follow()
                nursery.cancel_scope.cancel()
        if self._pending:
            self.failed = True
            self._remark(f"not sent: {one_line(' / '.join(self._pending))}")
        if self._failure is not None:
            raise self._failure

    def say(self, text: str) -> None:
        """Send `text` when its turn comes. A blank one only asks not to wait for the next try to connect."""
        self._client.reconnect_now()
        if text.strip():
            self._pending.append(text)
        self.changed()

    async def post(self, text: str) -> Posted | None:
        """Send `text`; returns when the server has it, or with None when it will not have it, which is then said."""
        try:
            return await self._client.send(text)
        except Refused as exc:
            self.failed = True
            self._remark(f"not sent: {exc}")
            return None

    def leave(self) -> None:
        self._scope.cancel()

    def changed(self) -> None:
        """Something is another than before: paint it, and let waiters look again."""
        change, self._change = self._change, trio.Event()
        change.set()

    async def wait_until(self, condition: Callable[[], bool]) -> None:
        while not condition():
            await self._change.wait()

    # ---------------------------------------------------------------------------------------------------- tasks

    async def _follow(self) -> None:
        try:
            async for event in self._client:
                if isinstance(event, ConnectionChanged):
                    self._connected(event.connection)
                self._sheet.add(self.conversation.hear(event))
                self.changed()
            self._sheet.add(self.conversation.remark("aside", "the session has ended"))
        except (TrioAgentError, OSError) as exc:
            # Kept until the nursery is closed, which would wrap it.
            self._failure = exc

    def _connected(self, connection: Connection) -> None:
        self._connection = connection
        self._on_connection(connection)
        if connection.state == "waiting" and not connection.was_open:
            raise Unreachable(
                f"{self._client.url}: {connection.reason}; start trio-agent there, or name the link that it printed"
            )

    async def _post_pending(self) -> None:
        while True:
            await self.wait_until(lambda: bool(self._pending))
            await self.post(self._pending[0])
            self._pending.popleft()
            self.changed()

    async def _paint(self) -> None:
        while True:
            change = self._change
            try:
                self._sheet.paint(self._below())
            except OSError as exc:
                self._failure = exc
                self.leave()
            await trio.sleep(PAINT_S)
            with trio.move_on_after(CLOCK_S):
                await change.wait()

    async def _watch_signals(
        self, nursery: trio.Nursery, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED
    ) -> None:
        with trio.open_signal_receiver(*LISTENED) as signals:
            task_status.started()
            async for number in signals:
                match number:
                    case signal.SIGWINCH:
                        self.changed()
                    case signal.SIGCONT:
                        self.on_resume()
                        self._sheet.resume()
                        self.changed()
                    case signal.SIGINT if self._can_stop():
                        self._stopping = self.interrupted = True
                        nursery.start_soon(self._stop)
                    case _:
                        self.leave()
                        return

    def _can_stop(self) -> bool:
        return self.conversation.working and self._connection.state == "open" and not self._stopping

    async def _stop(self) -> None:
        self.changed()
        try:
            await self._client.cancel()
        except TrioAgentError as exc:
            self._remark(f"not stopped: {exc}")
        self._stopping = False
        self.changed()

    # --------------------------------------------------------------------------------------------------- words

    def _remark(self, text: str) -> None:
        self._sheet.add(self.conversation.remark("error", text))
        self.changed()

    def _below(self) -> Below:
        return Below(
            status=self._status(),
            tools=self.conversation.running(),
            pending=list(self._pending),
            typed=self.typed,
        )

    def _status(self) -> tuple[str, str]:
        connection = self._connection
        style, dot = _DOTS.get(connection.status, ("yellow", "○"))
        words = [f"{dot} {connection.status}"]
        if connection.state == "waiting":
            left_s = max(0.0, connection.due_at - trio.current_time())
            words = [f"{dot} {connection.status} in {left_s:.0f} s ({connection.reason})", "Enter tries now"]
        elif connection.state == "stale":
            words = [f"{dot} {connection.status} ({connection.reason})"]
        elif (state := self.conversation.state) is not None and connection.state == "open":
            words.append("stopping" if self._stopping else self._activity(state.agent_state))
            words += [one_line(state.title, 40)] if state.title else []
            words.append(f"${state.total_usage.total_cost_usd:.2f}")
            words.append("Ctrl-C stops" if self._can_stop() else "Ctrl-D leaves")
        return style, " · ".join(words)

    def _activity(self, agent_state: str) -> str:
        if self.conversation.writing:
            return "writing"
        return "thinking" if self.conversation.thinking else agent_words(agent_state)
