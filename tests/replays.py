"""`trio-agent replay` as a user runs it: a process of its own, on a free port, in a home that holds nothing."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx2

from tests.served import EXIT_S, PREFIX


@dataclass
class Replayed:
    """A replay that listens. `link` is what it printed."""

    process: subprocess.Popen[bytes]
    link: str

    @property
    def url(self) -> str:
        return self.link.partition("#")[0]

    @property
    def token(self) -> str:
        return self.link.partition("#token=")[2]

    def client(self) -> httpx2.Client:
        headers = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        return httpx2.Client(base_url=self.url, headers=headers, timeout=30, trust_env=False)

    def stop(self) -> int:
        """By SIGTERM; returns its exit status."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(EXIT_S)


def home_environment(home: Path) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("TRIO_AGENT_")}
    folders = {"HOME": home, "XDG_CONFIG_HOME": home / "config", "XDG_DATA_HOME": home / "data"}
    return kept | {name: str(folder) for name, folder in folders.items()}


def replay_command(*arguments: str | Path) -> list[str]:
    return [sys.executable, "-m", "trio_agent", "replay", *map(str, arguments)]


@contextmanager
def replayed(home: Path, file: Path, *options: str, stdin: bytes | None = None) -> Iterator[Replayed]:
    """A replay of `file`, or of `stdin` where given, for as long as the block lasts."""
    command = replay_command("-" if stdin is not None else file, "--no-open", "--log-format", "json", *options)
    home.mkdir(exist_ok=True)
    with (home.with_suffix(".stderr")).open("wb") as errors:
        process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=errors, env=home_environment(home)
        )
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        if stdin is not None:
            process.stdin.write(stdin)
        process.stdin.close()
        line = process.stdout.readline().decode()
        assert line.startswith(PREFIX), f"{line!r}, and on stderr: {home.with_suffix('.stderr').read_text()}"
        yield Replayed(process, line.removeprefix(PREFIX).strip())
    finally:
        process.kill()
        process.wait()
        process.stdout.close()
