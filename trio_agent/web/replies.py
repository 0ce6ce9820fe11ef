"""The reply that is JSON, as nearly all are."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from quart import Response

from trio_agent.core.wire import encode_json


def json_reply(value: Any, status: int = HTTPStatus.OK) -> Response:
    """`value` as it is now: nobody keeps it for later."""
    return Response(encode_json(value), status, {"Content-Type": "application/json", "Cache-Control": "no-store"})
