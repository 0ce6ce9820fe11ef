"""What git ignores, by the patterns of its own files. Pure, and the standard library only.

Source: gitignore(5), and git's wildmatch for what the page leaves open. Names are text as `os.fsdecode` makes it: a `?` is one
character of it, where git counts bytes.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

_BRACKETS = re.compile(r"\[[!^]?\]?(?:\[:[a-z]+:\]|\\.|[^]\\])*\]", re.DOTALL)
_CLASSES = {
    "alnum": "a-zA-Z0-9",
    "alpha": "a-zA-Z",
    "blank": r" \t",
    "cntrl": r"\x00-\x1f\x7f",
    "digit": "0-9",
    "graph": r"\x21-\x7e",
    "lower": "a-z",
    "print": r"\x20-\x7e",
    "punct": r"!-/:-@\[-`{-~",
    "space": r" \t-\r",
    "upper": "A-Z",
    "xdigit": "0-9a-fA-F",
}
_IN_BRACKETS = re.compile(r"\[:([a-z]+):\]|\\(.)|.", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Rule:
    """One pattern. It ignores, or brings back what an earlier one ignores; of `whole` paths, or of names at any depth."""

    regex: re.Pattern[str]
    ignores: bool
    directories_only: bool
    whole: bool


@dataclass(frozen=True, slots=True)
class Rules:
    """The patterns of one file, for what is below the directory whose path has `depth` parts."""

    depth: int
    rules: Sequence[Rule]

    def ignores(self, parts: Sequence[str], is_directory: bool) -> bool | None:
        """Whether what has the path `parts` is ignored; None where these patterns do not say. The last one counts."""
        path = "/".join(parts[self.depth :])
        for rule in reversed(self.rules):
            if (is_directory or not rule.directories_only) and rule.regex.fullmatch(path if rule.whole else parts[-1]):
                return rule.ignores
        return None


def ignored(files: Sequence[Rules], parts: Sequence[str], *, is_directory: bool) -> bool:
    """Whether `files`, the weakest first, ignore what has the path `parts`.

    Of what is in an ignored directory nobody asks: nothing in there can be brought back.
    """
    for rules in reversed(files):
        answer = rules.ignores(parts, is_directory)
        if answer is not None:
            return answer
    return False


def parsed_rules(text: str) -> tuple[Rule, ...]:
    """The patterns of a file. What is no pattern matches nothing, as in git."""
    lines = text.removeprefix("\ufeff").split("\n")
    return tuple(rule for line in lines if (rule := _parsed_rule(line)) is not None)


def _parsed_rule(line: str) -> Rule | None:
    """The pattern that `line` of a `.gitignore` is, if it is one."""
    line = line.removesuffix("\r")
    kept = line.rstrip(" ")
    # A backslash keeps one blank; two are a backslash.
    if len(kept) < len(line) and (len(kept) - len(kept.rstrip("\\"))) % 2:
        kept += " "
    if not kept or kept.startswith("#"):
        return None
    ignores = not kept.startswith("!")
    pattern = kept if ignores else kept[1:]
    directories_only = pattern.endswith("/")
    pattern = pattern[:-1] if directories_only else pattern
    whole = "/" in pattern
    try:
        regex = re.compile(_regular(pattern.removeprefix("/")), re.DOTALL)
    except re.error:
        return None
    return Rule(regex, ignores, directories_only, whole)


def _regular(glob: str) -> str:
    """The regular expression of a git glob: `*` and `?` stop at a slash, `**` between slashes is any number of directories."""
    parts = []
    at = 0
    while at < len(glob):
        starts_part = at == 0 or glob[at - 1] == "/"
        if starts_part and glob.startswith("**/", at):
            parts.append("(?:.*/)?")
            at += 3
        elif starts_part and glob[at:] == "**":
            parts.append(".+")
            at += 2
        elif glob[at] == "*":
            parts.append("[^/]*")
            at += len(glob[at:]) - len(glob[at:].lstrip("*"))
        elif glob[at] == "?":
            parts.append("[^/]")
            at += 1
        elif glob[at] == "[":
            brackets = _BRACKETS.match(glob, at)
            if brackets is None:
                raise re.error("brackets without an end")
            parts.append(_bracket_expression(brackets[0][1:-1]))
            at = brackets.end()
        else:
            at += glob[at] == "\\"
            if at == len(glob):
                raise re.error("a backslash before nothing")
            parts.append(re.escape(glob[at]))
            at += 1
    return "".join(parts)


def _bracket_expression(inside: str) -> str:
    negated = inside.startswith(("!", "^"))
    inside = inside[1:] if negated else inside

    def written(found: re.Match[str]) -> str:
        if found[1]:
            if found[1] not in _CLASSES:
                raise re.error(f"no class {found[1]}")
            return _CLASSES[found[1]]
        character = found[2] or found[0]
        return character if character == "-" and not found[2] else re.escape(character)

    return f"(?!/)[{'^' * negated}{_IN_BRACKETS.sub(written, inside)}]"
