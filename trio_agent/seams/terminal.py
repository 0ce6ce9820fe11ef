"""A shell on a terminal, for the users of a session. Part of the seams."""

from __future__ import annotations

from typing import Protocol, runtime_checkable

import msgspec


class Shown(msgspec.Struct, frozen=True, kw_only=True):
    """What a terminal has to show to one viewer: `data` are raw bytes, up to `position`; `live` where they are the newest.

    `skipped`: the viewer was too slow, and `data` begins anew with the oldest that is kept. `version` is another whenever
    what follows it is: the size, `exit_status` of the shell (a signal's number negated; None while one runs), and `over`,
    where the terminal has ended: with its session, or, where it is `closed`, because somebody closed it.
    """

    data: bytes
    position: int
    live: bool
    skipped: bool
    version: int
    columns: int
    rows: int
    exit_status: int | None
    over: bool
    closed: bool = False


class Terminal(Protocol):
    """A terminal with a shell in it. It belongs to its session, and any number of viewers look at it."""

    async def follow(self, position: int, version: int) -> Shown:
        """What there is after `position`, or, where that is nothing, a version other than `version`; waits for either.

        -1 for both gives the scrollback, at once. A viewer that does not call holds nobody up.
        """
        ...

    async def write(self, data: bytes) -> None:
        """Type `data`; waits where the program takes it slowly. Where no shell runs, Enter starts one."""
        ...

    def resize(self, columns: int, rows: int) -> None:
        """The size of the last viewer who says one is everybody's."""
        ...

    def close(self, *, now: bool) -> str | None:
        """End the shell and all it runs, and then the terminal: its viewers see that it is over, and its number is free.

        Unless `now`, nothing is done where a program other than the shell has the terminal: its name, maybe empty, is given
        then, else None.
        """
        ...


@runtime_checkable
class OffersTerminals(Protocol):
    """An Attendant whose users may work in terminals beside it: an agent at work in a directory."""

    async def terminal(self, number: int) -> Terminal:
        """The terminal of this number, begun if it was not. Raises NotFound where there is none."""
        ...
