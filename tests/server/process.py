"""A server process as these tests drive it: on a data directory of its own, talked to by Trio's clients, ended by signals."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx2
import trio

EXIT_S = 15.0
"""What the contract allows from the first signal to the process's end."""

LISTENING = b"trio-agent listening on "


@dataclass
class ServerProcess:
    """One run of a server. Everything it wrote to stdout after the line that says where it listens is in `more_output`."""

    process: trio.Process
    url: str
    token: str
    data_dir: Path

    @property
    def port(self) -> int:
        return int(self.url.rstrip("/").rpartition(":")[2])

    @property
    def log(self) -> str:
        return (self.data_dir / "stderr").read_text("utf-8")

    def client(self) -> httpx2.AsyncClient:
        headers = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        return httpx2.AsyncClient(base_url=self.url, headers=headers, trust_env=False, timeout=30)

    async def ended(self, *signals: signal.Signals) -> int:
        """Send `signals`, and wait for the end; its exit status."""
        for each in signals:
            self.process.send_signal(each)
        with trio.fail_after(EXIT_S):
            return await self.process.wait()

    async def more_output(self) -> bytes:
        assert self.process.stdout is not None
        return b"".join([chunk async for chunk in self.process.stdout])


@asynccontextmanager
async def running(
    data_dir: Path, *options: str, port: int = 0, open_files: int | None = None
) -> AsyncIterator[ServerProcess]:
    """`trio-agent serve` on the repository beside `data_dir`, listening; killed at the end where it still runs.

    `open_files` is how many descriptors it may have; None: as many as we may.
    """
    await trio.Path(data_dir).mkdir(parents=True, exist_ok=True)
    command = [sys.executable, "-m", "trio_agent", "serve", str(make_repository(data_dir.parent)), "--no-open"]
    command += ["--port", str(port), "--data-dir", str(data_dir), "--model", "demo", "--sandbox", "none", *options]
    if open_files is not None:
        command = ["sh", "-c", f'ulimit -n {open_files} && exec "$@"', "sh", *command]
    with (data_dir / "stderr").open("ab") as errors:
        process = await trio.lowlevel.open_process(
            command, stdout=subprocess.PIPE, stderr=errors, env=environment(data_dir), cwd=data_dir.parent
        )
    try:
        assert process.stdout is not None
        line = b""
        while not line.endswith(b"\n"):
            chunk = await process.stdout.receive_some()
            assert chunk, f"it ended with {line!r}: " + (data_dir / "stderr").read_text()
            line += chunk
        assert line.startswith(LISTENING), line
        url, _, token = line.removeprefix(LISTENING).decode().strip().partition("#token=")
        yield ServerProcess(process, url, token, data_dir)
    finally:
        if process.returncode is None:
            process.kill()
        with trio.CancelScope(shield=True):
            await process.wait()
            if process.stdout is not None:
                await process.stdout.aclose()


OURS = ("TRIO_AGENT_", "ANTHROPIC_", "OPENAI_", "GEMINI_", "GOOGLE_")


def environment(data_dir: Path) -> dict[str, str]:
    """The test's own, without anything that configures the program."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(OURS)}
    return {**kept, "XDG_CONFIG_HOME": str(data_dir / "config"), "XDG_DATA_HOME": str(data_dir / "share")}


def make_repository(directory: Path) -> Path:
    """A git repository with one empty commit, made once."""
    path = directory / "repository"
    if not path.exists():
        author = ("-c", "user.name=Author", "-c", "user.email=author@example.org")
        subprocess.run(["git", "init", "--quiet", str(path)], check=True)
        commit = ["git", "-C", str(path), *author, "commit", "--quiet", "--allow-empty", "--message", "begin"]
        subprocess.run(commit, check=True)
    return path


async def program(data_dir: Path, *arguments: str) -> subprocess.CompletedProcess[bytes]:
    """`trio-agent ARGUMENTS` until its end."""
    command = [sys.executable, "-m", "trio_agent", *arguments]
    return await trio.run_process(
        command, capture_stdout=True, capture_stderr=True, check=False, env=environment(data_dir), cwd=data_dir
    )
