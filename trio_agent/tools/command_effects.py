"""Where the words of a simple command say that it writes. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from trio_agent.tools.command_options import read_options
from trio_agent.tools.writing_programs import ALL, LAST, PERL, REST, SED, TAR, WRITING, Writing


def written_paths(name: str, arguments: Sequence[str]) -> list[str]:
    """The paths that the program `name` writes to, as they are named."""
    if name == "dd":
        return [each.removeprefix("of=") for each in arguments if each.startswith("of=")]
    if name == "tar":
        return _written_by_tar(arguments)
    if name in ("sed", "perl"):
        return _written_in_place(arguments, SED if name == "sed" else PERL)
    verb = next((each for each in arguments if not each.startswith("-")), "")
    writing = WRITING.get(f"{name} {verb}") or WRITING.get(name)
    if writing is None:
        return []
    plain, options = _read(arguments, writing)
    given = {option for option, _ in options}
    if given & writing.unless:
        return []
    written = [value for option, value in options if _is_into(option, writing) and value]
    if writing.paths == LAST:
        if name == "install" and given & {"-d", "--directory"}:
            return plain
        # Where it names its directory, and for `ln -s ../x`, the last word is a source; one with a host is of another machine.
        return written or [each for each in plain[1:][-1:] if ":" not in each]
    return written + plain[writing.paths]


def _read(arguments: Sequence[str], writing: Writing) -> tuple[list[str], list[tuple[str, str]]]:
    return read_options(arguments, writing.into | writing.takes)


def _is_into(option: str, writing: Writing) -> bool:
    return option in writing.into or f"{option}=" in writing.into


def _written_by_tar(arguments: Sequence[str]) -> list[str]:
    """`tar xf FILE` goes without a dash. A new archive is written, and where one is unpacked."""
    if arguments and not arguments[0].startswith("-"):
        arguments = [f"-{arguments[0]}", *arguments[1:]]
    _, options = _read(arguments, TAR)
    given = {option for option, _ in options}
    if given & {"-x", "--extract", "--get"}:
        written = {"-C", "--directory", "--one-top-level"}
    elif given & {"-c", "-r", "-u", "-A", "--create", "--append", "--update", "--concatenate", "--delete"}:
        written = {"-f", "--file"}
    else:
        return []
    return [value for option, value in options if option in written]


def _written_in_place(arguments: Sequence[str], editor: Writing) -> list[str]:
    plain, options = _read(arguments, editor)
    given = {option for option, _ in options}
    if not given & {"-i", "--in-place"}:
        return []
    return plain[ALL if given & editor.takes else REST]
