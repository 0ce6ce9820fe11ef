"""Markdown to HTML that is safe to show: rendered, highlighted and sanitised here, so that the page needs none of it."""

from __future__ import annotations

from functools import lru_cache

import nh3
from markdown_it import MarkdownIt
from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexers import get_lexer_by_name
from pygments.util import ClassNotFound

MAX_HIGHLIGHTED_CHARS = 100_000  # beyond this a lexer takes seconds, and nobody reads the colours

_ATTRIBUTES = {**nh3.ALLOWED_ATTRIBUTES, "span": {"class"}, "code": {"class"}, "pre": {"class"}, "div": {"class"}}
# Images would be loaded from wherever a model, or what it has read, says: an address can carry data out.
_TAGS = nh3.ALLOWED_TAGS - {"img"}
_formatter = HtmlFormatter(nowrap=True)


def _highlight(code: str, language: str, _attributes: str) -> str:
    if len(code) > MAX_HIGHLIGHTED_CHARS:
        return ""
    try:
        lexer = get_lexer_by_name(language)
    except ClassNotFound:
        return ""
    return str(highlight(code, lexer, _formatter))


_markdown = MarkdownIt("commonmark", {"html": False, "highlight": _highlight}).enable(["table", "strikethrough"])


@lru_cache(maxsize=256)
def render(text: str) -> str:
    """`text`, CommonMark with tables, as sanitised HTML without scripts, styles or remote images."""
    return nh3.clean(
        _markdown.render(text), tags=_TAGS, attributes=_ATTRIBUTES, link_rel="noopener noreferrer nofollow"
    )
