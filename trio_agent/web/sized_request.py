"""A request whose body may be larger where files are brought: Quart knows one limit for all routes.

It holds from the first byte, before any handler runs, so it goes by the path.
"""

from __future__ import annotations

import re
from typing import Any

from quart_trio.wrappers.request import TrioRequest

from trio_agent.runtime.uploads import MAX_FILE_BYTES

_TAKES_FILES = re.compile(r"(?:/sessions/[^/]+)?/blobs", re.ASCII)


class SizedRequest(TrioRequest):
    """The limit is `max_content_length`, but that of a file for `POST /blobs`."""

    def __init__(
        self, method: str, scheme: str, path: str, *args: Any, max_content_length: int | None = None, **kwargs: Any
    ) -> None:
        takes_file = method == "POST" and _TAKES_FILES.fullmatch(path) is not None
        limit = MAX_FILE_BYTES if takes_file else max_content_length
        super().__init__(method, scheme, path, *args, max_content_length=limit, **kwargs)
