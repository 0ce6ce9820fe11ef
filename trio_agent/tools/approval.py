"""Which commands a user who asked to be asked (`--ask`) is asked about. Pure.

A help against accidents, and no wall: the command line is read, not run, so what a script does, what a variable holds and
what an interpreter is given are not seen. What cannot be escaped is the sandbox's business.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

from trio_agent.tools.command_effects import uploads, written_paths
from trio_agent.tools.command_line import OPERATORS, fed_scripts, substitutions, tokens, without_heredocs
from trio_agent.tools.hidden_names import HiddenNames
from trio_agent.tools.program_kinds import (
    COPIES,
    GIT_WITH_VALUE,
    KEYWORDS,
    NETWORK,
    OF_SERVERS,
    OTHER_USERS,
    PUBLISHERS,
    SHELLS,
    WRAPPERS,
)

_ASSIGNMENT = re.compile(r"[A-Za-z_]\w*\+?=")
_ELSEWHERE = re.compile(r"~|\$(?:HOME|OLDPWD)\b|\$\{(?:HOME|OLDPWD)\}")
_HARMLESS = re.compile(r"/tmp(?:/|\Z)|/dev/(?:null|zero|full|tty|std(?:in|out|err)|fd/\d+)\Z")
_HOST = re.compile(r"(?:[^/:]+:|(?:scp|rsync|sftp)://)")


def wants_approval(command: str, workspace: str, *, network: bool = True, hidden: HiddenNames | None = None) -> str:
    """What `command` does that its user should be asked about ("pushes commits"); empty where it does nothing of the kind.

    `workspace` is its directory, absolute. Without `network`, to try and reach it is a reason too, and so is to name something
    `hidden`.
    """
    return next(_Reading(workspace, network, hidden or HiddenNames((), workspace)).reasons(command), "")


@dataclass(slots=True)
class _Reading:
    """A command line as it is read. `cd` leads from one command to the next."""

    workspace: str
    network: bool
    hidden: HiddenNames
    directory: str = ""

    def __post_init__(self) -> None:
        self.directory = self.directory or self.workspace

    def reasons(self, command: str, depth: int = 0) -> Iterator[str]:
        if depth > 8:
            yield "is nested too deeply to be read"
            return
        line = without_heredocs(command)
        if named := self.hidden.in_text(line):
            yield _reaches(named)
        try:
            words_and_operators = tokens(line)
        except ValueError:
            yield "cannot be read: its quotes do not match"
            return
        for script in fed_scripts(command):
            yield from self.reasons(script, depth + 1)
        for token in words_and_operators:
            for inner in substitutions(token):
                yield from self.reasons(inner, depth + 1)
        yield from self._commands(words_and_operators, depth)

    def _commands(self, tokens: Sequence[str], depth: int) -> Iterator[str]:
        words: list[str] = []
        piped = False
        at = 0
        while at < len(tokens):
            token = tokens[at]
            at += 1
            if not token or not set(token) <= set(OPERATORS):
                words.append(token)
                continue
            if ">" in token and at < len(tokens) and set(token) <= set("<>&|"):
                target = tokens[at]
                at += 1
                yield from self._hidden([target])
                # `2>&1` and `>&-` name a descriptor.
                if not (token.endswith("&") and re.fullmatch(r"\d+|-", target)) and self._is_outside(target):
                    yield f"writes to {target}"
                continue
            if "<" in token and set(token) <= set("<"):
                yield from self._hidden(tokens[at : at + 1])
                at += 1
                continue
            yield from self._simple(words, piped, depth)
            words, piped = [], token == "|" or token == "|&"
        yield from self._simple(words, piped, depth)

    def _simple(self, words: Sequence[str], piped: bool, depth: int) -> Iterator[str]:
        yield from self._hidden(words)
        words = list(words)
        while words and (words[0] in KEYWORDS or _ASSIGNMENT.match(words[0])):
            del words[0]
        if not words:
            return
        name, arguments = posixpath.basename(words[0]), words[1:]
        plain = [each for each in arguments if not each.startswith("-")]
        if name in OTHER_USERS:
            yield f"acts as another user ({name})"
        elif name in WRAPPERS:
            yield from self._wrapped(arguments, piped, depth)
        elif name in SHELLS or name in ("eval", "source", "."):
            yield from self._shell(name, arguments, plain, piped, depth)
        elif name == "git":
            yield from self._git(arguments, depth)
        elif name in OF_SERVERS:
            yield f"acts on a server ({name})"
        elif any(verb in plain for verb in PUBLISHERS.get(name, ())):
            yield f"publishes ({name} {plain[0]})"
        elif name in COPIES and any(map(_HOST.match, plain)):
            yield f"sends to another machine, or takes from it ({name})"
        elif name in ("curl", "wget") and uploads(name, arguments):
            yield f"sends to a server ({name})"
        elif name == "trap" and plain:
            yield from self.reasons(plain[0], depth + 1)
        elif name in ("cd", "pushd"):
            yield from self._cd(plain)
        if name in NETWORK and not self.network:
            yield f"wants the network ({name}), which commands have not"
        yield from self._writes(name, arguments, plain)
        if name == "find":
            for at, each in enumerate(arguments):
                if each in ("-exec", "-execdir", "-ok"):
                    yield from self._simple(arguments[at + 1 :], False, depth)

    def _hidden(self, words: Sequence[str]) -> Iterator[str]:
        for word in words:
            if named := self.hidden.reached(word, self.directory):
                yield _reaches(named)

    def _wrapped(self, arguments: Sequence[str], piped: bool, depth: int) -> Iterator[str]:
        """`timeout -k 5 10 git push`: whatever is left of it when one more word is taken off may be the command."""
        for at, each in enumerate(arguments[:8]):
            # `env -S "git push"`, `watch "git push"`: a whole command line in one word.
            if " " in (line := re.sub(r"\A(?:-S|--split-string=|--command=)", "", each).strip()):
                yield from self.reasons(line, depth + 1)
            if not each.startswith("-") and not _ASSIGNMENT.match(each):
                yield from self._simple(arguments[at:], piped, depth)

    def _shell(
        self, name: str, arguments: Sequence[str], plain: Sequence[str], piped: bool, depth: int
    ) -> Iterator[str]:
        if name == "eval":
            yield from self.reasons(" ".join(arguments), depth + 1)
            return
        for at, each in enumerate(arguments[:-1]):
            if re.fullmatch(r"-[a-z]*c[a-z]*", each):
                yield from self.reasons(arguments[at + 1], depth + 1)
                return
        if piped and not plain:
            yield f"runs what another command prints ({name})"

    def _git(self, arguments: Sequence[str], depth: int) -> Iterator[str]:
        rest = list(arguments)
        while rest and rest[0].startswith("-"):
            del rest[: 2 if rest[0] in GIT_WITH_VALUE else 1]
        match rest:
            case ["push" | "send-pack" | "send-email", *_]:
                yield "pushes commits" if rest[0] != "send-email" else "sends mail"
            case ["svn", "dcommit", *_] | ["lfs" | "annex", "push" | "sync" | "copy", *_] | ["p4", "submit", *_]:
                yield "pushes commits"
            case ["submodule", *options] if "foreach" in options:
                command = options[options.index("foreach") + 1 :]
                yield from self.reasons(" ".join(each for each in command if each != "--recursive"), depth + 1)
            case ["remote", "add" | "set-url", *_]:
                yield "changes where commits are pushed to"
            case ["config", *options] if {"--global", "--system"} & set(options):
                yield "changes git's settings outside of the workspace"
            case ["clone" | "init" | "worktree" | "archive" | "bundle", *others]:
                if outside := next(filter(self._is_outside, others), ""):
                    yield f"writes to {outside}"

    def _cd(self, plain: Sequence[str]) -> Iterator[str]:
        target = plain[0] if plain else "~"
        if self._is_outside(target):
            yield f"leaves the workspace for {target}"
        elif "$" not in target:
            self.directory = posixpath.normpath(posixpath.join(self.directory, target))

    def _writes(self, name: str, arguments: Sequence[str], plain: Sequence[str]) -> Iterator[str]:
        if outside := next(filter(self._is_outside, written_paths(name, arguments, plain)), ""):
            yield f"writes to {outside}"

    def _is_outside(self, path: str) -> bool:
        """Whether it leads out of the workspace, as far as it can be read."""
        if _ELSEWHERE.match(path):
            return True
        if "$" in path and not path.startswith("/"):
            return False
        whole = posixpath.normpath(posixpath.join(self.directory, path))
        return not _HARMLESS.match(whole) and not PurePosixPath(whole).is_relative_to(self.workspace)


def _reaches(hidden: str) -> str:
    return f"reaches for {hidden}, where credentials are or this program's own data"
