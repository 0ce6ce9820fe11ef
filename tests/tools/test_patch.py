from __future__ import annotations

import os
import stat
from typing import Any

import msgspec
import pytest

from tests.tools.bench import FakeBench
from trio_agent.core.errors import ToolError
from trio_agent.seams import ToolResult
from trio_agent.tools.patch import MAX_DIFF_CHARS, Patch


async def patch(bench: FakeBench, path: str, *patches: dict[str, Any]) -> ToolResult:
    return await Patch().run(msgspec.json.encode({"path": path, "patches": patches}), bench)


def replace(old: str, new: str) -> dict[str, str]:
    return {"operation": "replace", "oldText": old, "newText": new}


def overwrite(new: str) -> dict[str, str]:
    return {"operation": "overwrite", "newText": new}


async def test_a_patch_changes_the_file_and_shows_the_diff(bench: FakeBench) -> None:
    file = bench.workspace / "greeting.txt"
    file.write_text("hello\nworld\n")
    result = await patch(bench, "greeting.txt", replace("world", "moon"))
    assert file.read_text() == "hello\nmoon\n"
    assert result.display == {
        "kind": "diff",
        "path": "greeting.txt",
        "diff": "--- a/greeting.txt\n+++ b/greeting.txt\n@@ -1,2 +1,2 @@\n hello\n-world\n+moon\n",
    }


async def test_a_new_file_is_made_with_its_directories(bench: FakeBench) -> None:
    result = await patch(bench, "a/b/new.txt", overwrite("text"))
    assert (bench.workspace / "a/b/new.txt").read_text() == "text"
    assert result.display is not None
    assert result.display["diff"] == (
        "--- /dev/null\n+++ b/a/b/new.txt\n@@ -0,0 +1 @@\n+text\n\\ No newline at end of file\n"
    )


@pytest.mark.parametrize("operation", ["append_eof", "prepend_bof"])
async def test_an_addition_makes_the_file_too(bench: FakeBench, operation: str) -> None:
    await patch(bench, "new.txt", {"operation": operation, "newText": "text\n"})
    assert (bench.workspace / "new.txt").read_text() == "text\n"


async def test_a_replacement_in_a_missing_file_says_that_it_is_missing(bench: FakeBench) -> None:
    with pytest.raises(ToolError, match="No such file"):
        await patch(bench, "missing/file.txt", replace("a", "b"))
    assert not list(bench.workspace.iterdir())


async def test_if_one_edit_fails_none_is_made(bench: FakeBench) -> None:
    file = bench.workspace / "file.txt"
    file.write_text("one two\n")
    with pytest.raises(ToolError):
        await patch(bench, "file.txt", replace("one", "1"), replace("three", "3"))
    assert file.read_text() == "one two\n"
    assert os.listdir(bench.workspace) == ["file.txt"]


async def test_mode_survives_and_nothing_else_is_left_in_the_directory(bench: FakeBench) -> None:
    script = bench.workspace / "run.sh"
    script.write_text("echo 1\n")
    script.chmod(0o751)
    await patch(bench, "run.sh", replace("1", "2"))
    assert stat.S_IMODE(script.stat().st_mode) == 0o751
    assert os.listdir(bench.workspace) == ["run.sh"]


async def test_a_file_of_crlf_lines_keeps_them(bench: FakeBench) -> None:
    file = bench.workspace / "dos.txt"
    file.write_bytes(b"one\r\ntwo\r\nthree\r\n")
    await patch(bench, "dos.txt", replace("one\ntwo\n", "1\n2\n"), replace("three\r\n", "3\r\n"))
    assert file.read_bytes() == b"1\r\n2\r\n3\r\n"


async def test_a_file_of_mixed_line_ends_is_left_alone_where_it_is_not_edited(bench: FakeBench) -> None:
    file = bench.workspace / "mixed.txt"
    file.write_bytes(b"one\r\ntwo\nthree\r\n")
    await patch(bench, "mixed.txt", replace("two", "2"))
    assert file.read_bytes() == b"one\r\n2\nthree\r\n"


async def test_the_file_is_replaced_in_one_step_and_not_rewritten(bench: FakeBench) -> None:
    file = bench.workspace / "file.txt"
    file.write_text("old\n")
    with file.open() as reader:
        await patch(bench, "file.txt", overwrite("new\n"))
        # Whoever had it open reads the old text to its end.
        assert reader.read() == "old\n"
    assert file.read_text() == "new\n"


async def test_a_link_inside_the_workspace_is_followed_and_stays_a_link(bench: FakeBench) -> None:
    (bench.workspace / "real.txt").write_text("old\n")
    (bench.workspace / "link.txt").symlink_to("real.txt")
    await patch(bench, "link.txt", overwrite("new\n"))
    assert (bench.workspace / "link.txt").is_symlink()
    assert (bench.workspace / "real.txt").read_text() == "new\n"


async def test_a_link_to_the_outside_is_refused(bench: FakeBench) -> None:
    outside = bench.workspace.parent / "outside.txt"
    outside.write_text("mine\n")
    (bench.workspace / "link.txt").symlink_to(outside)
    with pytest.raises(ToolError, match="outside the workspace"):
        await patch(bench, "link.txt", overwrite("yours\n"))
    assert outside.read_text() == "mine\n"


@pytest.mark.parametrize("path", [".", "directory"])
async def test_a_directory_cannot_be_patched(bench: FakeBench, path: str) -> None:
    (bench.workspace / "directory").mkdir()
    with pytest.raises(ToolError, match=r"directory|regular file"):
        await patch(bench, path, overwrite("text"))


async def test_what_is_not_utf_8_is_left_as_it_is(bench: FakeBench) -> None:
    (bench.workspace / "latin.txt").write_bytes(b"caf\xe9")
    with pytest.raises(ToolError, match="not UTF-8"):
        await patch(bench, "latin.txt", {"operation": "append_eof", "newText": "!"})
    assert (bench.workspace / "latin.txt").read_bytes() == b"caf\xe9"


async def test_patches_that_change_nothing_say_so(bench: FakeBench) -> None:
    (bench.workspace / "file.txt").write_text("same")
    assert "change nothing" in (await patch(bench, "file.txt", replace("same", "same"))).text


async def test_a_diff_too_long_to_look_at_is_cut(bench: FakeBench) -> None:
    result = await patch(bench, "big.txt", overwrite("line\n" * MAX_DIFF_CHARS))
    assert result.display is not None
    assert len(result.display["diff"]) < MAX_DIFF_CHARS + 100
    assert "more characters" in result.display["diff"]
