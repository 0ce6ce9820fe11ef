"""What must hold of every wire as a whole."""

from __future__ import annotations

import pytest

from tests.models.languages import EACH, Language
from trio_agent.core.errors import ConfigError


@pytest.mark.parametrize(
    "base", ["localhost:8080", "http://", "http://[::1", "ftp://host", "http:///path", " ", "http://a b", "http://h:x"]
)
@EACH
def test_an_address_that_is_none_is_refused(language: Language, base: str) -> None:
    with pytest.raises(ConfigError, match="--base-url"):
        language.make("m", "k", base_url=base)


@EACH
def test_the_key_is_not_shown_where_the_endpoint_is(language: Language) -> None:
    endpoint = language.wire.endpoint
    assert "a-key" in "".join(endpoint.headers.values())
    assert "a-key" not in repr(endpoint)
