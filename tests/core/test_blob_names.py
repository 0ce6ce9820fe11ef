"""Which blobs a message refers to."""

from __future__ import annotations

import pytest

from trio_agent.core.blob_names import blobs_named
from trio_agent.core.message import Message
from trio_agent.core.wire import encode_json

ONE, OTHER = "a1" * 32, "0" * 64


@pytest.mark.parametrize(
    ("display", "named"),
    [
        (None, set()),
        ({"kind": "image", "blob": ONE}, {ONE}),
        ({"kind": "images", "images": [{"blob": ONE}, {"blob": OTHER}]}, {ONE, OTHER}),
        ({"kind": "bash", "output_blob": ONE, "again": ONE}, {ONE}),
        ({"kind": "bash", "text": f"commit {ONE}", "longer": ONE + "0", "upper": ONE.upper()}, set()),
    ],
)
def test_blobs_are_known_by_their_ids_wherever_they_stand(display: dict[str, object] | None, named: set[str]) -> None:
    assert blobs_named(encode_json(Message(type="tool", content="text", display=display))) == named
