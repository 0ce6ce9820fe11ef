"""The routes that a client uses, of one session. Every request goes out from here."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractAsyncContextManager

import httpx2
import msgspec
import trio

from trio_agent.client.address import Address
from trio_agent.core.errors import ProtocolError


class _Whereabouts(msgspec.Struct, frozen=True):
    session_id: str


class Api:
    """One session's routes. Methods raise httpx2.RequestError where no answer comes; an answer that is no is returned."""

    def __init__(self, http: httpx2.AsyncClient, address: Address) -> None:
        self.address = address
        """With the session in it as soon as that is known."""
        self._http = http
        self._locating = trio.Lock()

    async def locate(self) -> httpx2.Response | None:
        """Learn which session is the newest, if the address names none, and stay with it: a message must not reach another.

        Returns None when it is known, else the server's no. Raises ProtocolError where what answers is another program.
        """
        async with self._locating:
            if self.address.session:
                return None
            response = await self._http.get(self.address.url("state"))
            if response.status_code != 200:
                return response
            try:
                session = msgspec.json.decode(response.content, type=_Whereabouts).session_id
            except msgspec.DecodeError as exc:
                raise ProtocolError("what answers there is not trio-agent") from exc
            self.address = self.address.of_session(session)
        return None

    def stream(self, cursor: str, heartbeat_s: float) -> AbstractAsyncContextManager[httpx2.Response]:
        """The event stream after `cursor`; from the beginning where that is empty."""
        # Compressed, an event could wait in a compressor for the next one.
        headers = {"Accept": "text/event-stream", "Accept-Encoding": "identity"}
        if cursor:
            headers["Last-Event-ID"] = cursor
        params = {"heartbeat": f"{heartbeat_s:g}"}
        return self._http.stream("GET", self.address.url("stream"), params=params, headers=headers)

    async def chat(self, text: str, key: str) -> httpx2.Response:
        return await self._post("chat", {"message": text}, {"Idempotency-Key": key})

    async def cancel(self, reason: str, tool_call_id: str) -> httpx2.Response:
        """Empty strings are left out: the server has words of its own, and stops the whole turn."""
        given = {"reason": reason, "tool_call_id": tool_call_id}
        return await self._post("cancel", {name: value for name, value in given.items() if value}, {})

    async def _post(self, route: str, body: Mapping[str, str], headers: Mapping[str, str]) -> httpx2.Response:
        headers = {"Content-Type": "application/json", **headers}
        return await self._http.post(self.address.url(route), content=msgspec.json.encode(body), headers=headers)
