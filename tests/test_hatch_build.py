"""xterm.js comes into the package from where it is, and only as the lock knows it."""

from __future__ import annotations

import base64
import hashlib
import io
import json
import tarfile
import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from hatch_build import FILES, provide


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A checkout, and beside it a registry with other bytes than npm's."""
    made = tmp_path / "checkout"
    made.mkdir()
    lock = {}
    for name, files in FILES.items():
        archive = tmp_path / "registry" / name / "-" / f"{name.rpartition('/')[2]}-1.0.tgz"
        archive.parent.mkdir(parents=True)
        with tarfile.open(archive, "w:gz") as tar:
            for path in files:
                member = tarfile.TarInfo(f"package/{path}")
                member.size = len(path)
                tar.addfile(member, io.BytesIO(path.encode()))
        digest = base64.b64encode(hashlib.sha512(archive.read_bytes()).digest()).decode()
        lock[f"node_modules/{name}"] = {"version": "1.0", "integrity": f"sha512-{digest}"}
    (made / "package-lock.json").write_text(json.dumps({"packages": lock}))
    return made


@pytest.fixture
def registry(root: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    folder = root.parent / "registry"

    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, format: str, *arguments: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(folder))) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        monkeypatch.setenv("npm_config_registry", f"http://127.0.0.1:{server.server_port}/")
        yield folder
        server.shutdown()
        thread.join()


def names(root: Path) -> set[str]:
    return {path.name for path in (root / "static" / "vendor" / "xterm").glob("*")}


WHOLE = {"versions.json", *(target for files in FILES.values() for target in files.values())}


def test_it_is_fetched_once(root: Path, registry: Path) -> None:
    assert provide(root) == ""
    assert names(root) == WHOLE
    for archive in registry.rglob("*.tgz"):
        archive.unlink()
    assert provide(root) == ""


def test_other_bytes_than_those_of_the_lock_are_not_taken(root: Path, registry: Path) -> None:
    next(registry.rglob("addon-fit*.tgz")).write_bytes(b"something else")
    assert "is not what package-lock.json expects" in provide(root)
    assert names(root) == set()


def test_it_comes_from_node_modules_where_it_is_there_in_the_version_of_the_lock(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("npm_config_registry", "http://127.0.0.1:1/")
    for name, files in FILES.items():
        for path in files:
            file = root / "node_modules" / name / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(path)
        (root / "node_modules" / name / "package.json").write_text('{"version": "1.0"}')
    assert provide(root) == ""
    assert names(root) == WHOLE
    (root / "static" / "vendor" / "xterm" / "versions.json").unlink()
    (root / "node_modules" / "@xterm/xterm" / "package.json").write_text('{"version": "2.0"}')
    assert "refused" in provide(root)


def test_without_a_network_the_package_is_built_all_the_same(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("npm_config_registry", "http://127.0.0.1:1/")
    assert "refused" in provide(root)
    assert names(root) == set()
