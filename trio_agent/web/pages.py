"""The dashboard's files, held in memory: `/` and everything under `/static/`.

The page names its files under `static/@VERSION/`, VERSION being made of all their contents: a browser keeps them for ever,
asks for none of them again, and after an upgrade never mixes old modules with new. Modules name each other relatively, and so
need not know.
"""

from __future__ import annotations

import gzip
import hashlib
import mimetypes
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from quart import Request, Response
from werkzeug.exceptions import NotFound

from trio_agent.web.module_graph import imported

BASE = b"{{base}}"  # stands in index.html for the way back to where the server's paths begin
MAIN = "js/main.js"
FEWEST_BYTES = 1024  # fewer are not worth the headers of a compressed answer

_STATIC = b'="static/'
_END = b"</body>"

_PACKAGE = Path(__file__).resolve().parent.parent
_TYPES = {
    ".js": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".html": "text/html; charset=utf-8",
}
_COMPRESSIBLE = (*_TYPES.values(), "image/svg+xml")

# Asked for every time and answered by 304: after an upgrade no page runs on yesterday's files.
_ASKED_FOR = "no-cache"
_KEPT = "public, max-age=31536000, immutable"


@dataclass(frozen=True)
class _File:
    data: bytes
    content_type: str

    @cached_property
    def etag(self) -> str:
        return hashlib.sha256(self.data).hexdigest()[:20]

    @cached_property
    def compressed(self) -> bytes:
        """By gzip, once; empty where that saves nothing."""
        if self.content_type not in _COMPRESSIBLE or len(self.data) < FEWEST_BYTES:
            return b""
        # Without the time, so that the bytes are the same in every process, as their tag is.
        return gzip.compress(self.data, mtime=0)


class Pages:
    """Static files, read once: nothing a request says becomes a path on the disk."""

    def __init__(self, directory: Path | None = None) -> None:
        directory = directory or _find_static()
        self._files = {path.relative_to(directory).as_posix(): _read(path) for path in _files_below(directory)}
        self._indices: dict[str, _File] = {}
        contents = "".join(f"{name}:{self._files[name].etag}\n" for name in self.names())
        self.version = hashlib.sha256(contents.encode()).hexdigest()[:16]

    def names(self) -> list[str]:
        return sorted(self._files)

    def rewrite(self, name: str, old: bytes, new: bytes) -> None:
        """Serve the file `name` with `new` in the place of `old`, which stands in it once. To be done before any is served."""
        file = self._files[name]
        if file.data.count(old) != 1:
            raise ValueError(f"{name} does not hold {old.decode()} once")
        self._files[name] = _File(file.data.replace(old, new), file.content_type)

    def index(self, request: Request, base: str) -> Response:
        """The dashboard, its links relative to `base`, so that it works under any prefix a proxy may put in front."""
        if base not in self._indices:
            self._indices[base] = self._make_index(base)
        return _respond(request, self._indices[base], _ASKED_FOR)

    def file(self, request: Request, name: str) -> Response:
        """Raises NotFound."""
        version, _, rest = name.partition("/")
        # A page of before an upgrade may ask for more: it is given what there is, but not for ever.
        kept = _KEPT if version == f"@{self.version}" else _ASKED_FOR
        if version.startswith("@"):
            name = rest
        if name not in self._files:
            raise NotFound("no such file")
        return _respond(request, self._files[name], kept)

    def _make_index(self, base: str) -> _File:
        file = self._files["index.html"]
        modules = imported({name: each.data for name, each in self._files.items()}, MAIN)
        # All at once: a browser would learn of each layer of modules only when it has the one before. At the end, for the page
        # is painted before it needs them.
        preloads = "".join(f'<link rel="modulepreload" href="static/{name}">\n' for name in modules).encode()
        page = file.data.replace(BASE, base.encode()).replace(_END, preloads + _END, 1)
        return _File(page.replace(_STATIC, b'="static/@%b/' % self.version.encode()), file.content_type)


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
    return _File(path.read_bytes(), _TYPES.get(path.suffix, guessed))


def _respond(request: Request, file: _File, kept: str) -> Response:
    data, etag = file.data, file.etag
    # Origin too, since the guard answers other pages differently.
    headers = {"Cache-Control": kept, "Content-Type": file.content_type, "Vary": "Accept-Encoding, Origin"}
    if file.compressed and request.accept_encodings.quality("gzip") > 0:
        # Other bytes have another tag.
        data, etag = file.compressed, f"{file.etag}-gzip"
        headers["Content-Encoding"] = "gzip"
    headers["ETag"] = f'"{etag}"'
    # Weakly: a proxy that compresses makes the tag a weak one.
    if request.if_none_match.contains_weak(etag):
        headers.pop("Content-Encoding", None)
        return Response(b"", 304, headers)
    return Response(data, 200, headers)
