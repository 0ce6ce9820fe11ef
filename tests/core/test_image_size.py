from __future__ import annotations

from collections.abc import Callable
from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.pictures import gif, jpeg, png, webp
from trio_agent.core.image_size import MAX_IMAGE_SIDE, image_problem, image_size

KINDS: dict[str, Callable[[int, int], bytes]] = {
    "png": png,
    "jpeg": jpeg,
    "gif": gif,
    "webp, extended": partial(webp, kind=b"VP8X"),
    "webp, lossless": partial(webp, kind=b"VP8L"),
    "webp, lossy": partial(webp, kind=b"VP8 "),
}


@pytest.mark.parametrize("make", KINDS.values(), ids=KINDS)
def test_an_image_says_how_large_it_is_and_one_that_no_model_takes_is_told(make: Callable[[int, int], bytes]) -> None:
    assert image_size(make(MAX_IMAGE_SIDE, 3)) == (MAX_IMAGE_SIDE, 3)
    assert image_problem(make(MAX_IMAGE_SIDE, 3)) == ""
    assert image_problem(make(3, MAX_IMAGE_SIDE + 1)).startswith(f"is 3 x {MAX_IMAGE_SIDE + 1} pixels large")


@pytest.mark.parametrize("make", KINDS.values(), ids=KINDS)
def test_one_that_is_cut_off_is_broken_wherever_it_was_cut(make: Callable[[int, int], bytes]) -> None:
    whole = make(7, 9)
    # A PNG's last four bytes are a checksum, a JPEG's last one its end.
    for end in range(len(whole) - 4 if make is png else len(whole)):
        assert "broken" in image_problem(whole[:end]), end


def test_one_without_width_is_broken() -> None:
    assert "broken" in image_problem(png(0, 5))


@given(st.sampled_from(sorted(KINDS)), st.binary(max_size=60))
def test_no_bytes_are_too_strange(kind: str, junk: bytes) -> None:
    whole = KINDS[kind](7, 9)
    for place in (3, 8, 12, 20):
        image_problem(whole[:place] + junk)
        image_problem(whole[:place] + junk + whole[place:])
