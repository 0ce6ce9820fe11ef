"""A real server, as its users start it: a process of its own, on a free port, with a data directory of its own."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import httpx2

PREFIX = "trio-agent listening on "
EXIT_S = 20


class ServedRepository:
    """`trio-agent serve` on one repository. Stopped and started again, it keeps its port, its store and its token."""

    def __init__(self, repository: Path, data_dir: Path, *options: str, environment: Mapping[str, str] = {}) -> None:
        self.repository = repository
        self.data_dir = data_dir
        self.url = ""
        self.token = ""
        self._options = options
        self._environment = {**os.environ, "TRIO_AGENT_LOG_FORMAT": "json", **environment}
        self._port = 0
        self._process: subprocess.Popen[str] | None = None

    @property
    def link(self) -> str:
        """What a user opens in the browser."""
        return f"{self.url}#token={self.token}"

    @property
    def process(self) -> subprocess.Popen[str]:
        assert self._process is not None, "not started"
        return self._process

    @property
    def log(self) -> str:
        """All it has written to stderr."""
        return (self.data_dir / "stderr").read_text("utf-8")

    def start(self) -> None:
        """Returns when it listens. Fails with what it said on stderr where it does not."""
        self.spawn()
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        assert line.startswith(PREFIX), f"{line!r}, and on stderr: {self.log}"
        self.url, _, self.token = line.removeprefix(PREFIX).strip().partition("#token=")
        self._port = int(self.url.rstrip("/").rpartition(":")[2])

    def spawn(self) -> None:
        """Returns while it is still starting."""
        self.data_dir.mkdir(parents=True, exist_ok=True)
        command = [sys.executable, "-m", "trio_agent", "serve", str(self.repository), "--no-open"]
        command += ["--port", str(self._port), "--data-dir", str(self.data_dir), *self._options]
        with (self.data_dir / "stderr").open("a") as errors:
            self._process = subprocess.Popen(
                command, stdout=subprocess.PIPE, stderr=errors, text=True, env=self._environment
            )

    def kill(self) -> None:
        """As power loss would, but for the disk's own memory."""
        self.process.kill()
        self.wait()

    def stop(self) -> int:
        """By SIGTERM; returns its exit status."""
        self.process.send_signal(signal.SIGTERM)
        return self.wait()

    def client(self) -> httpx2.Client:
        return httpx2.Client(base_url=self.url, headers={"Authorization": f"Bearer {self.token}"}, timeout=30)

    def wait(self) -> int:
        """Its exit status, once it has one."""
        status = self.process.wait(EXIT_S)
        assert self.process.stdout is not None
        self.process.stdout.close()
        self._process = None
        return status

    def close(self) -> None:
        if self._process is not None:
            self.kill()


@contextmanager
def served(
    repository: Path, data_dir: Path, *options: str, environment: Mapping[str, str] = {}
) -> Iterator[ServedRepository]:
    """A server that listens, for as long as the block lasts."""
    server = ServedRepository(repository, data_dir, *options, environment=environment)
    try:
        server.start()
        yield server
    finally:
        server.close()
