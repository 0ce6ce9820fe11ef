"""The Gemini API of Google AI Studio, and servers that speak it.

Of its two interfaces, generateContent and the newer Interactions, the first: the whole conversation is in the request, nothing
of it is kept at the provider, and it is what other servers speak.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from urllib.parse import quote

from trio_agent import __version__
from trio_agent.core.errors import ProviderError
from trio_agent.core.price import Price
from trio_agent.models.endpoint import Endpoint, checked_base_url
from trio_agent.models.gemini_answer import AnswerReader
from trio_agent.models.gemini_failure import error_of, failure_of, refuses_signatures
from trio_agent.models.gemini_request import encode_request
from trio_agent.models.gemini_signatures import Signatures
from trio_agent.seams import ModelRequest

KEY_VARIABLE = "GEMINI_API_KEY"
OTHER_KEY_VARIABLE = "GOOGLE_API_KEY"
BASE_URL = "https://generativelanguage.googleapis.com"
DEFAULT_MODEL = "gemini-4-hydrogen"

_VERSION = re.compile(r"/v[0-9]+[a-z0-9]*\Z")


class GeminiWire:
    """The wire of the model that the provider calls `model`, paid for with `key`.

    `base_url` is that of another server with the same API, with or without a version at its end; ConfigError where it is none.
    """

    def __init__(self, model: str, key: str, *, base_url: str = "", price: Price | None = None) -> None:
        root = checked_base_url(base_url) if base_url else BASE_URL
        if not _VERSION.search(root):
            # The names that move with the newest release are known to the beta only. Source: the google-genai package.
            root += "/v1beta" if model.endswith("-latest") else "/v1"
        self.endpoint = Endpoint(
            name=f"gemini/{model}",
            model=model,
            provider="Gemini",
            key_variable=KEY_VARIABLE,
            url=f"{root}/models/{quote(model, safe='')}:streamGenerateContent?alt=sse",
            base_url=base_url,
            headers={
                "x-goog-api-key": key,
                "content-type": "application/json",
                "user-agent": f"trio-agent/{__version__}",
            },
            price=price,
        )
        self._signatures = Signatures()

    def encode(self, request: ModelRequest) -> bytes:
        return encode_request(request, model=self.endpoint.model, signatures=self._signatures)

    def reader(self) -> AnswerReader:
        return AnswerReader(self.endpoint, self._signatures)

    def failure(self, status: int, headers: Mapping[str, str], body: bytes, now: float) -> ProviderError:
        error = error_of(body)
        failure = failure_of(status, headers, error, endpoint=self.endpoint, now=now)
        if refuses_signatures(error) and self._signatures.forget():
            # The next try tells the same conversation without them.
            return ProviderError(str(failure), retry_after_s=0)
        return failure
