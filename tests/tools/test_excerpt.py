from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from trio_agent.tools.excerpt import Excerpt


def excerpt_of(data: bytes, *, chunk: int, head: int = 10, tail: int = 10) -> str:
    excerpt = Excerpt(head, tail)
    for start in range(0, len(data), chunk):
        excerpt.add(data[start : start + chunk])
    return excerpt.text()


@given(st.text(max_size=40), st.integers(1, 50))
def test_what_is_kept_is_the_start_and_the_end_and_the_missing_bytes_are_counted(text: str, chunk: int) -> None:
    data = text.encode()
    kept = excerpt_of(data, chunk=chunk)
    if len(data) <= 20:
        assert kept == text
        return
    match = re.fullmatch(r"(.*)\n… (\d+) bytes left out …\n(.*)", kept, re.DOTALL)
    assert match
    assert text.startswith(match[1])
    assert text.endswith(match[3])
    assert int(match[2]) == len(data) - 20
    # At most a character of four bytes is lost at either cut.
    assert len(match[1].encode()) > 10 - 4
    assert len(match[3].encode()) > 10 - 4


def test_memory_is_bounded_by_what_is_kept() -> None:
    excerpt = Excerpt(10, 10)
    for _ in range(1000):
        excerpt.add(b"x" * 1000)
    assert excerpt.text() == f"{'x' * 10}\n… {1000 * 1000 - 20} bytes left out …\n{'x' * 10}"
    assert sum(len(part) for part in vars(excerpt).values() if isinstance(part, bytearray)) == 20


def test_bytes_that_are_no_text_are_replaced() -> None:
    assert excerpt_of(b"a\xffb", chunk=1) == "a\ufffdb"
