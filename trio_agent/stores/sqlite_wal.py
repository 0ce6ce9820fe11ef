"""What SQLite leaves out of a write-ahead log without a word, and when that was damage.

After a crash SQLite takes the frames of a WAL up to the first whose checksum is wrong, and forgets the rest: right for a
transaction that was cut short, wrong for a changed byte in the middle, which costs all that was committed behind it. Two
things tell damage from a crash:

1. The WAL's index (`-shm`) says how many frames were committed. It is written after the WAL has been synced, so it is never
   ahead of what a crash leaves, whatever became of the index itself. It carries a checksum of its own.
2. Where there is no such index: at `synchronous=FULL` each commit is synced before the next one is written, so a crash cuts
   into one transaction. Two commits behind the last frame taken were both on the disk. (Beside an index this does not
   count: a disk that fails to sync leaves commits behind that were never told of, until they are written over.)

Formats: https://www.sqlite.org/fileformat.html#walformat and https://www.sqlite.org/walformat.html (both stable).
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Literal

from trio_agent.core.errors import StoreRefused

_MAGIC = 0x377F0682  # its last bit says that checksums are of big-endian words
_WAL_HEADER_BYTES, _FRAME_HEADER_BYTES = 32, 24
_INDEX_HEADER_BYTES, _FOLDED_AT = 48, 96
_READ_VERSION_AT = 19  # in the database: 1 where it has no WAL

ByteOrder = Literal["<", ">", "="]


@dataclass(frozen=True, slots=True)
class Index:
    """What a WAL's index says: frames committed, frames folded into the database, and the salts of the WAL it is of."""

    frames: int = 0
    folded: int = 0
    salts: bytes = b""


@dataclass(frozen=True, slots=True)
class Wal:
    """A WAL file: whether its header is whole, its salts, the number of the last commit frame that SQLite takes (from 1, 0
    where it takes none), and how many commit frames stand behind it."""

    sound: bool = False
    salts: bytes = b""
    taken: int = 0
    commits_behind: int = 0


def require_all_taken(path: Path) -> None:
    """Raises StoreRefused where SQLite would take less of the WAL of the store at `path` than was committed.

    To be asked before the store is opened: opening makes the index anew, from what was taken. About 60 us a frame.
    """
    index = read_index(path)
    told = _missing(path, index, read_wal(path))
    # An index that changes meanwhile belongs to a running server, whose WAL we saw half of.
    if told and read_index(path) == index:
        raise StoreRefused(f"{path}-wal is damaged ({told}); restore a backup, or move the store away to begin anew")


def _missing(path: Path, index: Index, wal: Wal | None) -> str:
    if wal is None:
        return "it is gone" if index.frames > index.folded else ""
    with open(path, "rb") as file:
        if file.read(_READ_VERSION_AT + 1)[_READ_VERSION_AT:] == b"\1":
            return f"{path} knows nothing of it"
    if not wal.sound:
        return "its header cannot be read"
    if wal.salts == index.salts:
        return f"{wal.taken} of {index.frames} frames can be read" if index.frames > wal.taken else ""
    return f"{wal.commits_behind} commits cannot be read" if wal.commits_behind > 1 else ""


def read_index(path: Path) -> Index:
    """What the index of the store at `path` says; nothing where there is none that is whole."""
    try:
        with open(f"{path}-shm", "rb") as file:
            head = file.read(_FOLDED_AT + 4)
    except FileNotFoundError:
        return Index()
    if len(head) < _FOLDED_AT + 4:
        return Index()
    # Two copies, for a writer may die between them; either was true when it was written.
    for copy in (head[:_INDEX_HEADER_BYTES], head[_INDEX_HEADER_BYTES:_FOLDED_AT]):
        if _checksum("=", copy[:40]) == struct.unpack("=2I", copy[40:]) != (0, 0):
            (frames,) = struct.unpack_from("=I", copy, 16)
            (folded,) = struct.unpack_from("=I", head, _FOLDED_AT)
            return Index(frames, folded, copy[32:40])
    return Index()


def read_wal(path: Path) -> Wal | None:
    """What stands in the WAL of the store at `path`; None where there is no WAL, or an empty one."""
    try:
        with open(f"{path}-wal", "rb") as file:
            return _wal(file)
    except FileNotFoundError:
        return None


def _wal(file: BinaryIO) -> Wal | None:
    header = file.read(_WAL_HEADER_BYTES)
    if not header:
        return None
    if len(header) < _WAL_HEADER_BYTES:
        return Wal()
    magic, _, page_bytes = struct.unpack_from(">3I", header)
    order: ByteOrder = ">" if magic & 1 else "<"
    chain = _checksum(order, header[:24])
    if magic & ~1 != _MAGIC or chain != struct.unpack_from(">2I", header, 24):
        return Wal()
    salts, number, taken, behind, unbroken = header[16:24], 0, 0, 0, True
    while len(frame := file.read(_FRAME_HEADER_BYTES + page_bytes)) == _FRAME_HEADER_BYTES + page_bytes:
        number += 1
        ours = frame[8:16] == salts
        if unbroken:
            chain = _checksum(order, frame[:8] + frame[_FRAME_HEADER_BYTES:], chain)
            unbroken = ours and chain == struct.unpack_from(">2I", frame, 16)
        (pages_after_commit,) = struct.unpack_from(">I", frame, 4)
        if pages_after_commit and unbroken:
            taken = number
        elif pages_after_commit and ours:
            behind += 1
    return Wal(True, salts, taken, behind)


def _checksum(order: ByteOrder, data: bytes, before: tuple[int, int] = (0, 0)) -> tuple[int, int]:
    """SQLite's, of 32-bit words in that byte order, going on from `before`."""
    first, second = before
    words = struct.unpack(f"{order}{len(data) // 4}I", data)
    for even, odd in zip(words[::2], words[1::2], strict=True):
        first = (first + even + second) & 0xFFFFFFFF
        second = (second + odd + first) & 0xFFFFFFFF
    return first, second
