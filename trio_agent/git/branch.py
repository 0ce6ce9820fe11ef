"""The name of the branch on which a session's commits arrive in the user's repository."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Iterable, Iterator

STEM = "trio-agent"
"""What the name begins with, before a slash; before a dash where a branch of the user's is called just so."""

MAX_SLUG_CHARS = 40


def clean_slug(slug: str) -> str:
    """`slug` as lower-case words of [a-z0-9] joined by single dashes, at most MAX_SLUG_CHARS; may be empty."""
    ascii_only = unicodedata.normalize("NFKD", slug).encode("ascii", "ignore").decode()
    return re.sub(r"[^a-z0-9]+", "-", ascii_only.lower()).strip("-")[:MAX_SLUG_CHARS].rstrip("-")


def branch_names(slug: str, session_id: str, branches: Collection[str] = ()) -> Iterator[str]:
    """Names to try, the wished one first: `trio-agent/fix-tests`, `trio-agent/fix-tests-2`, …, without end.

    Beside a branch `trio-agent` of the user's, within which git can hold no other: `trio-agent-fix-tests`.
    """
    separator = "-" if is_stem_taken(branches) else "/"
    name = STEM + separator + (clean_slug(slug) or clean_slug(session_id) or "session")
    yield name
    number = 2
    while True:
        yield f"{name}-{number}"
        number += 1


def is_stem_taken(branches: Iterable[str]) -> bool:
    """Whether a branch of `branches` keeps others from being made within it."""
    return any(branch.lower() == STEM for branch in branches)


def is_taken(name: str, branches: Iterable[str]) -> bool:
    """Whether a branch of this name cannot be made beside `branches`.

    Compared without case, since a file system may not know case; and git can hold no branch within another.
    """
    wanted = name.lower()
    return any(branch.lower() == wanted or branch.lower().startswith(wanted + "/") for branch in branches)
