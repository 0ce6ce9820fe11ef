"""A server in memory for the client: it plays what each connection brings, and remembers what it was asked and when."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field

import httpx2
import trio

from trio_agent.core.budget import Budget
from trio_agent.core.cursor import FIRST_TAG
from trio_agent.core.message import Message
from trio_agent.core.sse import encode_event
from trio_agent.core.state import State
from trio_agent.core.usage import CumulativeUsage
from trio_agent.core.wire import encode_json

LOG = "a" * 16
OTHER_LOG = "b" * 16
SESSION = "0123456789abcdef"
URL = "http://127.0.0.1:8000/#token=a-token-of-the-tests"


@dataclass(frozen=True, slots=True)
class Pause:
    """So many seconds of silence."""

    seconds: float


class Cut:
    """The connection is torn, not closed."""


Step = bytes | Pause | Cut
Answer = Sequence[Step] | httpx2.Response | httpx2.RequestError


@dataclass
class StandIn(httpx2.AsyncBaseTransport):
    """`streams` are played one a connection; after the last one nobody listens any more. `answer` is for other routes."""

    streams: Sequence[Answer]
    answer: Callable[[httpx2.Request], Answer] = lambda request: httpx2.Response(500)
    asked: list[httpx2.Request] = field(default_factory=list)
    opened_at: list[float] = field(default_factory=list)
    """When each stream was asked for."""
    open_streams: int = 0

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        await trio.lowlevel.checkpoint()
        self.asked.append(request)
        if not request.url.path.endswith("/stream"):
            if request.url.path.endswith("/state"):
                return httpx2.Response(200, json={"session_id": SESSION})
            answer = self.answer(request)
        else:
            self.opened_at.append(trio.current_time())
            number = len(self.opened_at) - 1
            answer = self.streams[number] if number < len(self.streams) else httpx2.ConnectError("nobody listens")
        if isinstance(answer, Exception):
            raise answer
        if isinstance(answer, httpx2.Response):
            return answer
        return httpx2.Response(200, headers={"content-type": "text/event-stream"}, stream=_Played(self, answer))

    @property
    def resumed_from(self) -> list[str]:
        """The cursor that each stream was asked for; empty where it had none."""
        return [each.headers.get("last-event-id", "") for each in self.asked if each.url.path.endswith("/stream")]


class _Played(httpx2.AsyncByteStream):
    def __init__(self, server: StandIn, steps: Sequence[Step]) -> None:
        self._server = server
        self._steps = steps
        server.open_streams += 1

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for step in self._steps:
            match step:
                case Pause(seconds):
                    await trio.sleep(seconds)
                case Cut():
                    # A socket looks whether it was cancelled before it says that it broke.
                    await trio.lowlevel.checkpoint()
                    raise httpx2.ReadError("torn")
                case _:
                    await trio.lowlevel.checkpoint()
                    yield step

    async def aclose(self) -> None:
        self._server.open_streams -= 1
        await trio.lowlevel.cancel_shielded_checkpoint()


def cursor(index: int, log: str = LOG) -> str:
    return f"{log}.{index}.{FIRST_TAG}"


def ready(start: int = 0, count: int = 0, log: str = LOG, heartbeat: float = 15) -> bytes:
    data = {"log": log, "from": start, "count": count, "heartbeat": heartbeat, "server": "0"}
    return encode_event("ready", encode_json(data), cursor(start, log))


def reset(reason: str = "new_log", log: str = OTHER_LOG) -> bytes:
    return encode_event("reset", encode_json({"reason": reason, "log": log, "from": 0}), cursor(0, log))


def message(idx: int, content: str = "", log: str = LOG, **more: object) -> bytes:
    return encode_event("message", encode_json(Message(idx=idx, content=content, **more)), cursor(idx + 1, log))  # type: ignore[arg-type]


def delta(idx: int, offset: int, text: str, part: str = "content") -> bytes:
    return encode_event("delta", encode_json({"idx": idx, "part": part, "offset": offset, "text": text}))


def tool(offset: int, text: str, call: str = "call") -> bytes:
    return encode_event("tool", encode_json({"tool_call_id": call, "offset": offset, "text": text}))


def state(count: int, agent_state: str = "WaitingForUserInput", log: str = LOG) -> bytes:
    return encode_event("state", encode_json(state_of(count, agent_state, log)))


def state_of(count: int, agent_state: str = "WaitingForUserInput", log: str = LOG) -> State:
    words = dict.fromkeys(
        (
            *("title", "slug", "branch_name", "initial_commit", "git_origin", "model", "sandbox", "hostname", "os"),
            *("working_dir", "outside_hostname", "inside_hostname", "outside_os", "inside_os"),
            *("outside_working_dir", "inside_working_dir"),
        ),
        "",
    )
    numbers = dict.fromkeys(
        ("context_window", "context_used", "diff_lines_added", "diff_lines_removed", "first_message_index"), 0
    )
    plain: dict[str, object] = {**words, **numbers}
    return State(
        message_count=count,
        cursor=cursor(count, log),
        log=log,
        session_id=SESSION,
        agent_state=agent_state,
        total_usage=CumulativeUsage(),
        outstanding_llm_calls=0,
        outstanding_tool_calls=(),
        streams=1,
        session_ended=False,
        heartbeat=15,
        todo=(),
        budget=Budget(),
        in_container=False,
        **plain,  # type: ignore[arg-type]
    )


def heartbeat() -> bytes:
    return encode_event("heartbeat", b"1800000000")


def bye(reason: str, retry_ms: int = 0) -> bytes:
    return encode_event("bye", encode_json({"reason": reason, "retry_ms": retry_ms}))
