"""The token: made once, kept for its owner alone."""

from __future__ import annotations

import os
import stat
import threading
from pathlib import Path

import pytest

from trio_agent.core.errors import ConfigError
from trio_agent.token import load_token


@pytest.fixture
def data_dir(tmp_path: Path) -> Path:
    return tmp_path / "share" / "trio-agent"


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_a_token_is_256_random_bits_that_a_url_can_hold(data_dir: Path, tmp_path: Path) -> None:
    token = load_token(data_dir)
    assert len(token) == 43
    assert token.replace("-", "").replace("_", "").isalnum()
    assert load_token(tmp_path / "other") != token


def test_a_token_stays_the_same(data_dir: Path) -> None:
    assert load_token(data_dir) == load_token(data_dir)


def test_a_token_is_readable_by_its_owner_alone(data_dir: Path) -> None:
    old = os.umask(0)
    try:
        load_token(data_dir)
    finally:
        os.umask(old)
    assert mode(data_dir) == 0o700
    assert mode(data_dir / "token") == 0o600
    assert [path.name for path in data_dir.iterdir()] == ["token"], "nothing of its making stays behind"


def test_what_was_open_to_others_is_closed(data_dir: Path) -> None:
    token = load_token(data_dir)
    data_dir.chmod(0o755)
    (data_dir / "token").chmod(0o644)
    assert load_token(data_dir) == token
    assert (mode(data_dir), mode(data_dir / "token")) == (0o700, 0o600)


@pytest.mark.parametrize("content", ["", "\n", "short\n"])
def test_a_file_without_a_whole_token_gets_a_new_one(data_dir: Path, content: str) -> None:
    data_dir.mkdir(parents=True)
    (data_dir / "token").write_text(content)
    token = load_token(data_dir)
    assert len(token) == 43
    assert load_token(data_dir) == token


@pytest.mark.parametrize(
    "content", [b"\xff" * 40, b"a token with blanks in it\n", b"two lines of token\nand another line\n"]
)
def test_a_file_that_holds_no_token_is_not_overwritten(data_dir: Path, content: bytes) -> None:
    data_dir.mkdir(parents=True)
    (data_dir / "token").write_bytes(content)
    with pytest.raises(ConfigError, match="token") as caught:
        load_token(data_dir)
    assert "\n" not in str(caught.value)
    assert (data_dir / "token").read_bytes() == content


def test_servers_that_start_at_once_agree_on_one_token(data_dir: Path) -> None:
    started = threading.Barrier(8)
    tokens: list[str] = []

    def start() -> None:
        started.wait()
        tokens.append(load_token(data_dir))

    threads = [threading.Thread(target=start) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(tokens) == 8
    assert set(tokens) == {load_token(data_dir)}


def test_a_place_that_takes_no_files_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(ConfigError, match="--data-dir"):
        load_token(tmp_path / "file")
