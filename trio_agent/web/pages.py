"""The dashboard's files, held in memory: `/` and everything under `/static/`."""

from __future__ import annotations

import hashlib
import mimetypes
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from quart import Request, Response
from werkzeug.exceptions import NotFound

BASE = b"{{base}}"  # stands in index.html for the way back to where the server's paths begin

_PACKAGE = Path(__file__).resolve().parent.parent
_TYPES = {
    ".js": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".html": "text/html; charset=utf-8",
}


@dataclass(frozen=True, slots=True)
class _File:
    data: bytes
    content_type: str
    etag: str


class Pages:
    """Static files, read once: nothing a request says becomes a path on the disk."""

    def __init__(self, directory: Path | None = None) -> None:
        directory = directory or _find_static()
        self._files = {path.relative_to(directory).as_posix(): _read(path) for path in _files_below(directory)}

    def names(self) -> list[str]:
        return sorted(self._files)

    def rewrite(self, name: str, old: bytes, new: bytes) -> None:
        """Serve the file `name` with `new` in the place of `old`, which stands in it once."""
        file = self._files[name]
        if file.data.count(old) != 1:
            raise ValueError(f"{name} does not hold {old.decode()} once")
        self._files[name] = _make(file.data.replace(old, new), file.content_type)

    def index(self, request: Request, base: str) -> Response:
        """The dashboard, its links relative to `base`, so that it works under any prefix a proxy may put in front."""
        file = self._files["index.html"]
        return _respond(request, _make(file.data.replace(BASE, base.encode()), file.content_type))

    def file(self, request: Request, name: str) -> Response:
        """Raises NotFound."""
        if name not in self._files:
            raise NotFound("no such file")
        return _respond(request, self._files[name])


def _find_static() -> Path:
    """In an installed package the files lie inside it, in a checkout beside it."""
    for directory in (_PACKAGE / "static", _PACKAGE.parent / "static"):
        if (directory / "index.html").is_file():
            return directory
    raise FileNotFoundError("the dashboard's files are missing: reinstall trio-agent")


def _files_below(directory: Path) -> Iterator[Path]:
    return (path for path in directory.rglob("*") if path.is_file() and not path.name.startswith("."))


def _read(path: Path) -> _File:
    guessed = mimetypes.guess_type(path.name)[0] or "application/octet-stream"
    return _make(path.read_bytes(), _TYPES.get(path.suffix, guessed))


def _make(data: bytes, content_type: str) -> _File:
    return _File(data, content_type, hashlib.sha256(data).hexdigest()[:20])


def _respond(request: Request, file: _File) -> Response:
    # Asked for every time and answered by 304: after an upgrade no page runs on yesterday's modules.
    headers = {"Cache-Control": "no-cache", "ETag": f'"{file.etag}"', "Content-Type": file.content_type}
    # Weakly: a proxy that compresses makes the tag a weak one.
    if request.if_none_match.contains_weak(file.etag):
        return Response(b"", 304, headers)
    return Response(file.data, 200, headers)
