"""How large an image is, by its own header: what no model takes need not be sent to be refused.

Source: PNG (ISO/IEC 15948) § 11.2.2, JPEG (ITU-T T.81) § B.2.2, GIF89a § 18, WebP (RFC 9649) § 2. Nothing is decoded: that an
image has a sound header and an end is no promise that its middle is sound.
"""

from __future__ import annotations

from trio_agent.core.media_types import image_type

MAX_IMAGE_SIDE = 8000
"""Pixels, of an image that a model is shown. Anthropic refuses a whole conversation for one that is wider or higher."""

_START_OF_FRAME = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}  # these three are tables, and one that is reserved
_WITHOUT_LENGTH = frozenset({0x01, *range(0xD0, 0xD9)})


def image_problem(data: bytes) -> str:
    """Why no model is to be shown `data`, which begins like an image: a part of a sentence. Empty where one may be."""
    size = image_size(data)
    return "is broken: it has no sound header, or no end" if size is None else size_problem(size)


def size_problem(size: tuple[int, int] | None) -> str:
    """Of an image `size` pixels wide and high; None where that is not known, which is no problem yet."""
    if size is None or max(size) <= MAX_IMAGE_SIDE:
        return ""
    return f"is {size[0]} x {size[1]} pixels large, and no side may have more than {MAX_IMAGE_SIDE}"


def image_size(data: bytes) -> tuple[int, int] | None:
    """Width and height in pixels of a PNG, JPEG, GIF or WebP; None where `data` is none, or is cut off."""
    match image_type(data[:12]):
        case "image/png":
            size = _png(data)
        case "image/jpeg":
            size = _jpeg(data)
        case "image/gif":
            size = (_little(data[6:8]), _little(data[8:10])) if data.rstrip(b"\0").endswith(b";") else (0, 0)
        case "image/webp":
            size = _webp(data)
        case _:
            return None
    return size if min(size) > 0 else None


def _png(data: bytes) -> tuple[int, int]:
    if data[12:16] != b"IHDR" or b"IDAT" not in data or b"IEND" not in data:
        return 0, 0
    return int.from_bytes(data[16:20]), int.from_bytes(data[20:24])


def _jpeg(data: bytes) -> tuple[int, int]:
    at = 2
    # Each segment says how long it is, so a picture within the picture (a thumbnail) is passed over.
    while at + 9 <= len(data) and data[at] == 0xFF:
        kind = data[at + 1]
        if kind == 0xFF:
            at += 1
        elif kind in _WITHOUT_LENGTH:
            at += 2
        elif kind in _START_OF_FRAME:
            ended = b"\xff\xd9" in data[at:]
            return (int.from_bytes(data[at + 7 : at + 9]), int.from_bytes(data[at + 5 : at + 7])) if ended else (0, 0)
        else:
            at += 2 + max(2, int.from_bytes(data[at + 2 : at + 4]))
    return 0, 0


def _webp(data: bytes) -> tuple[int, int]:
    if _little(data[4:8]) + 8 > len(data):
        return 0, 0
    match data[12:16]:
        case b"VP8X":
            return _little(data[24:27]) + 1, _little(data[27:30]) + 1
        case b"VP8L" if data[20:21] == b"\x2f":
            bits = _little(data[21:25])
            return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
        case b"VP8 " if data[23:26] == b"\x9d\x01\x2a":
            return _little(data[26:28]) & 0x3FFF, _little(data[28:30]) & 0x3FFF
        case _:
            return 0, 0


def _little(data: bytes) -> int:
    return int.from_bytes(data, "little")
