"""What sets one provider apart from the others: its wire. Everything else is `streamed.StreamedModel`.

To add a provider NAME:

1. `NAME_request.py`: `encode_request(request, ...)`, a pure function from a ModelRequest to the body of the request.
2. `NAME_answer.py`: a Reader, an `event_reader.EventReader` that knows the provider's events, pure: the data of one event
   after the other goes in; text, usage and at last the Answer come out. Only the event that the provider ends every answer
   with makes one.
3. `NAME_failure.py`: from the provider's own codes to the kinds of `failure`, which hold the sentences.
4. `NAME.py`: the Wire, which ties these to an address and a key by an `Endpoint`.
5. `catalogue/NAME.toml`: its models, their limits and prices, each with date and source.
6. a line in `choose.py`, a stand-in in tests/standins that refuses what the provider refuses.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from trio_agent.core.errors import ProviderError
from trio_agent.core.usage import Usage
from trio_agent.models.endpoint import Endpoint
from trio_agent.seams import Answer, ModelRequest, Part


class Reader(Protocol):
    """Reads one answer from a stream of events. Pure; raises nothing, whatever it is fed."""

    @property
    def answer(self) -> Answer | None:
        """The whole answer, once the stream has said that it is whole."""
        ...

    @property
    def failure(self) -> ProviderError | None:
        """What the provider said went wrong, or that what it sent makes no sense. There will be no answer."""
        ...

    @property
    def usage(self) -> Usage:
        """What was used so far, as far as the provider has told, and what that costs."""
        ...

    def feed(self, data: str) -> list[tuple[Part, str]]:
        """Take in the data of one event. Returns the text that it brought. After an end, nothing counts."""
        ...


class Wire(Protocol):
    """How a model at one provider is asked, and understood."""

    @property
    def endpoint(self) -> Endpoint: ...

    def encode(self, request: ModelRequest) -> bytes:
        """The body of the POST, ASCII JSON. Made anew for each try: a wire may have learned from a refusal."""
        ...

    def reader(self) -> Reader:
        """A new reader, for one answer."""
        ...

    def failure(self, status: int, headers: Mapping[str, str], body: bytes, now: float) -> ProviderError:
        """What a response other than 200 means. `headers` are looked up in lower case; `now` is Unix seconds."""
        ...
