"""A command line as bash splits it: words, operators, and the command lines within it."""

from __future__ import annotations

import re
from dataclasses import dataclass

SUBSTITUTED = "/dev/fd/63"
"""What stands as a word for `<(command)`, and is what bash gives to the program."""

_MAX_DEPTH = 50
"""Of quotes and parentheses in one another; our own stack has to hold them."""

_HEREDOC = re.compile(r"(?<!<)<<-?[ \t]*(['\"]?)(\w+)\1(.*?)\n(?:.*?\n)?[ \t]*\2[ \t]*(?=\n|\Z)", re.DOTALL)
_FED = re.compile(
    r"(?:^|[\s;&|(/])(?:sh|bash|dash|zsh|ksh)\b[^\n;&|]*(?<!<)<<-?[ \t]*(?P<quote>['\"]?)(?P<end>\w+)(?P=quote)[^\n]*\n"
    r"(?P<body>.*?)(?:^[ \t]*(?P=end)[ \t]*$|\Z)",
    re.DOTALL | re.MULTILINE,
)
_OPERATOR = re.compile(r"<<<|<<-?|<&|<>|&>>|&>|>>|>&|>\||\|\||\|&|&&|;;&?|;&|[();<>|&\n]")
_DESCRIPTOR = re.compile(r"(?:\d+|\{\w+\})(?=[<>])(?![<>]\()")
_SPACE = re.compile(r"[ \t\r]+|#[^\n]*")
_PLAIN = re.compile(r"[^\s\\'\"`$();<>|&]+")


@dataclass(frozen=True, slots=True)
class Token:
    """A word without its quotes, or an operator. `commands` are the command lines in it whose output it holds, or is."""

    text: str
    is_operator: bool = False
    commands: tuple[str, ...] = ()


def without_heredocs(command: str) -> str:
    """`command` in whole lines, without the texts that it feeds to programs."""
    return _HEREDOC.sub(r"\3", command.replace("\\\n", " "))


def fed_scripts(command: str) -> list[str]:
    """The texts that `command` feeds to shells."""
    return [fed["body"] for fed in _FED.finditer(command)]


def tokens(command: str) -> list[Token]:
    """The words and operators of `command`. Raises ValueError where quotes or parentheses do not match."""
    found: list[Token] = []
    at = 0
    while at < len(command):
        if skipped := _SPACE.match(command, at) or _DESCRIPTOR.match(command, at):
            at = skipped.end()
        elif not command.startswith(("<(", ">("), at) and (operator := _OPERATOR.match(command, at)):
            found.append(Token(operator[0], is_operator=True))
            at = operator.end()
        else:
            word = _Word(command, at)
            found.append(Token("".join(word.pieces), commands=tuple(word.commands)))
            at = word.end
    return found


class _Word:
    """The word of `line` that begins at `start`."""

    def __init__(self, line: str, start: int) -> None:
        self.pieces: list[str] = []
        self.commands: list[str] = []
        self._line = line
        self.end = start
        while self.end < len(line) and self._piece():
            pass

    def _piece(self) -> bool:
        """Take the next piece; False where the word is over."""
        line, at = self._line, self.end
        if plain := _PLAIN.match(line, at):
            self._take(plain[0], plain.end())
        elif line.startswith(("<(", ">("), at):
            end = _closing(line, at + 2)
            self.commands.append(line[at + 2 : end])
            self._take(SUBSTITUTED, end + 1)
        elif line.startswith("$'", at):
            end = _quoted(line, at + 2, escapes=True)
            self._take(re.sub(r"\\(.)", _ansi, line[at + 2 : end], flags=re.DOTALL), end + 1)
        elif line.startswith(("$(", "`"), at):
            self._substitution()
        elif line[at] == "$":
            self._take("$", at + 1)
        elif line[at] == "\\":
            self._take(line[at + 1 : at + 2], at + 2)
        elif line[at] == "'":
            end = _quoted(line, at + 1)
            self._take(line[at + 1 : end], end + 1)
        elif line[at] == '"':
            self._double_quoted()
        elif line[at].isspace() and line[at] not in " \t\r\n":
            self._take(line[at], at + 1)  # to bash, no other space parts words
        else:
            return False
        return True

    def _take(self, piece: str, end: int) -> None:
        self.pieces.append(piece)
        self.end = end

    def _double_quoted(self) -> None:
        self.end += 1
        while self.end < len(self._line):
            match self._line[self.end]:
                case '"':
                    self.end += 1
                    return
                case "\\":
                    escaped = self._line[self.end + 1 : self.end + 2]
                    self._take(escaped if escaped in '$`"\\' else f"\\{escaped}", self.end + 2)
                case "`":
                    self._substitution()
                case "$" if self._line.startswith("$(", self.end):
                    self._substitution()
                case other:
                    self._take(other, self.end + 1)
        raise ValueError("no closing quote")

    def _substitution(self) -> None:
        start = self.end + (1 if self._line[self.end] == "`" else 2)
        end = _closing(self._line, start) if self._line[start - 1] == "(" else _quoted(self._line, start, True, "`")
        self.commands.append(self._line[start:end])
        self._take(self._line[self.end : end + 1], end + 1)


def _quoted(line: str, at: int, escapes: bool = False, quote: str = "'") -> int:
    """Where the `quote` is that ends what begins at `at`. Raises ValueError."""
    while line[at : at + 1] != quote:
        if at >= len(line):
            raise ValueError("no closing quote")
        at += 2 if escapes and line[at] == "\\" else 1
    return at


def _closing(line: str, at: int, end: str = ")", depth: int = 0) -> int:
    """Where the `end` is that closes what was opened before `at`, past quotes and other parentheses. Raises ValueError."""
    if depth > _MAX_DEPTH:
        raise ValueError("nested too deeply")
    while at < len(line) and line[at] != end:
        if line[at] == "\\":
            at += 1
        elif line[at] == '"':
            at = _closing(line, at + 1, '"', depth + 1)
        elif line.startswith("$(", at) or (line[at] == "(" and end == ")"):
            at = _closing(line, at + (2 if line[at] == "$" else 1), ")", depth + 1)
        elif line[at] == "'" and end == ")":
            at = _quoted(line, at + 1)
        elif line[at] == "`":
            at = _quoted(line, at + 1, True, "`")
        at += 1
    if at >= len(line):
        raise ValueError("no closing parenthesis")
    return at


def _ansi(escape: re.Match[str]) -> str:
    return {"n": "\n", "t": "\t", "r": "\r"}.get(escape[1], escape[1])
