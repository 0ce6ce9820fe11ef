"""What the page knows by heart of the server: the two must not drift apart."""

from __future__ import annotations

import re
from pathlib import Path

from trio_agent.core.commands import COMMANDS
from trio_agent.core.media_types import IMAGE_TYPES, MAX_IMAGE_BYTES
from trio_agent.runtime.uploads import MAX_FILE_BYTES, MAX_FILES

PAGE = Path(__file__).resolve().parents[2] / "static" / "js"


def read(name: str) -> str:
    return (PAGE / name).read_text("utf-8")


def test_the_page_completes_the_commands_there_are() -> None:
    assert set(re.findall(r'\{ name: "(\w+)", help: "', read("completion.js"))) == COMMANDS.keys()


def test_the_page_refuses_what_the_server_would() -> None:
    files = read("views/composer-files.js")
    assert f"MAX_FILES = {MAX_FILES};" in files
    assert f"MAX_FILE_BYTES = {MAX_FILE_BYTES // 2**20} * 1024 * 1024;" in files


def test_the_page_shows_the_images_that_models_are_shown_and_makes_large_ones_fit() -> None:
    assert set(re.findall(r'"(image/\w+)"', read("views/kept-image.js"))) == IMAGE_TYPES
    fitted = re.search(r"MAX_UNCHANGED_BYTES = ([\d_]+);", read("views/composer-files.js"))
    assert fitted is not None
    assert int(fitted[1]) <= MAX_IMAGE_BYTES
