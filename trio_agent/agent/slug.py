"""A short name for a session, from the user's first words: the end of its branch's name, and its title."""

from __future__ import annotations

import re
import unicodedata

MAX_SLUG_CHARS = 40
MAX_TITLE_CHARS = 80


def slug_of(text: str) -> str:
    """Lower-case words joined by hyphens, of [a-z0-9-]; empty where the text has no such letter."""
    # casefold writes ß as ss; what is no letter of ASCII after that is dropped.
    plain = unicodedata.normalize("NFKD", text.casefold()).encode("ascii", "ignore").decode()
    slug = ""
    for word in re.findall(r"[a-z0-9]+", plain):
        longer = f"{slug}-{word}" if slug else word[:MAX_SLUG_CHARS]
        if len(longer) > MAX_SLUG_CHARS:
            break
        slug = longer
    return slug


def title_of(text: str) -> str:
    """The first line, cut at a word."""
    line = " ".join(text.strip().splitlines()[0].split()) if text.strip() else ""
    if len(line) <= MAX_TITLE_CHARS:
        return line
    return line[: MAX_TITLE_CHARS - 1].rsplit(" ", 1)[0] + "…"
