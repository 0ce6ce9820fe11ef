"""Which commands a user who asked to be asked (`--ask`) is asked about. Pure.

A help against accidents, and no wall: the command line is read, not run, so what a script does, what a variable holds and
what an interpreter is given are not seen. What cannot be escaped is the sandbox's business.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from trio_agent.tools.command_effects import written_paths
from trio_agent.tools.command_input import NOTHING, CommandInput
from trio_agent.tools.command_line import SUBSTITUTED, Token, fed_scripts, tokens, without_heredocs
from trio_agent.tools.find_command import read_find
from trio_agent.tools.git_command import read_git
from trio_agent.tools.hidden_names import HiddenNames
from trio_agent.tools.program_kinds import KEYWORDS, OTHER_USERS, READERS, RUNNERS, SHELLS, WRAPPERS
from trio_agent.tools.remote_effects import acts_elsewhere
from trio_agent.tools.remote_programs import NETWORK
from trio_agent.tools.working_directory import WorkingDirectory

_ASSIGNMENT = re.compile(r"[A-Za-z_]\w*\+?=")
_SUBSTITUTION = re.compile(r"\$\(.*\)|`.*`", re.DOTALL)


def wants_approval(command: str, workspace: str, *, network: bool = True, hidden: HiddenNames | None = None) -> str:
    """What `command` does that its user should be asked about ("pushes commits"); empty where it does nothing of the kind.

    `workspace` is its directory, absolute. Without `network`, to try and reach it is a reason too, and so is to name something
    `hidden`.
    """
    directory = WorkingDirectory(workspace, workspace, workspace)
    return next(_Reading(directory, network, hidden or HiddenNames((), workspace)).reasons(command), "")


_MAX_DEPTH = 8
"""Of commands in one another."""

_TOO_DEEP = "is nested too deeply to be read"

_NO_WORD = Token("")


@dataclass(slots=True)
class _Reading:
    """A command line as it is read. `cd` leads from one command to the next."""

    directory: WorkingDirectory
    network: bool
    hidden: HiddenNames

    def reasons(self, command: str, depth: int = 0) -> Iterator[str]:
        if depth > _MAX_DEPTH:
            yield _TOO_DEEP
            return
        line = without_heredocs(command)
        if named := self.hidden.in_text(line):
            yield _reaches(named)
        try:
            words_and_operators = tokens(line)
        except ValueError:
            yield "cannot be read: its quotes or parentheses do not match"
            return
        for script in fed_scripts(command):
            yield from self.reasons(script, depth + 1)
        before = self.directory
        yield from self._commands(words_and_operators, depth)
        # A command line within one is run by a shell of its own, whose `cd` leads nobody else.
        self.directory = before

    def _commands(self, tokens: Sequence[Token], depth: int) -> Iterator[str]:
        words: list[str] = []
        given = NOTHING
        before: list[WorkingDirectory] = []  # the parentheses that are open
        left = iter(tokens)
        for token in left:
            for line in token.commands:
                yield from self.reasons(line, depth + 1)
            if not token.is_operator:
                words.append(token.text)
            elif "<" in token.text or ">" in token.text:
                after = next(left, _NO_WORD)
                target = after.text
                for line in after.commands:
                    yield from self.reasons(line, depth + 1)
                yield from self._redirect(token.text, target)
                given = given.redirected(token.text, target)
            else:
                yield from self._simple(words, given, depth)
                given, words = given.after(token.text, words), []
                if token.text == "(":
                    before.append(self.directory)
                elif token.text == ")" and before:
                    self.directory = before.pop()
        yield from self._simple(words, given, depth)

    def _redirect(self, operator: str, target: str) -> Iterator[str]:
        if operator != "<<<":
            yield from self._hidden([target])
        # `2>&1` and `>&-` name a descriptor.
        if ">" in operator and not (operator.endswith("&") and re.fullmatch(r"\d+|-", target)):
            yield from self._outside([target])

    def _simple(self, words: Sequence[str], given: CommandInput, depth: int) -> Iterator[str]:
        yield from self._hidden(words)
        if depth > _MAX_DEPTH:
            yield _TOO_DEEP
            return
        words = list(words)
        while words and (words[0] in KEYWORDS or _ASSIGNMENT.match(words[0])):
            del words[0]
        if not words:
            return
        name, arguments = posixpath.basename(words[0]), words[1:]
        plain = [each for each in arguments if not each.startswith("-")]
        if name in OTHER_USERS:
            yield f"acts as another user ({name})"
        elif name == "command" and {"-v", "-V"} & set(arguments):
            return
        elif name in WRAPPERS:
            yield from self._wrapped(name, arguments, given, depth)
        elif (behind := _behind(name, arguments)) < len(arguments):
            yield from self._wrapped(name, arguments[behind:], given, depth)
        elif name in SHELLS or name in ("eval", "source", "."):
            yield from self._shell(name, arguments, plain, given, depth)
        elif name == "git":
            yield from self._git(arguments, depth)
        elif name == "find":
            yield from self._find(arguments, depth)
        elif name == "trap" and plain:
            yield from self.reasons(plain[0], depth + 1)
        elif name in ("cd", "pushd", "popd"):
            back = name == "popd" or "-" in arguments
            yield from self._cd("-" if back else plain[0] if plain else "~")
        if elsewhere := acts_elsewhere(name, arguments, given):
            yield elsewhere
        if name in NETWORK and not self.network:
            yield f"wants the network ({name}), which commands have not"
        yield from self._outside(written_paths(name, arguments))

    def _hidden(self, words: Sequence[str]) -> Iterator[str]:
        for word in words:
            if named := self.hidden.reached(word, self.directory.path):
                yield _reaches(named)

    def _wrapped(self, name: str, arguments: Sequence[str], given: CommandInput, depth: int) -> Iterator[str]:
        """`timeout -k 5 10 git push`: whatever is left of it when one more word is taken off may be the command."""
        # What xargs is given lies there; it adds that, or puts it in place of the marks.
        place = next(filter(self.directory.leads_out, given.places), "") if name == "xargs" else ""
        for at, each in enumerate(arguments[:8]):
            # `env -S "git push"`, `watch "git push"`: a whole command line in one word.
            if " " in (line := re.sub(r"\A(?:-S|--split-string=|--command=)", "", each).strip()):
                yield from self.reasons(line, depth + 1)
            if not each.startswith("-") and not _ASSIGNMENT.match(each):
                command = [word.replace("{}", place) for word in arguments[at:]] if place else arguments[at:]
                if place and command == arguments[at:]:
                    command = [*command, place]
                yield from self._simple(command, given, depth + 1)
                if posixpath.basename(each) in WRAPPERS | READERS:
                    return  # it takes off the rest, or takes it for names

    def _shell(
        self, name: str, arguments: Sequence[str], plain: Sequence[str], given: CommandInput, depth: int
    ) -> Iterator[str]:
        scripts = [line for at, line in enumerate(arguments[1:]) if re.fullmatch(r"-[a-z]*c[a-z]*", arguments[at])]
        if name == "eval":
            scripts = [" ".join(arguments)]
        if scripts:
            # `sh -c "$(curl http://a)"`
            if _SUBSTITUTION.fullmatch(scripts[0].strip()):
                yield f"runs what another command prints ({name})"
            yield from self.reasons(scripts[0], depth + 1)
        elif plain[:1] == [SUBSTITUTED]:
            yield f"runs what another command prints ({name})"
        elif not plain or plain[0] == "/dev/stdin" or "-s" in arguments:
            if given.piped:
                yield f"runs what another command prints ({name})"
            yield from self.reasons(given.text, depth + 1)

    def _git(self, arguments: Sequence[str], depth: int) -> Iterator[str]:
        read = read_git(arguments)
        if read.why:
            yield read.why
        for line in read.runs:
            yield from self.reasons(line, depth + 1)
        yield from self._outside(read.written)

    def _find(self, arguments: Sequence[str], depth: int) -> Iterator[str]:
        read = read_find(arguments)
        yield from self._outside(read.written)
        # In place of what is found: where it may lie.
        root = next(filter(self.directory.leads_out, read.roots), ".")
        for words in read.runs:
            yield from self._simple([each.replace("{}", root) for each in words], NOTHING, depth + 1)

    def _cd(self, target: str) -> Iterator[str]:
        if self.directory.leads_out(target):
            yield f"leaves the workspace for {target}"
        else:
            self.directory = self.directory.entered(target)

    def _outside(self, written: Sequence[str]) -> Iterator[str]:
        if outside := next(filter(self.directory.leads_out, written), ""):
            yield f"writes to {outside}"


def _behind(name: str, arguments: Sequence[str]) -> int:
    """Where the command begins that `name` is told to run: `poetry run twine`, `python3 -m twine`."""
    marks = ("-m",) if re.fullmatch(r"python[\d.]*", name) else RUNNERS.get(name, ())
    return next((at + 1 for at, each in enumerate(arguments) if each in marks), len(arguments))


def _reaches(hidden: str) -> str:
    return f"reaches for {hidden}, where credentials are or this program's own data"
