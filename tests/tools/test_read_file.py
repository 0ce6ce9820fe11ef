from __future__ import annotations

import os
from typing import Any

import msgspec
import pytest

from tests.pictures import IMAGES, png
from tests.tools.bench import FakeBench
from trio_agent.agent.images import images_of
from trio_agent.core.errors import ToolError
from trio_agent.core.media_types import MAX_IMAGE_BYTES
from trio_agent.core.message import Message, ToolCall
from trio_agent.core.transcript import transcript
from trio_agent.tools.read_file import MAX_ENTRIES, MAX_LINE_BYTES, MAX_TEXT_BYTES, ReadFile


async def read(bench: FakeBench, path: str, **input: Any) -> str:
    return (await ReadFile().run(msgspec.json.encode({"path": path, **input}), bench)).text


async def test_lines_come_numbered(bench: FakeBench) -> None:
    (bench.workspace / "file.txt").write_text("one\n\tthree is next\nthree")
    assert await read(bench, "file.txt") == "1\tone\n2\t\tthree is next\n3\tthree"


async def test_a_range_of_lines_holds_both_its_ends(bench: FakeBench) -> None:
    (bench.workspace / "file.txt").write_text("".join(f"line {i}\n" for i in range(1, 10)))
    assert await read(bench, "file.txt", start_line=3, end_line=4) == "3\tline 3\n4\tline 4"


@pytest.mark.parametrize(("start_line", "end_line", "said"), [(5, None, "has 2 lines"), (2, 1, "is before")])
async def test_a_range_with_no_line_in_it_is_refused(
    bench: FakeBench, start_line: int, end_line: int | None, said: str
) -> None:
    (bench.workspace / "file.txt").write_text("one\ntwo\n")
    with pytest.raises(ToolError, match=said):
        await read(bench, "file.txt", start_line=start_line, end_line=end_line)


async def test_a_long_file_can_be_read_to_its_end_piece_by_piece(bench: FakeBench) -> None:
    written = [f"{i} " + "x" * 90 for i in range(3000)]
    (bench.workspace / "long.txt").write_text("\n".join(written))
    found: list[str] = []
    while len(found) < len(written):
        text = await read(bench, "long.txt", start_line=len(found) + 1)
        assert len(text) < MAX_TEXT_BYTES * 1.2
        lines = text.split("\n")
        if len(found) + len(lines) < len(written):
            assert lines.pop() == f"[cut here: read on with start_line {len(found) + len(lines) + 1}]"
        found += [line.partition("\t")[2] for line in lines]
    assert found == written


async def test_a_very_long_line_is_cut_and_the_next_is_still_the_next(bench: FakeBench) -> None:
    (bench.workspace / "min.js").write_text("x" * 10_000 + "\nsecond\n")
    first, second = (await read(bench, "min.js")).split("\n")
    assert len(first) < MAX_LINE_BYTES + 100
    assert first.endswith(f"… {10_001 - MAX_LINE_BYTES} more bytes")
    assert second == "2\tsecond"


@pytest.mark.parametrize("length", [MAX_LINE_BYTES - 1, MAX_LINE_BYTES])
async def test_a_line_that_just_fits_is_whole(bench: FakeBench, length: int) -> None:
    (bench.workspace / "file.txt").write_text("x" * length + "\nsecond\n")
    assert await read(bench, "file.txt") == f"1\t{'x' * length}\n2\tsecond"


async def test_an_empty_file_says_that_it_is_empty(bench: FakeBench) -> None:
    (bench.workspace / "empty").touch()
    assert await read(bench, "empty") == "(an empty file)"


async def test_a_binary_file_is_refused(bench: FakeBench) -> None:
    (bench.workspace / "a.out").write_bytes(b"\x7fELF\0\0\0")
    with pytest.raises(ToolError, match="binary"):
        await read(bench, "a.out")


async def test_invalid_utf_8_is_read_as_well_as_it_can_be(bench: FakeBench) -> None:
    (bench.workspace / "latin.txt").write_bytes(b"caf\xe9\n")
    assert await read(bench, "latin.txt") == "1\tcaf\ufffd"


