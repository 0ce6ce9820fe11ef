"""A command line as bash splits it: words, operators, and the command lines within it."""

from __future__ import annotations

import re
import shlex

OPERATORS = "();<>|&`\n"

_HEREDOC = re.compile(r"<<-?[ \t]*(['\"]?)(\w+)\1(.*?)\n(?:.*?\n)?[ \t]*\2[ \t]*(?=\n|\Z)", re.DOTALL)
_FED = re.compile(
    r"(?:^|[\s;&|(/])(?:sh|bash|dash|zsh|ksh)\b[^\n;&|]*<<-?[ \t]*(?P<quote>['\"]?)(?P<end>\w+)(?P=quote)[^\n]*\n"
    r"(?P<body>.*?)(?:^[ \t]*(?P=end)[ \t]*$|\Z)",
    re.DOTALL | re.MULTILINE,
)
_SUBSTITUTION = re.compile(r"\$\(([^()]*)\)|`([^`]*)`")


def without_heredocs(command: str) -> str:
    """`command` in whole lines, without the texts that it feeds to programs."""
    return _HEREDOC.sub(r"\3", command.replace("\\\n", " "))


def fed_scripts(command: str) -> list[str]:
    """The texts that `command` feeds to shells."""
    return [fed["body"] for fed in _FED.finditer(command)]


def substitutions(word: str) -> list[str]:
    """The command lines whose output `word` holds."""
    return ["".join(inner) for inner in _SUBSTITUTION.findall(word)]


def tokens(command: str) -> list[str]:
    """Words without their quotes, and operators. Raises ValueError where quotes do not match."""
    lexer = shlex.shlex(command, posix=True, punctuation_chars=OPERATORS)
    lexer.whitespace = " \t\r"
    lexer.whitespace_split = True
    # To the lexer, `a#b` has a comment in it, and could hide what follows.
    lexer.commenters = ""
    return list(lexer)
