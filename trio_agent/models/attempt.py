"""Attempt: one try to get an answer from a provider."""

from __future__ import annotations

from trio_agent.core.errors import ProtocolError, ProviderError
from trio_agent.core.sse import Parser
from trio_agent.core.usage import Usage
from trio_agent.models.endpoint import Endpoint
from trio_agent.models.failure import endless
from trio_agent.models.pieces import Pieces
from trio_agent.models.wire import Reader
from trio_agent.seams import OnText, OnUsage, Part

# Of one event. Some providers end a stream with the whole answer, and all that it was asked with.
MAX_EVENT_CHARS = 8 * 1024 * 1024


class Attempt:
    """Takes the bytes of a stream of events; the listeners hear what they say. `spent_usd` is the cost of the tries before."""

    def __init__(
        self, reader: Reader, on_text: OnText, on_usage: OnUsage, spent_usd: float, endpoint: Endpoint
    ) -> None:
        self.reader = reader
        # Our own parser: the client's refuses events of more than 1 MiB.
        self._parser = Parser(MAX_EVENT_CHARS)
        self._endpoint = endpoint
        self._endless: ProviderError | None = None
        self._on_text = on_text
        self._on_usage = on_usage
        self._spent_usd = spent_usd
        self._shown: set[Part] = set()

    @property
    def over(self) -> bool:
        return self.reader.answer is not None or self.failure is not None

    @property
    def failure(self) -> ProviderError | None:
        return self.reader.failure or self._endless

    @property
    def usage(self) -> Usage:
        """The tokens of this try, the cost of all so far."""
        return self.reader.usage.costing(self._spent_usd + self.reader.usage.cost_usd)

    def take(self, chunk: bytes) -> None:
        """Take in what came at one time. What it said is told as one text a part: each costs every reader of the session."""
        known = self.reader.usage
        news: dict[Part, Pieces] = {}
        try:
            for event in self._parser.feed(chunk):
                for part, text in self.reader.feed(event.data):
                    news.setdefault(part, Pieces()).add(text)
                if self.reader.usage != known:
                    known = self.reader.usage
                    # First what it paid for: told of a cost over the budget, the listener takes no more in.
                    self._tell(news)
                    self._on_usage(self.usage)
        except ProtocolError:
            self._endless = endless(MAX_EVENT_CHARS, self._endpoint)
        self._tell(news)

    def _tell(self, news: dict[Part, Pieces]) -> None:
        for part, pieces in news.items():
            self._shown.add(part)
            self._on_text(part, str(pieces))
        news.clear()

    def take_back(self) -> None:
        """What was shown is void."""
        for part in self._shown:
            self._on_text(part, "", restart=True)
