"""The token: 256 random bits in a file that only its owner can read, the same across restarts."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

from trio_agent.core.errors import ConfigError

TOKEN_BYTES = 32
MIN_TOKEN_CHARS = 16  # of a token that the user chose


def is_token(text: str) -> bool:
    """Whether `text` can be a token: it goes into a header as it stands, which blanks and other letters would not survive."""
    return len(text) >= MIN_TOKEN_CHARS and all("!" <= character <= "~" for character in text)


def load_token(data_dir: Path) -> str:
    """The token kept in `data_dir`; made, in a directory of mode 0700, where there is none. Raises ConfigError."""
    path = data_dir / "token"
    try:
        data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
        data_dir.chmod(0o700)
        return _kept(path) or _make(path)
    except (OSError, UnicodeDecodeError) as exc:
        raise ConfigError(f"cannot keep a token in {data_dir}: {exc}; name another --data-dir") from exc


def _kept(path: Path) -> str:
    """The token at `path`, empty where there is none or only the beginning of one. Raises ConfigError."""
    try:
        path.chmod(0o600)
        token = path.read_text("ascii").strip()
    except FileNotFoundError:
        return ""
    if len(token) >= MIN_TOKEN_CHARS and not is_token(token):
        raise ConfigError(
            f"{path} holds no token: put {MIN_TOKEN_CHARS} or more visible characters there, or remove it"
        )
    return token if is_token(token) else ""


def _make(path: Path) -> str:
    token = secrets.token_urlsafe(TOKEN_BYTES)
    part = path.with_name(f".token.{secrets.token_hex(8)}")
    descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    try:
        with os.fdopen(descriptor, "w") as file:
            file.write(token + "\n")
            file.flush()
            # Or a power loss could leave the name with nothing in it, and clients with a token that is no more.
            os.fsync(file.fileno())
        return _place(part, path) or token
    finally:
        part.unlink(missing_ok=True)


def _place(part: Path, path: Path) -> str:
    """Give `part` the name `path`, whole; the token of another program that was quicker, empty where ours stands now."""
    try:
        # A link, unlike a rename, fails where the name is taken.
        os.link(part, path)
    except FileExistsError:
        if other := _kept(path):
            return other
        part.replace(path)
    return ""
