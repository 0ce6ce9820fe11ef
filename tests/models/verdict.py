"""How a stand-in takes a request that no client of ours would send."""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager
from typing import Any

import httpx2

from tests.standins.planned_server import PlannedServer


async def verdict(
    serving: AbstractAsyncContextManager[PlannedServer], target: str, body: dict[str, Any], headers: dict[str, str]
) -> int:
    """The status that `body` gets when it is sent to `target`."""
    async with serving as server, httpx2.AsyncClient(trust_env=False) as client:
        return (await client.post(server.url + target, json=body, headers=headers)).status_code
