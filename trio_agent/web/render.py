"""Markdown to HTML that is safe to show: rendered, highlighted and sanitised here, so that the page needs none of it."""

from __future__ import annotations

import re
from functools import lru_cache
from html import escape

import nh3
from markdown_it import MarkdownIt
from markdown_it.rules_core import StateCore
from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexers import get_lexer_by_name
from pygments.util import ClassNotFound

MAX_RENDERED_CHARS = 100_000  # this takes up to four seconds where somebody means harm; beyond it text stays plain

_ATTRIBUTES = {**nh3.ALLOWED_ATTRIBUTES, "span": {"class"}, "code": {"class"}, "pre": {"class"}, "div": {"class"}}
# Images would be loaded from wherever a model, or what it has read, says: an address can carry data out.
_TAGS = nh3.ALLOWED_TAGS - {"img"}
_formatter = HtmlFormatter(nowrap=True)


def _highlight(code: str, language: str, _attributes: str) -> str:
    try:
        lexer = get_lexer_by_name(language)
    except ClassNotFound:
        return ""
    return str(highlight(code, lexer, _formatter))


def _align(state: StateCore) -> None:
    """A column's side as an attribute: as a style it would not get through."""
    for token in state.tokens:
        if style := str(token.attrs.pop("style", "")):
            token.attrs["align"] = style.removeprefix("text-align:")


_markdown = MarkdownIt("commonmark", {"html": False, "highlight": _highlight}).enable(["table", "strikethrough"])
_markdown.core.ruler.push("align", _align)
# What a terminal would obey, and a page shows as boxes: OSC, CSI, two-character sequences, other controls but tab and LF.
_CONTROLS = re.compile(
    r"\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)?|(?:\x1b\[|\x9b)[0-?]*[ -/]*[@-~]?|\x1b[ -~]?|[\x00-\x08\x0b-\x1f\x7f-\x9f]"
)


@lru_cache(maxsize=64)
def render(text: str) -> str:
    """`text`, CommonMark with tables, as sanitised HTML without scripts, styles or remote images. May take seconds."""
    text = _CONTROLS.sub("", text.replace("\r\n", "\n"))
    rendered = _markdown.render(text) if len(text) <= MAX_RENDERED_CHARS else f"<pre>{escape(text)}</pre>"
    return nh3.clean(rendered, tags=_TAGS, attributes=_ATTRIBUTES, link_rel="noopener noreferrer nofollow")
