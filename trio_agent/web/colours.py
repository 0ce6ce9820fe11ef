"""Code in colours: each line as pieces of text, each with the letter of what it is. The page makes elements of them.

No HTML: the page puts the text in as text. Letters, not pygments' eighty classes: the page has seven colours (`tokens.css`).
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

from pygments.lexer import Lexer
from pygments.lexers import get_lexer_for_filename
from pygments.token import Comment, Keyword, Name, Number, String, _TokenType
from pygments.util import ClassNotFound

MAX_COLOURED_CHARS = 100_000
"""As for Markdown: more may take seconds where somebody means harm, and stays plain."""

LETTERS = {
    "c": (Comment, String.Doc),
    "s": (String,),
    "m": (Number,),
    "t": (Keyword.Type, Name.Class, Name.Namespace, Name.Exception, Name.Constant),
    "k": (Keyword,),
    "n": (Name.Function, Name.Tag, Name.Decorator, Name.Attribute, Name.Builtin),
}
"""Comment, string, number, type, keyword, name. What is said first goes before what holds it."""

Spans = list[str]
"""Letter and text by turns; the letter is empty for plain text."""


def coloured(name: str, lines: Sequence[str]) -> list[Spans]:
    """`lines` of a file called `name` (the end of a path), none with a LF in it, as spans. May take seconds."""
    if sum(map(len, lines)) > MAX_COLOURED_CHARS:
        return [plain(line) for line in lines]
    return _coloured(name, tuple(lines))


def plain(line: str) -> Spans:
    return ["", line] if line else []


# Who scrolls asks for the same file piece by piece.
@lru_cache(maxsize=8)
def _coloured(name: str, lines: tuple[str, ...]) -> list[Spans]:
    lexer = _lexer(name)
    if lexer is None:
        return [plain(line) for line in lines]
    spans: list[Spans] = [[]]
    # Not `get_tokens`: it takes line ends and blank lines away, and the lines would be others than these.
    for _, kind, text in lexer.get_tokens_unprocessed("\n".join([*lines, ""])):
        letter = _letter(kind)
        for number, part in enumerate(text.split("\n")):
            if number:
                spans.append([])
            if part:
                _add(spans[-1], letter, part)
    return spans[: len(lines)]


def _lexer(name: str) -> Lexer | None:
    try:
        lexer: Lexer = get_lexer_for_filename(name)
    except ClassNotFound:
        return None
    return lexer


@lru_cache(maxsize=512)
def _letter(kind: _TokenType) -> str:
    lineage = set(kind.split())
    return next((letter for letter, kinds in LETTERS.items() if not lineage.isdisjoint(kinds)), "")


def _add(line: Spans, letter: str, text: str) -> None:
    if line and line[-2] == letter:
        line[-1] += text
    else:
        line += [letter, text]
