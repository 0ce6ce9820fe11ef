from __future__ import annotations

import pytest

from trio_agent.core.price import Price, read_price
from trio_agent.core.usage import Usage


@pytest.mark.parametrize(
    ("text", "price"),
    [
        ("3,15", Price(input=3, output=15, cache_write=3, cache_read=3)),
        (" 0.5 , 2.5 ,0.6, 0.05", Price(input=0.5, output=2.5, cache_write=0.6, cache_read=0.05)),
        ("0,0", Price(input=0, output=0, cache_write=0, cache_read=0)),
    ],
)
def test_a_price_is_read_as_the_user_writes_it(text: str, price: Price) -> None:
    assert read_price(text) == price


@pytest.mark.parametrize("text", ["", "3", "3,", "1,2,3", "1,2,3,4,5", "-1,2", "nan,1", "inf,1", "cheap,dear", "1;2"])
def test_what_is_no_price_is_refused_with_what_one_is(text: str) -> None:
    with pytest.raises(ValueError, match="IN,OUT"):
        read_price(text)


def test_a_long_prompt_is_paid_by_its_own_price_caches_included() -> None:
    long = Price(input=2, output=2, cache_write=2, cache_read=2)
    price = Price(input=1, output=1, cache_write=1, cache_read=1, long_from=100, long=long)
    assert price.cost_usd(Usage(input_tokens=50, cache_read_input_tokens=50, output_tokens=900)) == pytest.approx(1e-3)
    assert price.cost_usd(Usage(input_tokens=50, cache_creation_input_tokens=51, output_tokens=899)) == pytest.approx(
        2e-3
    )
