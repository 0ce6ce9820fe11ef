from __future__ import annotations

import pytest

from trio_agent.core.usage import Usage
from trio_agent.models import choose
from trio_agent.models.catalogue import PROVIDERS, catalogue_of, facts_of

MILLION = 1_000_000


@pytest.mark.parametrize(
    ("model", "usage", "dollars"),
    [
        ("claude-sonnet-5-5", Usage(input_tokens=MILLION), 2),
        ("claude-sonnet-5-5", Usage(output_tokens=MILLION), 10),
        ("claude-sonnet-5-5", Usage(cache_creation_input_tokens=MILLION), 2.5),
        ("claude-sonnet-5-5", Usage(cache_read_input_tokens=MILLION), 0.1),
        ("claude-sonnet-4-5-20250929", Usage(input_tokens=MILLION, output_tokens=MILLION), 18),
        ("gpt-6.2-sol", Usage(input_tokens=272_000, output_tokens=MILLION), 0.544 + 10),
        ("gpt-6.2-sol", Usage(input_tokens=272_001, output_tokens=MILLION), 1.088004 + 15),
        ("gpt-5-mini-2025-08-07", Usage(cache_read_input_tokens=MILLION), 0.025),
        ("claude-haiku-5-5", Usage(input_tokens=100_000, output_tokens=MILLION), 0.51),
        ("claude-haiku-5-5", Usage(input_tokens=100_001, output_tokens=MILLION), 0.0500005 + 2.5),
        ("claude-haiku-5-5", Usage(input_tokens=1, cache_read_input_tokens=100_000, output_tokens=MILLION), 2.5050005),
    ],
)
def test_usage_has_its_price(model: str, usage: Usage, dollars: float) -> None:
    price = facts_of(model).price
    assert price is not None
    assert price.cost_usd(usage) == pytest.approx(dollars)


@pytest.mark.parametrize(
    "model", ["", "llama", "claude-sonnet", "claude-sonnet-5-5-fast", "claude-sonnet-5-5-99999999"]
)
def test_the_price_and_the_limits_of_other_models_are_unknown(model: str) -> None:
    assert facts_of(model).price is None
    assert facts_of(model).context_window == 0


def test_a_model_with_a_price_has_limits_and_so_has_its_dated_name() -> None:
    assert facts_of("claude-sonnet-5-5").context_window == MILLION
    assert facts_of("claude-haiku-4-5-20251001").context_window == 200_000


@pytest.mark.parametrize("provider", PROVIDERS)
def test_every_list_says_when_and_where_it_was_read_and_has_no_model_of_another(provider: str) -> None:
    catalogue = catalogue_of(provider)
    assert catalogue.as_of.year >= 2026
    assert catalogue.sources
    assert all(source.startswith("https://") for source in catalogue.sources)
    for other in PROVIDERS:
        assert other == provider or not catalogue.models.keys() & catalogue_of(other).models.keys()
    for facts in catalogue.models.values():
        assert facts.max_output <= (facts.context_window or facts.max_output)


@pytest.mark.parametrize("name", choose.PROVIDERS)
def test_the_model_that_a_key_alone_chooses_has_a_price_and_a_window(name: str) -> None:
    facts = facts_of(choose.PROVIDERS[name].default)
    assert facts.price is not None
    assert facts.known