async def test_a_directory_is_listed(bench: FakeBench) -> None:
    (bench.workspace / "b.txt").touch()
    (bench.workspace / "a").mkdir()
    assert await read(bench, ".") == "a/\nb.txt"
    assert await read(bench, "a") == "(an empty directory)"


async def test_a_very_long_list_is_cut(bench: FakeBench) -> None:
    for i in range(MAX_ENTRIES + 2):
        (bench.workspace / f"{i:05}").touch()
    assert (await read(bench, ".")).endswith(f"{MAX_ENTRIES - 1:05}\n… 2 more entries …")


async def test_a_name_that_is_no_text_can_be_listed(bench: FakeBench) -> None:
    (bench.workspace / os.fsdecode(b"caf\xe9")).touch()
    (await read(bench, ".")).encode()


async def test_a_fifo_is_refused_and_not_waited_for(bench: FakeBench) -> None:
    os.mkfifo(bench.workspace / "fifo")
    with pytest.raises(ToolError, match="neither"):
        await read(bench, "fifo")


@pytest.mark.parametrize("path", ["missing", "../x", "/etc/passwd", "", "a\0b", "x" * 300])
async def test_a_path_that_leads_to_nothing_of_the_workspaces_is_the_tools_error(bench: FakeBench, path: str) -> None:
    with pytest.raises(ToolError):
        await read(bench, path)


async def test_reading_gives_back_every_descriptor(bench: FakeBench) -> None:
    (bench.workspace / "file.txt").write_text("x")
    await read(bench, "file.txt")
    before = len(os.listdir("/proc/self/fd"))
    for path in (".", "file.txt", "missing"):
        try:
            await read(bench, path)
        except ToolError:
            pass
    assert len(os.listdir("/proc/self/fd")) == before


@pytest.mark.parametrize("media_type", IMAGES)
async def test_an_image_is_kept_as_a_blob_that_the_result_shows(bench: FakeBench, media_type: str) -> None:
    (bench.workspace / "picture").write_bytes(IMAGES[media_type])
    result = await ReadFile().run(b'{"path": "picture"}', bench)
    assert result.text == f"picture: {media_type}, {len(IMAGES[media_type])} bytes"
    assert result.display is not None
    blob = result.display.pop("blob")
    assert result.display == {"kind": "image", "path": "picture", "media_type": media_type}
    assert await bench.blobs.get(blob) == IMAGES[media_type]


async def test_a_shown_image_reaches_the_model(bench: FakeBench) -> None:
    (bench.workspace / "picture").write_bytes(IMAGES["image/png"])
    result = await ReadFile().run(b'{"path": "picture"}', bench)
    call = ToolCall(name="read_file", input="{}", tool_call_id="1")
    turns = transcript(
        [
            Message(type="user", content="look"),
            Message(type="agent", tool_calls=(call,)),
            Message(type="tool", tool_call_id="1", tool_result=result.text, display=result.display),
        ]
    )
    assert list((await images_of(turns, bench.blobs)).values()) == [IMAGES["image/png"]]


async def test_an_image_too_large_for_a_model_is_refused(bench: FakeBench) -> None:
    (bench.workspace / "picture").write_bytes(IMAGES["image/png"] + bytes(MAX_IMAGE_BYTES))
    with pytest.raises(ToolError, match="more than 3500000 bytes"):
        await read(bench, "picture")


@pytest.mark.parametrize(
    ("data", "why"),
    [(png(8001, 2), "8001 x 2 pixels large, and no side may have more than 8000"), (png()[:20], "is broken")],
    ids=["too wide", "cut off"],
)
async def test_an_image_that_would_have_the_whole_conversation_refused_is_not_shown(
    bench: FakeBench, data: bytes, why: str
) -> None:
    (bench.workspace / "picture").write_bytes(data)
    with pytest.raises(ToolError, match=f"picture is .*{why.removeprefix('is ')}.*make another of it with bash"):
        await read(bench, "picture")


async def test_a_secret_is_taken_out_before_a_line_is_cut(bench: FakeBench) -> None:
    key = "ghp_" + "aB3" * 12
    (bench.workspace / "min.js").write_text("x" * (MAX_LINE_BYTES - 20) + key + "y" * 5000)
    text = await read(bench, "min.js")
    assert "ghp_" not in text
    assert "[redacted]" in text
