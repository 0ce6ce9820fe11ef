"""The token: 256 random bits in a file that only its owner can read, the same across restarts."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

from trio_agent.core.errors import ConfigError

TOKEN_BYTES = 32


def load_token(data_dir: Path) -> str:
    """The token kept in `data_dir`; made, in a directory of mode 0700, where there is none. Raises ConfigError."""
    path = data_dir / "token"
    try:
        data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
        data_dir.chmod(0o700)
        if path.exists():
            path.chmod(0o600)
            token = path.read_text("ascii").strip()
            if len(token) >= 16:
                return token
        token = secrets.token_urlsafe(TOKEN_BYTES)
        _write_whole(path, token)
    except (OSError, UnicodeDecodeError) as exc:
        raise ConfigError(f"cannot keep a token in {data_dir}: {exc}; name another --data-dir") from exc
    return token


def _write_whole(path: Path, text: str) -> None:
    """By a rename, so that nobody ever reads half a token."""
    part = path.with_name(f".token.{os.getpid()}")
    descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(text + "\n")
    part.replace(path)
