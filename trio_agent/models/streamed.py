"""A model at a provider, reached by HTTP: asks, listens to the stream of events, and asks again.

The language is the matter of a Wire. Here stands what all of them share: one POST, an answer streamed as Server-Sent Events, a
watch for silence, and tries after what may pass.
"""

from __future__ import annotations

import random
import ssl
import time
from collections.abc import Callable, Mapping
from functools import cached_property

import httpx2
import msgspec
import trio

from trio_agent.core.errors import ProviderError
from trio_agent.models.attempt import Attempt
from trio_agent.models.failure import packed
from trio_agent.models.response import TURN_BYTES, Turn, beginning, unasked_packing
from trio_agent.models.wire import Wire
from trio_agent.seams import Answer, Clock, ModelRequest, OnText, OnUsage, unheard

# The first try and those after it.
MAX_TRIES = 5

# Before try n + 1 comes a random wait of at most FIRST_WAIT_S · 2ⁿ⁻¹, so that clients which failed together do not come back
# together: after what the provider asked for, which it may well have asked all of them for.
FIRST_WAIT_S = 1.0
MAX_WAIT_S = 30.0

# A provider that asks for more is not waited for: the user is told, and decides.
MAX_RETRY_AFTER_S = 120.0

CONNECT_S = 10.0

_EVENT_STREAM = "text/event-stream"


class StreamedModel:
    """The model behind `wire`. The rest is for tests."""

    def __init__(
        self,
        wire: Wire,
        *,
        transport: httpx2.AsyncBaseTransport | None = None,
        clock: Clock = time.time,
        uniform: Callable[[float, float], float] = random.uniform,
    ) -> None:
        self._wire = wire
        self.endpoint = wire.endpoint
        self._transport = transport
        self._clock = clock
        self._uniform = uniform

    @cached_property
    def _tls(self) -> ssl.SSLContext:
        # Made once: to read all certificates takes 20 ms, in which the whole program stands still.
        return httpx2.create_ssl_context()

    @property
    def name(self) -> str:
        return self.endpoint.name

    @property
    def context_window(self) -> int:
        return self.endpoint.facts.context_window

    @property
    def takes_asides(self) -> bool:
        # A server of the user's own, with one model in memory, often answers one question after the other.
        return not self.endpoint.base_url

    @property
    def priced(self) -> bool:
        return self.endpoint.price_of(self.endpoint.model) is not None

    async def answer(self, request: ModelRequest, on_text: OnText, on_usage: OnUsage = unheard) -> Answer:
        wait_s = FIRST_WAIT_S
        spent_usd = 0.0
        for tries_left in range(MAX_TRIES - 1, -1, -1):
            attempt = Attempt(self._wire.reader(), on_text, on_usage, spent_usd, self.endpoint)
            try:
                return await self._ask(self._wire.encode(request), attempt)
            except ProviderError as error:
                asked_s = error.retry_after_s
                if asked_s is None or asked_s > MAX_RETRY_AFTER_S or not tries_left:
                    raise
                if error.about_request and request.images:
                    raise  # whoever asks can leave them out: the same question again would fare no better
            attempt.take_back()
            spent_usd = attempt.usage.cost_usd
            await trio.sleep(asked_s + self._uniform(0, wait_s))
            wait_s = min(2 * wait_s, MAX_WAIT_S)
        raise AssertionError("the last try returns or raises")

    async def _ask(self, body: bytes, attempt: Attempt) -> Answer:
        """Ask once."""
        server, idle_s = self.endpoint.server, self.endpoint.idle_s
        try:
            with trio.CancelScope(deadline=trio.current_time() + idle_s) as idle:
                await self._listen(body, attempt, idle)
        except (httpx2.ConnectError, httpx2.ConnectTimeout) as exc:
            raise ProviderError(
                f"{server} cannot be reached: check {self.endpoint.whereabouts}. ({_reason(exc)})", retry_after_s=0
            ) from exc
        except httpx2.RequestError as exc:
            raise self._broken_off(_reason(exc)) from exc
        if (answer := attempt.reader.answer) is not None:
            return msgspec.structs.replace(answer, usage=attempt.usage)
        if (failure := attempt.failure) is not None:
            raise failure
        raise self._broken_off(f"nothing came for {idle_s:.0f} s" if idle.cancelled_caught else "its end is missing")

    async def _listen(self, body: bytes, attempt: Attempt, idle: trio.CancelScope) -> None:
        async with (
            httpx2.AsyncClient(
                transport=self._transport,
                verify=self._tls,
                timeout=httpx2.Timeout(CONNECT_S, read=None),
                # No proxy reaches this machine's own loopback.
                trust_env=not self.endpoint.on_this_machine,
            ) as client,
            client.stream("POST", self.endpoint.url, content=body, headers=self._headers) as response,
        ):
            if response.status_code != 200:
                content = await beginning(response)
                raise self._wire.failure(response.status_code, response.headers, content, self._clock())
            if response.headers.get("content-type", "").partition(";")[0].strip().lower() != _EVENT_STREAM:
                raise ProviderError(f"{self.endpoint.server} sent no event stream: check --base-url.")
            if encoding := unasked_packing(response):
                raise packed(encoding, self.endpoint)
            turn = Turn()
            async for chunk in response.aiter_bytes():
                # Any byte is a sign of life: some servers send nothing but comments while a model thinks.
                idle.deadline = trio.current_time() + self.endpoint.idle_s
                for begin in range(0, len(chunk), TURN_BYTES):
                    if attempt.over or turn.is_late:
                        break
                    piece = chunk[begin : begin + TURN_BYTES]
                    attempt.take(piece)
                    await turn.took(len(piece))
                if attempt.over:
                    # Not `break`: a generator that is left half-way is closed by the garbage collector, which cannot await.
                    idle.cancel()
            # The rest may have been read without a wait: who was cancelled is not to be told of an end that is missing.
            if not attempt.over:
                await trio.lowlevel.checkpoint_if_cancelled()

    @property
    def _headers(self) -> Mapping[str, str]:
        return {**self.endpoint.headers, "accept-encoding": "identity"}

    def _broken_off(self, why: str) -> ProviderError:
        return ProviderError(f"{self.endpoint.server} broke off in the middle of the answer: {why}.", retry_after_s=0)


def _reason(exc: Exception) -> str:
    return str(exc) or type(exc).__name__
