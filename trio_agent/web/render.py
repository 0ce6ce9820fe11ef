"""Markdown to HTML that is safe to show: rendered, highlighted and sanitised here, so that the page needs none of it."""

from __future__ import annotations

import re
from functools import lru_cache
from html import escape

import nh3
from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexers import get_lexer_by_name
from pygments.util import ClassNotFound

from trio_agent.web.markdown import Markdown
from trio_agent.web.visible import visible_prose

MAX_RENDERED_CHARS = 100_000  # this takes up to four seconds where somebody means harm; beyond it text stays plain

_ATTRIBUTES = nh3.ALLOWED_ATTRIBUTES | {
    **{tag: nh3.ALLOWED_ATTRIBUTES.get(tag, set()) | {"class"} for tag in ("a", "span", "code", "pre", "div", "li")},
    **{tag: nh3.ALLOWED_ATTRIBUTES.get(tag, set()) | {"dir"} for tag in ("ul", "ol", "blockquote", "table")},
}
# Images would be loaded from wherever a model, or what it has read, says: an address can carry data out.
_TAGS = nh3.ALLOWED_TAGS - {"img"}
_formatter = HtmlFormatter(nowrap=True)


def _highlight(code: str, language: str, _attributes: str) -> str:
    try:
        lexer = get_lexer_by_name(language)
    except ClassNotFound:
        return ""
    return str(highlight(code, lexer, _formatter))


_markdown = Markdown(_highlight)
# What a terminal would obey, and a page shows as boxes: OSC, CSI, two-character sequences, other controls but tab and LF.
_CONTROLS = re.compile(
    r"\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)?|(?:\x1b\[|\x9b)[0-?]*[ -/]*[@-~]?|\x1b[ -~]?|[\x00-\x08\x0b-\x1f\x7f-\x9f]"
)


@lru_cache(maxsize=64)
def render(text: str) -> str:
    """`text` as sanitised HTML without scripts, styles or remote images (`markdown.py`). May take seconds."""
    text = _CONTROLS.sub("", text.replace("\r\n", "\n"))
    is_long = len(text) > MAX_RENDERED_CHARS
    rendered = f'<div class="plain">{escape(visible_prose(text))}</div>' if is_long else _markdown.render(text)
    return nh3.clean(
        rendered,
        tags=_TAGS,
        attributes=_ATTRIBUTES,
        url_schemes={"http", "https", "mailto"},
        link_rel="noopener noreferrer nofollow",
    )
