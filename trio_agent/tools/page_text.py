"""An HTML page as text: headings, lists, links and paragraphs, without what is for browsers only.

The page is hostile. So a parser of browsers' own rules first makes it whole and small (nh3), and only that is read here. One
that is made for it (400,000 nested elements) takes minutes: so this is a program, too, which reads the page from its standard
input, and can be killed.
"""

from __future__ import annotations

import re
import sys
from html.parser import HTMLParser
from urllib.parse import urljoin

import nh3

_HEADINGS = {f"h{level}": "#" * level + " " for level in range(1, 7)}
_BLOCKS = frozenset(
    {
        *(
            "title",
            "p",
            "div",
            "section",
            "article",
            "main",
            "header",
            "footer",
            "nav",
            "aside",
            "table",
            "tr",
            "ul",
            "ol",
        ),
        *(
            "dl",
            "dt",
            "dd",
            "blockquote",
            "pre",
            "figure",
            "figcaption",
            "form",
            "fieldset",
            "details",
            "summary",
            "br",
            "hr",
        ),
        *_HEADINGS,
    }
)
_KEPT = {*_BLOCKS, "li", "a", "td", "th", "code"}
_DROPPED = {"script", "style", "noscript", "template", "svg", "math", "iframe", "object", "select", "textarea"}
_BLANKS = re.compile(r"[ \t\r\n\f]+")
_SPACE_BEFORE_END = re.compile(r"(?<![ \t])[ \t]+\n")
_GAPS = re.compile(r"\n{3,}")


def page_text(html: str, base: str) -> str:
    """The text of `html`, whose links are relative to `base`."""
    reader = _Reader(base)
    reader.feed(nh3.clean(html, tags=_KEPT, clean_content_tags=_DROPPED, attributes={"a": {"href"}}, link_rel=None))
    reader.close()
    return reader.text()


class _Reader(HTMLParser):
    def __init__(self, base: str) -> None:
        super().__init__(convert_charrefs=True)
        self._base = base
        self._parts: list[str] = []
        self._pre = 0
        self._href = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in _BLOCKS or tag == "li":
            self._parts.append("\n\n" if tag in _HEADINGS else "\n")
        if tag in _HEADINGS:
            self._parts.append(_HEADINGS[tag])
        elif tag == "li":
            self._parts.append("- ")
        elif tag == "pre":
            self._pre += 1
        elif tag in ("td", "th"):
            self._parts.append(" | ")
        elif tag == "a":
            self._href = self._link(dict(attrs).get("href") or "")
            self._parts.append("[" if self._href else "")

    def handle_endtag(self, tag: str) -> None:
        if tag == "pre":
            self._pre -= 1
        if tag == "a" and self._href:
            self._parts.append(f"]({self._href})")
            self._href = ""
        if tag in _BLOCKS and tag != "br":
            self._parts.append("\n")

    def handle_data(self, data: str) -> None:
        if not self._pre:
            data = _BLANKS.sub(" ", data)
            if not self._parts or self._parts[-1].endswith(("\n", " ")):
                data = data.removeprefix(" ")
        self._parts.append(data)

    def _link(self, href: str) -> str:
        """Where a link leads, in full; empty for one within the page."""
        try:
            target = urljoin(self._base, href)
        except ValueError:
            return ""
        return target if href and not href.startswith("#") and target.startswith(("http:", "https:")) else ""

    def text(self) -> str:
        return _GAPS.sub("\n\n", _SPACE_BEFORE_END.sub("\n", "".join(self._parts))).strip()


if __name__ == "__main__":
    sys.stdout.buffer.write(page_text(sys.stdin.buffer.read().decode("utf-8", "replace"), sys.argv[1]).encode())
