"""What a user gets: the installed program, in a repository of its own, serves the page as it stands in `static/`.

    python tests/installed.py STATIC

is run by the gate's `wheel` session with the Python of an environment that holds the wheel and nothing of ours beside it, so
it uses the standard library only. It follows every address that the page, its modules and its styles name.
"""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import tempfile
import urllib.request
from pathlib import Path
from urllib.parse import urljoin, urlsplit

START_S = 30
STOP_S = 15
LISTENING = re.compile(r"trio-agent listening on (http://[^/]+/)#token=(\S+)\n")
# What a page, a module (for its types, too) and a style sheet name.
NAMED = {
    "text/html": re.compile(r"""(?:src|href)=["']([^"'#]+)["']"""),
    "text/javascript": re.compile(
        r"""(?m)(?:^import|^export|@import)\b[^"';]*["'](\.\.?/[^"']+)["']|\bimport\(["'](\.\.?/[^"']+)["']\)"""
        r"""|\bnew URL\(["'](\.\.?/[^"']+)["'], import\.meta\.url\)"""
    ),
    "text/css": re.compile(r"""url\(["']?(?!data:)([^"')]+)["']?\)|@import ["']([^"']+)["']"""),
}
VERSION = re.compile(r"(?<=static/)@[0-9a-f]{16}/")


def main(static: Path) -> None:
    with tempfile.TemporaryDirectory() as scratch:
        repository = Path(scratch, "repository")
        commit = (
            "-c",
            "user.name=Gate",
            "-c",
            "user.email=gate@example.org",
            "commit",
            "--allow-empty",
            "-qm",
            "begin",
        )
        subprocess.run(["git", "init", "-q", str(repository)], check=True)
        subprocess.run(["git", "-C", str(repository), *commit], check=True)
        program = Path(sys.executable).with_name("trio-agent")
        serving = subprocess.Popen(
            [program, "serve", repository, "--port", "0", "--model", "demo", "--no-open"],
            env={**os.environ, "XDG_DATA_HOME": f"{scratch}/data", "XDG_CONFIG_HOME": f"{scratch}/config"},
            stdout=subprocess.PIPE,
            text=True,
            cwd=scratch,
        )
        # A server that never says it listens must not hold the gate for ever.
        signal.alarm(START_S)
        try:
            assert serving.stdout is not None
            line = serving.stdout.readline()
            signal.alarm(0)
            said = LISTENING.fullmatch(line)
            assert said, f"not the line that the contract promises: {line!r}"
            base, token = said.groups()
            pages = crawl(base)
            compare(pages, static)
            answer = fetch(urljoin(base, "state"), token)[1]
            assert b'"message_count":0' in answer, answer
        finally:
            serving.send_signal(signal.SIGTERM)
            status = serving.wait(STOP_S)
        assert status == 0, f"exit status {status} after SIGTERM"
    print(f"the installed page is that of {static}: {len(pages)} files")


def fetch(url: str, token: str = "") -> tuple[str, bytes]:
    """The media type and the body behind `url`. Raises urllib.error.HTTPError unless it is there."""
    request = urllib.request.Request(url, headers={"Authorization": f"Bearer {token}"} if token else {})
    with urllib.request.urlopen(request, timeout=10) as response:
        return response.headers.get_content_type(), response.read()


def crawl(base: str) -> dict[str, bytes]:
    """Every file that the page at `base` needs, by path, the page itself among them; nothing from other hosts."""
    found: dict[str, bytes] = {}
    waiting = [base]
    while waiting:
        url = waiting.pop()
        assert url.startswith(base), f"the page names another host: {url}"
        path = urlsplit(url).path
        if path in found:
            continue
        media_type, found[path] = fetch(url)
        if pattern := NAMED.get(media_type):
            matches = pattern.finditer(found[path].decode())
            waiting.extend(urljoin(url, next(name for name in match.groups() if name)) for match in matches)
    return found


def compare(pages: dict[str, bytes], static: Path) -> None:
    """The files served are those of `static`, byte for byte, and no module or style sheet lies there unused."""
    files = {file.relative_to(static).as_posix(): file.read_bytes() for file in static.rglob("*") if file.is_file()}
    served = set()
    for path, body in pages.items():
        name = "index.html" if path == "/" else VERSION.sub("", path).removeprefix("/static/")
        assert files.get(name) == (unwritten(body) if path == "/" else body), f"{path} is not {static}/{name}"
        served.add(name)
    unused = {name for name in files if name.endswith((".js", ".css", ".html"))} - served
    assert not unused, f"in {static}, but named nowhere: {sorted(unused)}"


def unwritten(page: bytes) -> bytes:
    """The page without what the server writes into it: where its paths begin, its files' version, its modules."""
    based = re.sub(rb'<base href="[^"]*">', b'<base href="{{base}}">', page, count=1)
    return re.sub(rb'<link rel="modulepreload"[^>]*>\n', b"", VERSION.sub("", based.decode()).encode())


if __name__ == "__main__":
    main(Path(sys.argv[1]))
