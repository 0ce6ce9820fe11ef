"""What a user looks for in messages, and where in a text it stands.

Words are runs of letters and digits, whatever their case and accents: `Über_uns` is the two words `uber` and `uns`. What is
looked for is such words too, so nothing in it can be taken for a command of whatever looks for it. Each of them stands for
all that begin with it, and those that were written together must stand together: `ping_to` finds `ping-token`.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

import msgspec

from trio_agent.core.errors import InvalidInput
from trio_agent.core.message import Message

MAX_QUERY_CHARS = 200
SNIPPET_CHARS = 160
LEAD_CHARS = 40
"""Of a snippet, before the first of the words."""

# A letter with its accents is one, also where these are characters of their own.
_WORD = re.compile(r"(?:[^\W_][\u0300-\u036f]*)+")
_ASCII_WORD = re.compile(r"[a-z0-9]+")


@dataclass(frozen=True, slots=True)
class Query:
    """Runs of words, all of which a text must have; the last word of a run may go on."""

    runs: tuple[tuple[str, ...], ...]


class Piece(msgspec.Struct, frozen=True):
    """A part of a snippet; `hit` where it is what was looked for."""

    text: str
    hit: bool = False


def query_of(text: str) -> Query:
    """What a user typed, as a query. Raises InvalidInput where no word is in it, or too many characters are."""
    if len(text) > MAX_QUERY_CHARS:
        raise InvalidInput(f"a search takes {MAX_QUERY_CHARS} characters at most")
    runs = tuple(run for each in text.split() if (run := tuple(words_of(each))))
    if not runs:
        raise InvalidInput("a search takes a word or number at least")
    return Query(runs)


def text_of(message: Message) -> str:
    """All that can be found of a message: what was said, thought, asked of a tool, and answered by it."""
    commits = (f"{commit.hash} {commit.subject}\n{commit.body}" for commit in message.commits)
    # A call's input stands in the tool's own message too, once it has run.
    parts = (message.content, message.thinking, message.tool_name, message.input, message.tool_result, *commits)
    return "\n".join(part for part in parts if part)


def words_of(text: str) -> list[str]:
    """The words of a text, folded."""
    if text.isascii():
        return _ASCII_WORD.findall(text.lower())
    return [_folded(match[0]) for match in _WORD.finditer(text)]


def fits(text: str, query: Query) -> bool:
    """Whether a text has all that is looked for."""
    words = words_of(text)
    return all(next(_places(words, run), None) is not None for run in query.runs)


def snippet(text: str, query: Query) -> tuple[Piece, ...]:
    """About SNIPPET_CHARS of a text, around the first of the words that are looked for; white space is joined."""
    text = " ".join(text.split())
    spans = [(match.start(), match.end(), _folded(match[0])) for match in _WORD.finditer(text)]
    words = [word for _, _, word in spans]
    hits = sorted({(spans[at][0], spans[at + len(run) - 1][1]) for run in query.runs for at in _places(words, run)})
    begin = _begin(text, hits[0][0] if hits else 0)
    end = min(len(text), begin + SNIPPET_CHARS)
    pieces: list[Piece] = [Piece("…")] if begin else []
    at = begin
    for start, stop in hits:
        if start < at or stop > end:
            continue
        pieces += [Piece(text[at:start])] if start > at else []
        pieces.append(Piece(text[start:stop], hit=True))
        at = stop
    rest = text[at:end] + ("…" if end < len(text) else "")
    return tuple(pieces + ([Piece(rest)] if rest else []))


def _begin(text: str, hit: int) -> int:
    """Where a snippet begins: a little before the hit, with a whole word."""
    if hit <= LEAD_CHARS:
        return 0
    space = text.find(" ", hit - LEAD_CHARS, hit)
    return space + 1 if space >= 0 else hit - LEAD_CHARS


def _places(words: list[str], run: tuple[str, ...]) -> Iterator[int]:
    """Where in `words` the run begins."""
    whole, last = run[:-1], run[-1]
    for at in range(len(words) - len(whole)):
        if words[at + len(whole)].startswith(last) and tuple(words[at : at + len(whole)]) == whole:
            yield at


@lru_cache(maxsize=4096)
def _folded(word: str) -> str:
    # Twice casefolded: taking a letter apart may show one that has another case.
    apart = unicodedata.normalize("NFKD", word.casefold())
    return "".join(each for each in apart if not unicodedata.combining(each)).casefold()
