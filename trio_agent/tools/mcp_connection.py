"""One MCP server of one session: started at once, restarted when it is next needed, never in the way of the session.

The connection lives in a task of its own. Calls come from the tasks of tools; what fails in it, they tell the model. A server
that ended is started again by the next call, and the more often it failed, the later. Its tools stay on the list meanwhile.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

import anyio
import httpx2
import mcp_types as types
import structlog
import trio
from mcp import Client, MCPError
from mcp.client.subscriptions import ListenNotSupportedError, SubscriptionLost
from pydantic import TypeAdapter, ValidationError

from trio_agent import __version__
from trio_agent.core.errors import ToolError, first_error
from trio_agent.core.mcp_server import McpServer
from trio_agent.core.redaction import BY_SHAPE, Redactor
from trio_agent.tasks import bounded, opened
from trio_agent.tools.environment import child_environment
from trio_agent.tools.mcp_backoff import McpBackoff
from trio_agent.tools.mcp_listing import LeftOut, Listing
from trio_agent.tools.mcp_transport import open_transport

START_S = 60.0
"""For a server to say what it can do. `npx` and `uvx` fetch it first, when it is new."""

CALL_S = 600.0
"""For one call. A user who has waited long enough cancels it."""

PATIENCE_S = 5.0
"""How long a call waits until a server that failed may be started again. Longer, and the model is told instead."""

_ANSWERED = {
    types.PARSE_ERROR,
    types.INVALID_REQUEST,
    types.METHOD_NOT_FOUND,
    types.INVALID_PARAMS,
    types.INTERNAL_ERROR,
}
_RESULT: TypeAdapter[types.CallToolResult] = TypeAdapter(types.CallToolResult)
_ABOUT_US = types.Implementation(name="trio-agent", version=__version__)

logger = structlog.get_logger(__name__)


class McpConnection:
    """`tools` are those the server named last, `left_out` those among them that cannot be used, and why.

    `problem` is why the server is not there, empty while it is.
    """

    def __init__(
        self,
        name: str,
        server: McpServer,
        environment: Mapping[str, str],
        redactor: Redactor = BY_SHAPE,
        *,
        start_s: float = START_S,
        call_s: float = CALL_S,
    ) -> None:
        self.name = name
        self.tools: tuple[types.Tool, ...] = ()
        self.left_out: LeftOut = {}
        self.problem = "it is still starting"
        self._server = server
        self._environment = child_environment(environment, server.env)
        self._redactor = redactor
        self._start_s = start_s
        self._call_s = call_s
        self._client: Client | None = None
        self._backoff = McpBackoff()
        self._wanted = True
        self._starts = 0
        self._over = 0
        self._is_starting = False
        self._ended = ""
        self._is_stale = False
        self._changed = trio.Event()

    async def run(self) -> None:
        """Be connected whenever somebody wants it, until cancelled."""
        with opened("mcp", self.name):
            await self._run()

    async def _run(self) -> None:
        while True:
            while not self._wanted:
                await self._changed.wait()
            await trio.sleep_until(self._backoff.not_before)
            self._wanted, self._is_starting = False, True
            self._starts += 1
            self._ended, self.problem = "", "it is still starting"
            began = trio.current_time()
            try:
                await self._connect()
            except* Exception as group:  # noqa: BLE001  (whatever it is, it ends this server alone, and is told)
                self._ended = self._ended or _told(first_error(group))
            self._client, self._is_starting = None, False
            self._backoff.ended(began)
            self._over = self._starts
            self.problem = self._redactor.redact(self._ended)
            logger.warning("mcp_server_down", server=self.name, reason=self.problem)
            self._notify()

    async def wait_changed(self) -> None:
        """Wait until it has come, ended, or listed its tools anew."""
        await self._changed.wait()

    async def wait_settled(self) -> None:
        """Wait until the server is there, or has failed for the first time."""
        while self._client is None and not self._over:
            await self.wait_changed()

    async def call(self, tool: str, arguments: dict[str, Any], show: Callable[[str], None]) -> types.CallToolResult:
        """Call `tool`, starting the server again where it has ended; `show` hears of its progress. Raises ToolError."""
        client = await self._connected()

        async def tell(progress: float, total: float | None, message: str | None) -> None:
            await trio.lowlevel.checkpoint()
            show(f"{message or ''} [{progress:g}{'' if total is None else f' of {total:g}'}]\n".lstrip())

        # Without the SDK's check of the result against the server's own schema: a pattern in that could hold us up for ever.
        request = types.CallToolRequest(params=types.CallToolRequestParams(name=tool, arguments=arguments))
        try:
            with trio.fail_after(self._call_s) as limit, bounded(limit):
                return await client.session.send_request(request, _RESULT, progress_callback=tell)
        except trio.TooSlowError as exc:
            raise self._lost(client, TimeoutError(f"it did not answer within {self._call_s:g} s")) from exc
        except ValidationError as exc:
            raise ToolError(f"The MCP server {self.name} gave an answer that is none: {_told(exc)}") from exc
        except MCPError as exc:
            if exc.code in _ANSWERED and client is self._client and not self._ended:
                self.list_anew()
                raise ToolError(f"The MCP server {self.name} refused: {_told(exc)}") from exc
            raise self._lost(client, exc) from exc
        except (anyio.BrokenResourceError, anyio.ClosedResourceError, OSError, httpx2.HTTPError) as exc:
            raise self._lost(client, exc) from exc

    async def ready(self) -> None:
        """Wait until the server is there, starting it where it is not. Raises ToolError with what is wrong."""
        await self._connected()

    async def _connected(self) -> Client:
        awaited = self._starts if self._is_starting else self._starts + 1
        while self._client is None:
            wait_s = self._backoff.not_before - trio.current_time()
            if self._over >= awaited:
                raise ToolError(f"The MCP server {self.name} could not be started: {self.problem}.")
            if wait_s > PATIENCE_S:
                raise ToolError(
                    f"The MCP server {self.name} is down: {self.problem}. It can be tried again in {math.ceil(wait_s)} s."
                )
            if self._starts < awaited and not self._wanted:
                self._wanted = True
                self._notify()
            await self._changed.wait()
        return self._client

    def _lost(self, client: Client, error: Exception) -> ToolError:
        if client is self._client:
            self._end(_told(error))
        why = self._ended or _told(error)
        return ToolError(
            f"The MCP server {self.name} was lost during the call: {why}. What the call did is not known. The next call "
            "starts the server again."
        )

    def _end(self, why: str) -> None:
        # The first reason stands: what follows from it tells less.
        self._ended = self._ended or why
        self._client = None
        self._notify()

    def _notify(self) -> None:
        self._changed.set()
        self._changed = trio.Event()

    async def _hear(self, message: object) -> None:
        await trio.lowlevel.checkpoint()
        if isinstance(message, types.ToolListChangedNotification):
            self.list_anew()

    async def _listen(self, client: Client) -> None:
        """The same for servers of the protocol from 2026-07-28 on, which tell only those who ask."""
        try:
            async with client.listen(tools_list_changed=True) as changes:
                async for _ in changes:
                    self.list_anew()
        except (ListenNotSupportedError, SubscriptionLost, MCPError, TimeoutError):
            pass  # then a call that is refused is reason enough to look

    def list_anew(self) -> None:
        """Ask the server for its tools once more."""
        self._is_stale = True
        self._notify()

    def _leave_out(self, tools: LeftOut) -> None:
        news = {self._redactor.redact(name): self._redactor.redact(why) for name, why in tools.items()}
        for name, why in news.items():
            if self.left_out.get(name) != why:
                logger.warning("mcp_tool_left_out", server=self.name, tool=name, reason=why)
        self.left_out = news

    async def _connect(self) -> None:
        """Start the server and keep it until it ends. Raises what went wrong."""
        listing = Listing()
        # Entered before what it limits, and lifted once that is done: scopes nest.
        with trio.CancelScope(deadline=trio.current_time() + self._start_s) as starting, bounded(starting):
            async with (
                open_transport(self._server, self._environment, self._end, self._redactor, listing.sieve) as transport,
                Client(transport, cache=None, client_info=_ABOUT_US, message_handler=self._hear) as client,
                trio.open_nursery() as nursery,
            ):
                nursery.start_soon(self._listen, client)
                self._is_stale = True
                while not self._ended:
                    if self._is_stale:
                        self._is_stale = False
                        starting.deadline = trio.current_time() + self._start_s
                        self.tools = await listing.read(client)
                        starting.deadline = math.inf
                        self._leave_out(listing.left_out)
                        if not self._ended:
                            self._client, self.problem, self._is_starting = client, "", False
                        self._notify()
                        continue
                    await self._changed.wait()
                nursery.cancel_scope.cancel()
        if starting.cancelled_caught:
            self._end(f"it did not say within {self._start_s:g} s what it can do")


def _told(error: BaseException) -> str:
    return " ".join(str(error).split())[:500].removesuffix(".") or type(error).__name__
