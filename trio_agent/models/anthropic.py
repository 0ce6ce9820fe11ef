"""Anthropic's Messages API, and servers that speak it: the client that asks, listens, and asks again.

What is sent and what comes back is the matter of anthropic_request, anthropic_answer and anthropic_failure.
"""

from __future__ import annotations

import random
import ssl
import time
from collections.abc import Callable
from functools import cached_property

import httpx2
import msgspec
import trio

from trio_agent import __version__
from trio_agent.core.errors import ConfigError, ProviderError
from trio_agent.core.usage import Usage
from trio_agent.models.anthropic_answer import AnswerReader
from trio_agent.models.anthropic_failure import http_failure
from trio_agent.models.anthropic_request import API_VERSION, encode_request
from trio_agent.models.limits import limits_of
from trio_agent.models.prices import price_of
from trio_agent.seams import Answer, Clock, ModelRequest, OnText, OnUsage, Part, unheard

BASE_URL = "https://api.anthropic.com"

# The first try and those after it.
MAX_TRIES = 5

# Before try n + 1 comes a random wait of at most FIRST_WAIT_S · 2ⁿ⁻¹, so that clients which failed together do not come back
# together; and never less than the provider asked for.
FIRST_WAIT_S = 1.0
MAX_WAIT_S = 30.0

# A provider that asks for more is not waited for: the user is told, and decides.
MAX_RETRY_AFTER_S = 120.0

# Without any event for so long the stream is taken for dead. Pings come every few seconds, also while the model thinks.
IDLE_S = 120.0
CONNECT_S = 10.0

_LOOPBACK = ("localhost", "127.0.0.1", "::1")


class AnthropicModel:
    """The model that the provider calls `model`, paid for with `key`.

    `base_url` is that of another server with the same API; ConfigError where it is none. The rest is for tests.
    """

    def __init__(
        self,
        model: str,
        key: str,
        *,
        base_url: str | None = None,
        transport: httpx2.AsyncBaseTransport | None = None,
        clock: Clock = time.time,
        uniform: Callable[[float, float], float] = random.uniform,
    ) -> None:
        self._model = model
        self._limits = limits_of(model)
        self._url = _messages_url(base_url or BASE_URL)
        self._provider = f"The server at {base_url}" if base_url else "Anthropic"
        self._whereabouts = "--base-url, and that the server runs" if base_url else "the network"
        # No proxy reaches this machine's own loopback.
        self._by_proxy = self._url.host not in _LOOPBACK
        self._headers = {
            "x-api-key": key,
            "anthropic-version": API_VERSION,
            "content-type": "application/json",
            "user-agent": f"trio-agent/{__version__}",
        }
        self._transport = transport
        self._clock = clock
        self._uniform = uniform

    @cached_property
    def _tls(self) -> ssl.SSLContext:
        # Made once: to read all certificates takes 20 ms, in which the whole program stands still.
        return httpx2.create_ssl_context()

    @property
    def name(self) -> str:
        return f"anthropic/{self._model}"

    @property
    def context_window(self) -> int:
        return self._limits.context_window

    @property
    def priced(self) -> bool:
        return price_of(self._model) is not None

    async def answer(self, request: ModelRequest, on_text: OnText, on_usage: OnUsage = unheard) -> Answer:
        body = encode_request(request, model=self._model, max_tokens=self._limits.max_output)
        wait_s = FIRST_WAIT_S
        spent_usd = 0.0

        def tell(usage: Usage) -> None:
            on_usage(usage.costing(spent_usd + usage.cost_usd))

        for tries_left in range(MAX_TRIES - 1, -1, -1):
            shown: set[Part] = set()
            reader = AnswerReader(model=self._model, provider=self._provider)
            try:
                answer = await self._ask(body, reader, on_text, tell, shown)
                return msgspec.structs.replace(answer, usage=answer.usage.costing(spent_usd + answer.usage.cost_usd))
            except ProviderError as error:
                asked_s = error.retry_after_s
                if asked_s is None or asked_s > MAX_RETRY_AFTER_S or not tries_left:
                    raise
            spent_usd += reader.usage.cost_usd
            for part in shown:
                on_text(part, "", restart=True)
            await trio.sleep(max(asked_s, self._uniform(0, wait_s)))
            wait_s = min(2 * wait_s, MAX_WAIT_S)
        raise AssertionError("the last try returns or raises")

    async def _ask(
        self, body: bytes, reader: AnswerReader, on_text: OnText, on_usage: OnUsage, shown: set[Part]
    ) -> Answer:
        """Ask once. The parts of which text was shown go into `shown`, also where an error comes of it."""
        try:
            with trio.CancelScope(deadline=trio.current_time() + IDLE_S) as idle:
                await self._listen(body, reader, on_text, on_usage, shown, idle)
        except httpx2.SSEError as exc:
            raise ProviderError(f"{self._provider} sent no event stream: check --base-url. ({exc})") from exc
        except (httpx2.ConnectError, httpx2.ConnectTimeout) as exc:
            raise ProviderError(
                f"{self._provider} cannot be reached: check {self._whereabouts}. ({_reason(exc)})", retry_after_s=0
            ) from exc
        except httpx2.RequestError as exc:
            raise self._broken_off(_reason(exc)) from exc
        if reader.answer is not None:
            return reader.answer
        if reader.failure is not None:
            raise reader.failure
        raise self._broken_off(f"nothing came for {IDLE_S:.0f} s" if idle.cancelled_caught else "its end is missing")

    async def _listen(
        self,
        body: bytes,
        reader: AnswerReader,
        on_text: OnText,
        on_usage: OnUsage,
        shown: set[Part],
        idle: trio.CancelScope,
    ) -> None:
        async with (
            httpx2.AsyncClient(
                transport=self._transport,
                verify=self._tls,
                timeout=httpx2.Timeout(CONNECT_S, read=None),
                trust_env=self._by_proxy,
            ) as client,
            client.sse(self._url, method="POST", content=body, headers=self._headers) as source,
        ):
            response = source.response
            if response.status_code != 200:
                raise http_failure(
                    response.status_code,
                    response.headers,
                    await response.aread(),
                    provider=self._provider,
                    model=self._model,
                    now=self._clock(),
                )
            async for event in source:
                idle.deadline = trio.current_time() + IDLE_S
                if not event.data:
                    continue  # httpx2 gives out what the standard drops: an event cut off before its data
                known = reader.usage
                news = reader.feed(event.data)
                if reader.usage != known:
                    on_usage(reader.usage)
                for part, text in news:
                    shown.add(part)
                    on_text(part, text)
                if reader.answer is not None or reader.failure is not None:
                    # Not `break`: a generator that is left half-way is closed by the garbage collector, which cannot await.
                    idle.cancel()

    def _broken_off(self, why: str) -> ProviderError:
        return ProviderError(f"{self._provider} broke off in the middle of the answer: {why}.", retry_after_s=0)


def _messages_url(base_url: str) -> httpx2.URL:
    try:
        url = httpx2.URL(f"{base_url.rstrip('/').removesuffix('/v1')}/v1/messages")
    except httpx2.InvalidURL as exc:
        raise ConfigError(f"--base-url {base_url} is no address: {exc}") from exc
    if url.scheme not in ("http", "https") or not url.host:
        raise ConfigError(f"--base-url {base_url} is no address: it should look like http://HOST:PORT")
    return url


def _reason(exc: Exception) -> str:
    return str(exc) or type(exc).__name__
