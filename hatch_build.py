"""Puts xterm.js into `static/vendor/xterm/`, from where the page loads it when a terminal is opened.

    python hatch_build.py            by hand, for a checkout that is served as it is

The build of the package does it too, so that whoever installs it needs no Node.js. Version and hash are those of
package-lock.json; the files come from `node_modules`, where `npm ci` has put them, or else from the npm registry. Without
either the package is built without a terminal in its page, which says so.
"""

from __future__ import annotations

import base64
import hashlib
import io
import json
import os
import sys
import tarfile
import urllib.request
from pathlib import Path
from typing import Any

try:
    from hatchling.builders.hooks.plugin.interface import BuildHookInterface
except ModuleNotFoundError:  # by hand
    BuildHookInterface = object  # type: ignore[assignment,misc]

FILES = {
    "@xterm/xterm": {"lib/xterm.mjs": "xterm.js", "css/xterm.css": "xterm.css", "LICENSE": "LICENSE"},
    "@xterm/addon-fit": {"lib/addon-fit.mjs": "addon-fit.js", "LICENSE": "LICENSE.addon-fit"},
}
"""Of each package, which file goes where."""

REGISTRY = "https://registry.npmjs.org/"
DOWNLOAD_S = 60
STAMP = "versions.json"


class TerminalHook(BuildHookInterface):  # type: ignore[type-arg]
    """Found by hatchling, which builds the package (pyproject.toml)."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        problem = provide(Path(self.root))
        if problem:
            self.app.display_warning(f"the page will have no terminal, for xterm.js is missing: {problem}")


def provide(root: Path) -> str:
    """See that the files are there, in the versions of the lock; why they are not, where they are not."""
    vendor = root / "static" / "vendor" / "xterm"
    lock = json.loads((root / "package-lock.json").read_text("utf-8"))["packages"]
    wanted = {name: lock[f"node_modules/{name}"]["integrity"] for name in FILES}
    stamp = vendor / STAMP
    if stamp.is_file() and json.loads(stamp.read_text("utf-8")) == wanted:
        return ""
    try:
        found = {}
        for name, files in FILES.items():
            entry = lock[f"node_modules/{name}"]
            contents = _installed(root, name, entry["version"], files) or _downloaded(name, entry, files)
            found.update({files[path]: data for path, data in contents.items()})
    except (OSError, KeyError, ValueError, tarfile.TarError) as exc:
        return str(exc)
    vendor.mkdir(parents=True, exist_ok=True)
    for target, data in found.items():
        (vendor / target).write_bytes(data)
    # Last of all: without it, what is there is half.
    stamp.write_text(json.dumps(wanted), "utf-8")
    return ""


def _installed(root: Path, name: str, version: str, files: dict[str, str]) -> dict[str, bytes]:
    """From `node_modules`, which npm has checked; nothing where the package is not there, or in another version."""
    package = root / "node_modules" / name
    try:
        if json.loads((package / "package.json").read_text("utf-8"))["version"] != version:
            return {}
        return {path: (package / path).read_bytes() for path in files}
    except OSError:
        return {}


def _downloaded(name: str, entry: dict[str, Any], files: dict[str, str]) -> dict[str, bytes]:
    """From the registry. Raises OSError, and ValueError for other bytes than those of the lock."""
    # As npm itself spells it.
    registry = os.environ.get("npm_config_registry") or REGISTRY  # noqa: SIM112
    url = f"{registry.rstrip('/')}/{name}/-/{name.rpartition('/')[2]}-{entry['version']}.tgz"
    with urllib.request.urlopen(url, timeout=DOWNLOAD_S) as response:
        data = response.read()
    algorithm, _, expected = entry["integrity"].partition("-")
    if base64.b64encode(hashlib.new(algorithm, data).digest()).decode() != expected:
        raise ValueError(f"{url} is not what package-lock.json expects")
    with tarfile.open(fileobj=io.BytesIO(data)) as archive:
        contents = {}
        for path in files:
            member = archive.extractfile(f"package/{path}")
            if member is None:
                raise KeyError(f"{url} has no {path}")
            contents[path] = member.read()
    return contents


if __name__ == "__main__":
    sys.exit(provide(Path(__file__).resolve().parent) or 0)
