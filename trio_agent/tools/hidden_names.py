"""Names by which a command line can reach what is hidden. Pure: nothing is looked up, so links are not seen through."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator, Sequence
from fnmatch import fnmatchcase

_HOME = r"(?:~[\w.-]*|\$\{?\w+\}?)"
"""Of somebody, or a variable that may hold it."""

_AT_HOME = re.compile(rf"\A{_HOME}(?=/|\Z)")
_NO_MORE = r"(?![\w.-])"
_APART = re.compile(r"[=:@,]|\A-\w+(?=[/~$])")
"""What may stand before a path in a word: `--file=/a`, `host:/a`, `@/a`, `-yf/a`."""

_BRACES = re.compile(r"(?<!\$)\{[^{}]*\}")
_GLOB = re.compile(r"[*?\[]")


class HiddenNames:
    """`hidden` are absolute paths. Those that have the workspace in them are hidden but for the workspace."""

    def __init__(self, hidden: Sequence[str], workspace: str, home: str = "") -> None:
        self._hidden = [posixpath.normpath(each) for each in hidden]
        self._workspace = workspace
        self._home = home
        self._texts = [(path, re.compile(self._text(path))) for path in self._hidden if path != workspace]

    def in_text(self, command: str) -> str:
        """Which one stands somewhere in `command` in so many words, be it as an interpreter's; empty for none."""
        return next((path for path, text in self._texts if text.search(command)), "")

    def reached(self, word: str, directory: str) -> str:
        """Which one `word` of a command that runs in `directory` leads to, if it is a path; empty for none."""
        word = _BRACES.sub("*", word)
        for piece in (word, *_APART.split(word)):
            if not piece:
                continue
            expanded = _AT_HOME.sub(lambda _: self._home or "~", piece)
            whole = posixpath.normpath(posixpath.join(directory, expanded))
            for hidden in self._hidden:
                if not (_is_in(self._workspace, hidden) and _is_in(whole, self._workspace)) and _leads(whole, hidden):
                    return hidden
        return ""

    def _text(self, path: str) -> str:
        forms = [rf"(?<![\w.~/-]){re.escape(path)}"]
        if self._home and path.startswith(f"{self._home}/"):
            forms.append(_HOME + re.escape(path.removeprefix(self._home)))
        inside = re.escape(self._workspace.removeprefix(path)) if _is_in(self._workspace, path) else ""
        but_for = f"(?!{inside}{_NO_MORE})" if inside else ""
        return f"(?:{'|'.join(forms)}){but_for}{_NO_MORE}"


def _is_in(path: str, directory: str) -> bool:
    return path == directory or path.startswith(f"{directory.rstrip('/')}/")


def _leads(path: str, hidden: str) -> bool:
    """Whether `path`, which may have wildcards, is `hidden` or something in it."""
    if not _GLOB.search(path):
        return _is_in(path, hidden)
    pairs = list(_pairs(path, hidden))
    return len(pairs) == hidden.count("/") and all(
        fnmatchcase(name, pattern) and (not name.startswith(".") or pattern.startswith((".", "[")))
        for pattern, name in pairs
    )


def _pairs(path: str, hidden: str) -> Iterator[tuple[str, str]]:
    yield from zip(path.split("/")[1:], hidden.split("/")[1:], strict=False)
