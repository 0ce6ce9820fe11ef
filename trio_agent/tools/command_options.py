"""The words of a simple command, parted into its options and the rest. Pure."""

from __future__ import annotations

from collections.abc import Collection, Sequence


def read_options(arguments: Sequence[str], valued: Collection[str]) -> tuple[list[str], list[tuple[str, str]]]:
    """The words that are no options, and the options with their values, empty where they have none.

    `valued` take the rest of their word, or the next one; such as end in `=` only the rest of theirs. Short ones may share
    a word, as in `tar -xzf FILE`.
    """
    plain: list[str] = []
    options: list[tuple[str, str]] = []
    at = 0
    while at < len(arguments):
        word = arguments[at]
        at += 1
        if word == "--":
            plain += arguments[at:]
            break
        if not word.startswith("-") or word == "-":
            plain.append(word)
        elif word in valued:
            options.append((word, "".join(arguments[at : at + 1])))
            at += 1
        elif word.startswith("--"):
            name, _, value = word.partition("=")
            options.append((name, value))
        else:
            for place, letter in enumerate(word[1:], start=2):
                glued = word[place:]
                if (name := f"-{letter}") in valued and not glued:
                    options.append((name, "".join(arguments[at : at + 1])))
                    at += 1
                elif name in valued or f"{name}=" in valued:
                    options.append((name, glued))
                    break
                else:
                    options.append((name, ""))
    return plain, options
