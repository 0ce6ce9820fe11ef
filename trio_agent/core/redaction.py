"""Secrets taken out of text before anybody keeps or shows it. Pure.

Two kinds: values that are known (of the server's own environment, its token), wherever they stand and in the forms that they
commonly take on the way; and shapes of keys that name themselves, few enough that ordinary text is left alone. What is
encrypted, encoded otherwise or cut in two by who prints it goes unseen: a help against accidents, no wall against intent.

Text that comes in pieces is held back where it may be the beginning of a secret, so that no cut lets one through.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

MARK = "[redacted]"

MIN_CHARS = 8
"""Of a known value. A shorter one would take words out of everything."""

_MIXED_CHARS = 20
"""A value shorter than this must mix kinds of characters: `POSTGRES_PASSWORD=postgres` is no reason to hide the word."""

SHOWN_CHARS = 2
"""Of what may be the beginning of a secret, before it is held back: a lone "s" must not wait for what comes after it."""

_STEM_CHARS = 4

_NAMES_SECRET = re.compile(
    r"KEY(?!BOARD|MAP|RING)|TOKEN|SECRET|PASSW|PASSPHRASE|CREDENTIAL|(?:^|_)(?:PASS|PAT|AUTH)(?:_|$)"
)
_NAMES_PLACE = re.compile(r"_(?:FILE|PATH|DIR|HOME|URL|URI|ID|NAME|USER|SOCK|TTY|TYPE|SIZE|LIMIT)$")
_UNRESERVED = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~")
_PASSWORD_IN_URL = re.compile(r"://[^/\s:@]*:([^/\s@]+)@")


def secrets_of(environment: Mapping[str, str]) -> list[str]:
    """The values among `environment` that are secrets by their names, and the passwords in its URLs."""
    found = []
    for name, value in environment.items():
        if _NAMES_SECRET.search(name.upper()) and not _NAMES_PLACE.search(name.upper()):
            found.append(value)
        for password in _PASSWORD_IN_URL.findall(value):
            found += [password, _unquoted(password)]
    return found


def _quoted(value: str) -> str:
    """As it stands in a URL. Source: RFC 3986, 2.1 and 2.3."""
    return "".join(chr(byte) if chr(byte) in _UNRESERVED else f"%{byte:02X}" for byte in value.encode())


def _unquoted(value: str) -> str:
    raw = re.sub(rb"%([0-9A-Fa-f]{2})", lambda match: bytes([int(match[1], 16)]), value.encode())
    return raw.decode("utf-8", "replace")


def _is_telling(value: str) -> bool:
    kinds = (str.islower, str.isupper, str.isdigit, lambda each: not each.isalnum())
    mixed = sum(any(kind(each) for each in value) for kind in kinds)
    return len(value) >= MIN_CHARS and (len(value) >= _MIXED_CHARS or mixed > 1)


def _forms(value: str) -> Iterator[str]:
    """A known value as it stands, in JSON, in a URL, in base64; and its lines, which may be printed one by one."""
    stripped = value.strip()
    for each in {stripped, *(line.strip() for line in stripped.split("\n") if len(line) >= _MIXED_CHARS)}:
        if _is_telling(each):
            yield each
            yield from (json.dumps(each, ensure_ascii=ascii_only)[1:-1] for ascii_only in (True, False))
            yield _quoted(each)
            yield base64.b64encode(each.encode()).decode().rstrip("=")


@dataclass(frozen=True, slots=True)
class Shape:
    """Keys that begin with `prefix`. `body` is what follows in a whole one; `open` what follows where more may come, `most`
    characters of it.
    """

    prefix: str
    body: str
    open: str
    most: int


def _key(prefix: str, characters: str, least: int, most: int = 300) -> Shape:
    return Shape(prefix, f"[{characters}]{{{least},{most}}}", f"[{characters}]{{0,{most - 1}}}", most)


_WORD, _ALNUM = "A-Za-z0-9_-", "A-Za-z0-9"
_BASE64 = "[A-Za-z0-9+/=]"
# Between the lines of a key: their ends, written out in a string it may be, with a line's number before the next.
_GAP = r"(?:\\[nrt]|\n\d{1,6}\t|[^A-Za-z0-9+/=])"
_PEM_BODY = f"(?:{_GAP}{{1,12}}+{_BASE64}{{16,120}}+){{1,150}}+"
_PEM_OPEN = f"(?:{_GAP}{{1,12}}+{_BASE64}{{16,120}}+){{0,149}}+{_GAP}{{0,12}}+{_BASE64}{{0,15}}"

SHAPES: tuple[Shape, ...] = (
    _key("sk-ant-", _WORD, 20),
    *(_key(f"sk-{kind}-", _WORD, 20) for kind in ("proj", "svcacct", "admin", "or-v1")),
    _key("sk-", _ALNUM, 40),
    *(_key(f"gh{kind}_", _ALNUM, 36) for kind in "pousr"),
    _key("github_pat_", "A-Za-z0-9_", 40),
    _key("glpat-", _WORD, 20),
    *(_key(prefix, "A-Z0-9", 16, 16) for prefix in ("AKIA", "ASIA")),
    _key("AIza", _WORD, 35, 35),
    *(_key(f"xox{kind}-", "A-Za-z0-9-", 20) for kind in "abprs"),
    _key("npm_", _ALNUM, 36, 36),
    _key("pypi-AgE", _WORD, 50),
    _key("hf_", _ALNUM, 34, 40),
    *(_key(f"{kind}k_live_", _ALNUM, 20) for kind in "rs"),
    *(
        Shape(f"-----BEGIN {kind}-----", _PEM_BODY, _PEM_OPEN, 20_000)
        for kind in (
            *("PRIVATE KEY", "RSA PRIVATE KEY", "EC PRIVATE KEY", "DSA PRIVATE KEY", "OPENSSH PRIVATE KEY"),
            *("ENCRYPTED PRIVATE KEY", "PGP PRIVATE KEY BLOCK"),
        )
    ),
)


class Redactor:
    """Takes secrets out of text: those of SHAPES, and the `known` ones that are long and odd enough to be told from words."""

    def __init__(self, known: Iterable[str] = ()) -> None:
        values = {form for value in known for form in _forms(value)}
        # The longest first: where one is the beginning of another, the whole of it goes.
        self._values = sorted(values, key=len, reverse=True)
        self._begins = (*self._values, *(shape.prefix for shape in SHAPES))
        # Fewer to look for, since many begin alike.
        short = {begin[:_STEM_CHARS] for begin in self._begins}
        self._stems = [stem for stem in short if not any(stem != other and stem.startswith(other) for other in short)]
        self._longest = max(map(len, self._begins))
        self._by_first: dict[str, list[str]] = {}
        for begin in self._begins:
            self._by_first.setdefault(begin[0], []).append(begin)
        self._first = re.compile("|".join(map(re.escape, self._by_first)))
        branches = [re.escape(value) for value in self._values]
        branches += [re.escape(shape.prefix) + shape.body for shape in SHAPES]
        self._secret = re.compile("|".join(branches))
        self._open = [
            (shape.prefix, shape.most, re.compile(f"{re.escape(shape.prefix)}{shape.open}\\Z")) for shape in SHAPES
        ]

    def suspects(self, text: str) -> bool:
        """Whether there may be a secret in `text`: no where there is none, and many times faster than `redact`."""
        for stem in self._stems:
            if stem in text:
                return any(begin in text for begin in self._begins)
        return False

    def redact(self, text: str) -> str:
        """`text` with MARK in the place of every secret. Doing so twice changes nothing more."""
        return self._secret.sub(MARK, text) if self.suspects(text) else text

    def redact_lines(self, lines: Sequence[str]) -> list[str]:
        """The lines of one text, redacted, and as many as before: a secret of several lines leaves MARK in each of them."""
        text = "\n".join(lines)
        if not self.suspects(text):
            return list(lines)
        return self._secret.sub(_mark_lines, text).split("\n")

    def redact_from(self, text: str, start: int) -> str:
        """`text` from `start` on, redacted; a secret that begins before counts as well."""
        if not self.suspects(text):
            return text[start:]
        parts, at = [], start
        for match in self._secret.finditer(text):
            if match.end() > start:
                parts += [text[at : max(at, match.start())], MARK]
                at = match.end()
        return "".join([*parts, text[at:]])

    def redact_all(self, value: object) -> object:
        """JSON-like `value` with every text in it redacted, keys too."""
        # One look at all of it: nearly always there is nothing.
        return self._redact_all(value) if self.suspects("\0".join(_texts(value))) else value

    def _redact_all(self, value: object) -> object:
        match value:
            case str():
                return self.redact(value)
            case dict():
                return {self._redact_all(key): self._redact_all(each) for key, each in value.items()}
            case list() | tuple():
                return [self._redact_all(each) for each in value]
            case _:
                return value

    def stream(self) -> RedactedStream:
        """For one text that comes in pieces."""
        return RedactedStream(self)

    def settled(self, text: str) -> int:
        """How much of `text` will be redacted as it is now, whatever follows it."""
        at = self._unfinished(text)
        if not self.suspects(text):
            return at
        for prefix, most, expression in self._open:
            reach = max(0, len(text) - len(prefix) - most)
            if text.find(prefix, reach) >= 0 and (match := expression.search(text, reach)):
                at = min(at, match.start())
        if at < len(text):
            # What may begin there can lie in a secret that is whole already.
            for match in self._secret.finditer(text):
                if match.start() < at < match.end():
                    return match.end()
        return at

    def _unfinished(self, text: str) -> int:
        """Where the longest end of `text` starts that is the beginning of something looked for, but not the whole of it."""
        for match in self._first.finditer(text, max(0, len(text) - self._longest)):
            rest = text[match.start() :]
            if any(len(rest) < len(begin) and begin.startswith(rest) for begin in self._by_first[match[0]]):
                return match.start()
        return len(text)


def _mark_lines(match: re.Match[str]) -> str:
    return "\n".join(MARK if line else "" for line in match[0].split("\n"))


def _texts(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for key, each in value.items():
            yield key
            yield from _texts(each)
    elif isinstance(value, list | tuple):
        for each in value:
            yield from _texts(each)


class RedactedStream:
    """One text in pieces. What `add` returns has no secret in it, nor more than the first SHOWN_CHARS of one."""

    def __init__(self, redactor: Redactor) -> None:
        self._redactor = redactor
        self._shown = ""
        self._held = ""

    def add(self, text: str) -> str:
        """What can be shown by now of all that was added, after what was returned before."""
        text = self._shown + self._held + text
        settled = self._redactor.settled(text)
        if len(text) - settled <= SHOWN_CHARS:
            settled = len(text)
        return self._show(text, settled)

    def end(self) -> str:
        """The rest: nothing follows."""
        text = self._shown + self._held
        return self._show(text, len(text))

    def _show(self, text: str, settled: int) -> str:
        before = len(self._shown)
        settled = max(settled, before)
        self._held = text[settled:]
        shown = self._redactor.redact_from(text[:settled], before)
        # What follows a secret follows nothing: what it ended with begins no other.
        self._shown = "" if shown.endswith(MARK) else text[max(0, settled - SHOWN_CHARS) : settled]
        return shown


BY_SHAPE = Redactor()
"""Knows no values."""
