"""What is looked for, and where in a text it stands."""

from __future__ import annotations

import pytest

from trio_agent.core.errors import InvalidInput
from trio_agent.core.message import Commit, Message
from trio_agent.core.search import MAX_QUERY_CHARS, SNIPPET_CHARS, fits, query_of, snippet, text_of


@pytest.mark.parametrize(
    ("looked_for", "text"),
    [
        ("token", "the Token is"),
        ("tok", "a TOKEN"),
        ("uber", "Über alles"),
        ("ÜBER", "u\u0308ber"),
        ("strasse", "Straße"),
        ("ping_to", "ping-token"),
        ("one two", "two and then one"),
        ('"quoted"', "a quoted word"),
        ("x = 1", "let x be 1"),
        ("ünï", "unit"),
    ],
)
def test_words_are_found_whatever_their_case_accents_and_ends(looked_for: str, text: str) -> None:
    assert fits(text, query_of(looked_for))


@pytest.mark.parametrize(
    ("looked_for", "text"),
    [("oken", "token"), ("ping_token", "token ping"), ("one two", "one"), ("x", ""), ("a_b", "a c b")],
)
def test_what_is_not_there_is_not_found(looked_for: str, text: str) -> None:
    assert not fits(text, query_of(looked_for))


@pytest.mark.parametrize("text", ["", "   ", "***", '""', "\0", "x" * (MAX_QUERY_CHARS + 1)])
def test_a_search_for_no_word_or_for_too_much_is_refused(text: str) -> None:
    with pytest.raises(InvalidInput):
        query_of(text)


def test_no_word_is_a_command() -> None:
    assert query_of('content:"a" OR NEAR(b*) -- ;').runs == (("content", "a"), ("or",), ("near", "b"))


def test_all_that_a_message_says_can_be_found() -> None:
    commit = Commit(hash="c0ffee12", subject="Mend it", body="because")
    message = Message(
        type="tool",
        content="said",
        thinking="thought",
        tool_name="bash",
        input='{"command":"asked"}',
        tool_result="answered",
        commits=(commit,),
    )
    text = text_of(message)
    for word in ("said", "thought", "bash", "asked", "answered", "c0ffee", "mend", "because"):
        assert fits(text, query_of(word))


def test_a_snippet_shows_the_first_hit_with_a_little_before_it() -> None:
    text = "begin " * 40 + "here is the needle,\n\n and more " + "end " * 100
    pieces = snippet(text, query_of("needle"))
    assert [piece.text for piece in pieces if piece.hit] == ["needle"]
    whole = "".join(piece.text for piece in pieces)
    assert whole.startswith("…begin ")
    assert "here is the needle, and more" in whole
    assert whole.endswith("…")
    assert len(whole) <= SNIPPET_CHARS + 2


def test_a_snippet_marks_words_of_one_run_together_and_shows_what_it_cannot_mark() -> None:
    assert [piece.text for piece in snippet("the ping-token", query_of("ping_tok")) if piece.hit] == ["ping-token"]
    assert "".join(piece.text for piece in snippet("short", query_of("else"))) == "short"
    assert snippet("", query_of("x")) == ()


def test_hits_that_overlap_are_marked_once() -> None:
    pieces = snippet("aa aa aa", query_of("aa_a a"))
    assert "".join(piece.text for piece in pieces) == "aa aa aa"
