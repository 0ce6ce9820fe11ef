"""Store files, damaged at random, and what opening them gives: the whole, a refusal, or something that must never be.

A store is left behind in one of two ways: closed, in one file, or by a process that was killed, with its WAL and the WAL's
index beside it. One of the files is then changed in one of the ways in which disks fail.
"""

from __future__ import annotations

import random
import shutil
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import trio

from trio_agent.core.errors import StoreError
from trio_agent.core.message import Message
from trio_agent.runtime.log import open_log
from trio_agent.runtime.signal import Signal
from trio_agent.runtime.writer import Writer
from trio_agent.seams import SessionRecord, Store
from trio_agent.stores.sqlite import open_sqlite

LOGS = ("aaaaaaaaaaaaaaaa", "bbbbbbbbbbbbbbbb", "cccccccccccccccc")
SECTOR = 512

Content = dict[str, tuple[SessionRecord, list[Message]]]
"""By session id: its record and its messages."""


async def make_stores(folder: Path) -> Content:
    """Put a store that was closed into `folder`/closed and one that was killed into `folder`/killed; gives what both hold."""
    path = folder / "making" / "agent.db"
    for beginning in (True, False):
        async with open_sqlite(path) as store:
            content = await _write(store, beginning)
            if not beginning:
                shutil.copytree(path.parent, folder / "killed")
    shutil.copytree(path.parent, folder / "closed")
    return content


async def _write(store: Store, beginning: bool) -> Content:
    writer = Writer(store)
    for number, log in enumerate(LOGS):
        if beginning:
            title, notes = f"Session {number}", {"workspace": f"/srv/workspaces/{number}"}
            created = f"2026-11-2{number}T00:00:00.000000Z"
            await store.save(
                SessionRecord(session_id=f"s{number}", log=log, created=created, title=title, notes=notes, project="/p")
            )
        event_log, _ = await open_log(log, store, writer, lambda: 1_800_000_000.0, Signal())
        for each in range(10):
            text = f"message {each} of {log}: " + "lorem ipsum " * (9 * each + 1)
            await event_log.append(
                [Message(type="user", content=text)], key=f"key-{log}-{each:04}-{beginning}", digest="d" * 64
            )
    return await _read(store)


async def _read(store: Store) -> Content:
    writer = Writer(store)
    content: Content = {}
    for record in await store.sessions():
        _, messages = await open_log(record.log, store, writer, lambda: 0.0, Signal())
        content[record.session_id] = record, messages
    return content


def flip_bit(data: bytearray, chance: random.Random) -> None:
    data[chance.randrange(len(data))] ^= 1 << chance.randrange(8)


def change_byte(data: bytearray, chance: random.Random) -> None:
    data[chance.randrange(len(data))] = chance.randrange(256)


def change_letter(data: bytearray, chance: random.Random) -> None:
    """What no parser would notice."""
    letters = [at for at, byte in enumerate(data) if chr(byte) in "abcdefghijklmnopqrstuvwxyz0123456789"]
    if letters:
        data[chance.choice(letters)] = ord(chance.choice("abcdefghij"))


def scribble(data: bytearray, chance: random.Random) -> None:
    start = chance.randrange(len(data))
    size = min(chance.randint(2, 4096), len(data) - start)
    data[start : start + size] = chance.randbytes(size)


def lose_sectors(data: bytearray, chance: random.Random) -> None:
    start = chance.randrange(0, len(data), SECTOR)
    size = min(SECTOR * chance.randint(1, 16), len(data) - start)
    data[start : start + size] = bytes(size)


def cut(data: bytearray, chance: random.Random) -> None:
    del data[chance.randrange(len(data)) :]


def cut_at_page(data: bytearray, chance: random.Random) -> None:
    del data[chance.randrange(0, len(data), 4096) :]


DAMAGES: tuple[Callable[[bytearray, random.Random], None], ...] = (
    *(flip_bit, change_byte, change_letter, scribble, lose_sectors, cut, cut_at_page),
)


async def outcome(source: Path, content: Content, number: int, scratch: Path) -> str:
    """Damage a copy of one of the stores in `source` by the chances of `number`, open it, and say what came of it.

    "whole" and "refused" are as it should be. Raises AssertionError for anything else.
    """
    chance = random.Random(number)
    left = chance.choice(("closed", "killed"))
    shutil.copytree(source / left, scratch)
    try:
        names = ["agent.db"] if left == "closed" else ["agent.db", "agent.db-wal"]
        victim = scratch / chance.choice(names)
        damage = chance.choice(DAMAGES)
        data = bytearray(victim.read_bytes())
        damage(data, chance)
        victim.write_bytes(data)
        try:
            async with open_sqlite(scratch / "agent.db") as store:
                found = await _read(store)
        except StoreError as refusal:
            return "refused" if "\n" not in str(refusal) else "refused in many words"
        assert found == content, (
            f"case {number}: {left}, {damage.__name__} in {victim.name}: {_difference(content, found)}"
        )
        return "whole"
    finally:
        shutil.rmtree(scratch)


def _difference(content: Content, found: Content) -> str:
    counts = {session_id: len(messages) for session_id, (_, messages) in found.items()}
    return f"{counts} messages instead of { {name: len(messages) for name, (_, messages) in content.items()} }"


async def outcomes(folder: Path, numbers: range) -> Counter[str]:
    """Count what becomes of the cases `numbers`. `folder` is empty."""
    content = await make_stores(folder)
    counts: Counter[str] = Counter()
    for number in numbers:
        counts[await outcome(folder, content, number, folder / "scratch")] += 1
        await trio.lowlevel.checkpoint()
    return counts
