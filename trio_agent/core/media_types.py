"""What bytes are, by their own word and never by anybody's about them."""

from __future__ import annotations

IMAGE_TYPES = frozenset({"image/png", "image/jpeg", "image/gif", "image/webp"})
"""What models can look at. An image of another kind is for people only."""

MAX_IMAGE_BYTES = 3_500_000
"""Of an image that a model is shown. Larger ones are refused by providers: 5 MB is the least that one of them takes, of
base64, which is a third longer."""

TEXT_TYPE = "text/plain"
OTHER_TYPE = "application/octet-stream"


def image_type(head: bytes) -> str:
    """The media type of an image of a kind that models look at, by its first bytes; empty for everything else."""
    if head.startswith(b"\x89PNG\r\n\x1a\n"):
        return "image/png"
    if head.startswith(b"\xff\xd8\xff"):
        return "image/jpeg"
    if head.startswith((b"GIF87a", b"GIF89a")):
        return "image/gif"
    return "image/webp" if head[:4] == b"RIFF" and head[8:12] == b"WEBP" else ""


def media_type_of(data: bytes) -> str:
    """That of the whole `data`: an image, a text in UTF-8, or something else."""
    if image := image_type(data[:12]):
        return image
    if data.startswith(b"%PDF-"):
        return "application/pdf"
    if b"\0" in data:
        return OTHER_TYPE
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        return OTHER_TYPE
    return TEXT_TYPE
