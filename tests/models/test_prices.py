from __future__ import annotations

import pytest

from trio_agent.core.usage import Usage
from trio_agent.models.limits import limits_of
from trio_agent.models.prices import price_of

MILLION = 1_000_000


@pytest.mark.parametrize(
    ("model", "usage", "dollars"),
    [
        ("claude-sonnet-5-5", Usage(input_tokens=MILLION), 2),
        ("claude-sonnet-5-5", Usage(output_tokens=MILLION), 10),
        ("claude-sonnet-5-5", Usage(cache_creation_input_tokens=MILLION), 2.5),
        ("claude-sonnet-5-5", Usage(cache_read_input_tokens=MILLION), 0.1),
        ("claude-sonnet-4-5-20250929", Usage(input_tokens=MILLION, output_tokens=MILLION), 18),
        ("claude-haiku-5-5", Usage(input_tokens=100_000, output_tokens=MILLION), 0.51),
        ("claude-haiku-5-5", Usage(input_tokens=100_001, output_tokens=MILLION), 0.0500005 + 2.5),
        ("claude-haiku-5-5", Usage(input_tokens=1, cache_read_input_tokens=100_000, output_tokens=MILLION), 2.5050005),
    ],
)
def test_usage_has_its_price(model: str, usage: Usage, dollars: float) -> None:
    price = price_of(model)
    assert price is not None
    assert price.cost_usd(usage) == pytest.approx(dollars)


@pytest.mark.parametrize(
    "model", ["", "llama", "claude-sonnet", "claude-sonnet-5-5-fast", "claude-sonnet-5-5-99999999"]
)
def test_the_price_and_the_limits_of_other_models_are_unknown(model: str) -> None:
    assert price_of(model) is None
    assert limits_of(model).context_window == 0


def test_a_model_with_a_price_has_limits_and_so_has_its_dated_name() -> None:
    assert limits_of("claude-sonnet-5-5").context_window == MILLION
    assert limits_of("claude-haiku-4-5-20251001").context_window == 200_000
