"""CommonMark with tables, and what else models write: bare addresses, lists to tick off. What it says of addresses is true.

Rules: an address that stands as text is shown as it is written, its host as the network knows it, for letters of other scripts
look like ours (UTS 39). An image is a link to it, for loading it would carry data out. Characters that turn or hide a text are
told (`visible.py`). The host of a link is shown by the page, from the browser's own reading of the address.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence

from markdown_it import MarkdownIt
from markdown_it.common.normalize_url import normalizeLink
from markdown_it.rules_core import StateCore
from markdown_it.rules_inline import StateInline
from markdown_it.token import Token

from trio_agent.web.visible import visible_code, visible_prose

_HOSTED = re.compile(r"(https?://)([^/?#\\]*)(.*)", re.IGNORECASE | re.DOTALL)
_SCHEME = re.compile(r"(?:^|[^a-z0-9])(https?)$", re.IGNORECASE)
_SCHEME_CHARS = 6  # of `https`, and the one before it
# No brackets but around an IPv6 host: they end the text of a link. No backtick and no pipe: they end code and a cell. No full
# stop of those who write without blanks.
_BARE = re.compile(
    r"://(?:\[[0-9a-f:.]+\]|[^\W_])[^\s<>\"`|\[\]\u3000-\u303f\uff01-\uff0f\uff1a-\uff20]*", re.IGNORECASE
)
_AFTER = frozenset("?!.,:;*_~'’”»")  # what a sentence has after an address
_BOX = re.compile(r"\[([ xX])\](?=\s)")
# Their first letter says on which side they begin, too. What holds only lines does so by style.
_SIDED = frozenset({"bullet_list_open", "ordered_list_open", "blockquote_open", "table_open"})


class Markdown(MarkdownIt):
    """`render` gives HTML that is still to be sanitised: classes `image` on what was one, `task` on items with a box."""

    def __init__(self, highlight: Callable[[str, str, str], str]) -> None:
        super().__init__("commonmark", {"html": False, "highlight": highlight})
        self.enable(["table", "strikethrough"])
        self.inline.ruler.before("escape", "bare", _bare)
        self.core.ruler.push("shown", _shown)

    def normalizeLinkText(self, url: str) -> str:
        match = _HOSTED.match(url)
        if match is None or match[2].isascii():
            return url
        # A scheme in capitals would not be known as one whose host is to be spelt out.
        ascii_url = _HOSTED.match(normalizeLink(match[1].lower() + url[match.end(1) :]))
        return f"{match[1]}{ascii_url[2]}{match[3]}" if ascii_url else normalizeLink(url)


def _bare(state: StateInline, silent: bool) -> bool:
    """An address in the text, without brackets."""
    if state.src[state.pos] != ":" or state.linkLevel > 0 or silent:
        return False
    scheme = _SCHEME.search(state.pending[-_SCHEME_CHARS:])
    rest = _BARE.match(state.src, state.pos, state.posMax) if scheme else None
    if scheme is None or rest is None:
        return False
    url = scheme[1] + _without_sentence(rest[0])
    state.pending = state.pending[: -len(scheme[1])]
    state.push("link_open", "a", 1).attrs = {"href": state.md.normalizeLink(url)}
    state.push("text", "", 0).content = state.md.normalizeLinkText(url)
    state.push("link_close", "a", -1)
    state.pos += len(url) - len(scheme[1])
    return True


def _without_sentence(url: str) -> str:
    unopened = url.count(")") - url.count("(")
    end = len(url)
    while url[end - 1] in _AFTER or (url[end - 1] == ")" and unopened > 0):
        unopened -= url[end - 1] == ")"
        end -= 1
    return url[:end]


def _shown(state: StateCore) -> None:
    tokens = state.tokens
    for number, token in enumerate(tokens):
        # A column's side as an attribute: as a style it would not get through.
        if style := str(token.attrs.pop("style", "")):
            token.attrs["align"] = style.removeprefix("text-align:")
        if token.type in _SIDED:
            token.attrs["dir"] = "auto"
        elif token.type in ("fence", "code_block"):
            token.content = visible_code(token.content)
        elif token.type == "inline" and token.children:
            if number >= 2 and tokens[number - 2].type == "list_item_open":
                _tick(tokens[number - 2], token.children[0])
            token.children = list(_inline(token.children))


def _tick(item: Token, first: Token) -> None:
    """A box to be ticked off, where the item begins with one."""
    if first.type == "text" and (box := _BOX.match(first.content)):
        item.attrs["class"] = "task"
        first.content = ("☐" if box[1] == " " else "☑") + first.content[box.end() :]


def _inline(tokens: Sequence[Token]) -> Iterator[Token]:
    links = 0
    for token in tokens:
        links += token.nesting if token.type.startswith("link_") else 0
        if token.type == "image":
            yield from _image(token, is_linked=links > 0)
            continue
        if token.type == "link_open":
            # It would stand where the page tells the address.
            token.attrs.pop("title", None)
        elif token.type == "code_inline":
            token.content = visible_code(token.content)
        else:
            token.content = visible_prose(token.content)
        yield token


def _image(image: Token, *, is_linked: bool) -> Iterator[Token]:
    source = str(image.attrs.get("src", ""))
    text = Token("text", "", 0)
    text.content = visible_prose(_words(image.children or []))
    if is_linked or not _HOSTED.match(source):
        kind = re.match(r"data:[\w/.+-]*", source)
        yield Token("image_open", "span", 1, {"class": "image", "title": kind[0] if kind else source})
        yield text
        yield Token("image_close", "span", -1)
    else:
        yield Token("link_open", "a", 1, {"class": "image", "href": source})
        yield text
        yield Token("link_close", "a", -1)


def _words(tokens: Sequence[Token]) -> str:
    return "".join(
        _words(token.children or []) if token.type == "image" else " " if token.tag == "br" else token.content
        for token in tokens
    )
