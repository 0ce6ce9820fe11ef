"""The name of the branch on which a session's commits arrive in the user's repository."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator

PREFIX = "trio-agent/"
MAX_SLUG_CHARS = 40


def clean_slug(slug: str) -> str:
    """`slug` as lower-case words of [a-z0-9] joined by single dashes, at most MAX_SLUG_CHARS; may be empty."""
    ascii_only = unicodedata.normalize("NFKD", slug).encode("ascii", "ignore").decode()
    return re.sub(r"[^a-z0-9]+", "-", ascii_only.lower()).strip("-")[:MAX_SLUG_CHARS].rstrip("-")


def branch_names(slug: str, session_id: str) -> Iterator[str]:
    """Names to try, the wished one first: `trio-agent/fix-tests`, `trio-agent/fix-tests-2`, …, without end."""
    name = PREFIX + (clean_slug(slug) or clean_slug(session_id) or "session")
    yield name
    number = 2
    while True:
        yield f"{name}-{number}"
        number += 1


def is_taken(name: str, branches: Iterable[str]) -> bool:
    """Whether a branch of this name cannot be made beside `branches`.

    Compared without case, since a file system may not know case; and git can hold no branch within another.
    """
    wanted = name.lower()
    return any(branch.lower() == wanted or branch.lower().startswith(wanted + "/") for branch in branches)
