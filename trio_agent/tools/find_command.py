"""What a `find` command line runs, and where it writes. Pure."""

from __future__ import annotations

import posixpath
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from trio_agent.tools.program_kinds import READERS

_RUNS = ("-exec", "-ok", "-execdir", "-okdir")
_PRINTS = ("-fprint", "-fprint0", "-fprintf", "-fls")


@dataclass(frozen=True, slots=True)
class FindCommand:
    """Where it searches; the commands that it runs, in words, `{}` for what was found; and the paths that it writes to."""

    roots: tuple[str, ...]
    runs: tuple[tuple[str, ...], ...]
    written: tuple[str, ...]


def read_find(arguments: Sequence[str]) -> FindCommand:
    """What `find` does with `arguments`. What it runs and is not known only to read may write wherever the search goes."""
    roots = _roots(arguments)
    runs: list[tuple[str, ...]] = []
    written = [file for option, file in pairwise(arguments) if option in _PRINTS]
    if "-delete" in arguments:
        written += roots
    at = 0
    while at < len(arguments):
        at += 1
        if arguments[at - 1] in _RUNS and (command := _until_end(arguments[at:])):
            at += len(command)
            runs.append(tuple(command))
            if not only_reads(command):
                written += roots
    return FindCommand(tuple(roots), tuple(runs), tuple(written))


def only_reads(command: Sequence[str]) -> bool:
    """Whether it is known that `command` writes nothing but what it prints, or, where it copies, to where it says."""
    name, arguments = posixpath.basename(command[0]), command[1:]
    if name == "sed":
        return not any(each.startswith(("-i", "-ni", "-Ei", "-ri", "--in-place")) for each in arguments)
    if name == "cp":
        return "{}" not in arguments[-1:] and not any(each.startswith("{}") for each in arguments[-1:])
    return name in READERS


def _roots(arguments: Sequence[str]) -> list[str]:
    rest = list(arguments)
    while rest and (rest[0] in ("-H", "-L", "-P", "-D") or rest[0].startswith("-O")):
        del rest[: 2 if rest[0] == "-D" else 1]
    until = next((at for at, each in enumerate(rest) if each.startswith("-") or each in ("(", "!", ",")), len(rest))
    return rest[:until]


def _until_end(arguments: Sequence[str]) -> list[str]:
    words: list[str] = []
    for each in arguments:
        if each == ";" or (each == "+" and words[-1:] == ["{}"]):
            break
        words.append(each)
    return words
