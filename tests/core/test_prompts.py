"""What a user's message is beside its words."""

from __future__ import annotations

import pytest

from trio_agent.core.media_types import MAX_IMAGE_BYTES, media_type_of
from trio_agent.core.message import Message
from trio_agent.core.prompts import (
    AttachedFile,
    but_withdrawn,
    files_of,
    is_queued,
    prompt_display,
    told_of,
    withdrawn_display,
)
from trio_agent.core.transcript import ImageRef, UserTurn, transcript

PNG = AttachedFile(blob="a" * 64, name="shot.png", media_type="image/png", size=1200)
TEXT = AttachedFile(blob="b" * 64, name="log.txt", media_type="text/plain", size=5, text="hello")
OTHER = AttachedFile(blob="c" * 64, name="core.bin", media_type="application/octet-stream", size=3_000_000)

KINDS: dict[str, tuple[bytes, str]] = {
    "png": (b"\x89PNG\r\n\x1a\n....", "image/png"),
    "jpeg": (b"\xff\xd8\xff\xe0....", "image/jpeg"),
    "gif": (b"GIF89a....", "image/gif"),
    "webp": (b"RIFF\0\0\0\0WEBPVP8 ", "image/webp"),
    "a RIFF that is no WebP": (b"RIFF\0\0\0\0WAVEfmt ", "application/octet-stream"),
    "pdf": (b"%PDF-1.7\n", "application/pdf"),
    "markup": (b"<svg onload=alert(1)>", "text/plain"),
    "text": ("grüße".encode(), "text/plain"),
    "latin-1": ("grüße".encode("latin-1"), "application/octet-stream"),
    "a NUL": (b"a\0b", "application/octet-stream"),
}


@pytest.mark.parametrize(("data", "media_type"), KINDS.values(), ids=KINDS)
def test_what_a_file_is_its_bytes_say(data: bytes, media_type: str) -> None:
    assert media_type_of(data) == media_type


def test_words_alone_have_no_display() -> None:
    assert prompt_display([], queued=False) is None


def test_files_and_the_wish_to_wait_are_read_back_from_the_display() -> None:
    message = Message(type="user", display=prompt_display([PNG, TEXT, OTHER], queued=True))
    assert (files_of(message), is_queued(message)) == ((PNG, TEXT, OTHER), True)
    assert not is_queued(Message(type="user", display=prompt_display([PNG], queued=False)))


def test_a_display_that_was_tampered_with_shows_no_files() -> None:
    message = Message(type="user", display={"kind": "prompt", "files": [{"blob": 1}]})
    assert files_of(message) == ()


def test_the_model_is_shown_images_and_told_the_text_of_texts_and_the_names_of_the_rest() -> None:
    said = Message(type="user", content="look", display=prompt_display([PNG, TEXT, OTHER], queued=False))
    (turn,) = transcript([said])
    assert isinstance(turn, UserTurn)
    assert turn.images == (ImageRef(PNG.blob, "image/png"),)
    words = turn.text.split("\n\n")
    assert words[0] == "look"
    assert "shot.png (image/png, 1,200 bytes)" in words[1]
    assert "log.txt (text/plain, 5 bytes). It says:]\n```\nhello\n```" in words[2]
    assert "core.bin (application/octet-stream, 3,000,000 bytes)" in words[3]


def test_files_without_words_are_a_turn_too() -> None:
    (turn,) = transcript([Message(type="user", display=prompt_display([PNG], queued=False))])
    assert isinstance(turn, UserTurn)
    assert turn.images


def test_an_image_that_is_too_large_for_providers_is_named_and_not_shown() -> None:
    large = AttachedFile(blob="d" * 64, name="huge.png", media_type="image/png", size=MAX_IMAGE_BYTES + 1)
    (turn,) = transcript([Message(type="user", content="look", display=prompt_display([large], queued=False))])
    assert isinstance(turn, UserTurn)
    assert (turn.images, "too large to be shown" in turn.text) == ((), True)


def test_no_text_ends_the_fence_that_it_stands_in() -> None:
    told = told_of(AttachedFile(blob="e" * 64, name="a.md", media_type="text/plain", size=9, text="```\nx\n````"))
    opening, *_, closing = [line for line in told.splitlines() if set(line) == {"`"} and len(line) > 4]
    assert (opening, closing) == ("`````", "`````")


def test_what_was_taken_back_is_left_out_and_the_word_about_it_stays() -> None:
    said = [Message(type="user", content=text, idx=idx) for idx, text in enumerate(["keep", "drop"])]
    gone = Message(type="auto", idx=2, display=withdrawn_display(1))
    assert but_withdrawn([*said, gone]) == [said[0], gone]


def test_nobody_but_the_program_itself_can_take_a_message_back() -> None:
    said = Message(type="user", idx=0, content="keep")
    other = Message(type="tool", idx=1, display=withdrawn_display(0))
    answer = Message(type="agent", idx=2)
    assert but_withdrawn([said, other, answer, Message(type="auto", idx=3, display=withdrawn_display(2))])[:3] == [
        said,
        other,
        answer,
    ]
