"""What differs, file by file and line by line, from real git: odd names, odd files, odd ends."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
import trio

from tests.git.traps import ATTRIBUTES, Traps, spring
from tests.projects import commit_files, git
from trio_agent.core.errors import NotFound
from trio_agent.git.changes import MAX_FILES
from trio_agent.git.comparison import MAX_CONTENT_BYTES
from trio_agent.git.folder_names import MAX_NAMES, names_below
from trio_agent.git.workspaces import RepositoryWorkspaces
from trio_agent.seams import FileChange, FilePatch, Workspace

ODD_NAMES = [
    "with space",
    "tab\there",
    "line\nbreak",
    'quo"te',
    "back\\slash",
    "-dash",
    ":(top)magic",
    "ü.py",
    os.fsdecode(b"latin\xe9"),
    "a b/c d",
    "--- a",
    "* *",
]


@pytest.fixture
async def workspace(project: Path, data_dir: Path) -> Workspace:
    return await RepositoryWorkspaces(project, data_dir).open("s1", {})


async def files(workspace: Workspace, commit: str = "") -> dict[str, FileChange]:
    return {each.path: each for each in (await workspace.changes(commit)).files}


async def patch(workspace: Workspace, path: str, commit: str = "", old: str = "", *, space: bool = False) -> FilePatch:
    return await workspace.patch(commit, path, old, ignore_space=space)


def changed(found: FilePatch) -> list[tuple[str, str]]:
    return [(line.kind, line.text) for line in found.lines if line.kind != "same"]


async def test_files_that_come_change_and_go_are_told_apart(workspace: Workspace) -> None:
    (workspace.path / "new").write_text("1\n2\n")
    (workspace.path / "pyproject.toml").unlink()
    (workspace.path / "README.md").chmod(0o755)
    found = await files(workspace)
    assert {name: (each.status, each.added > 0, each.removed > 0) for name, each in found.items()} == {
        "README.md": ("modified", False, False),
        "new": ("added", True, False),
        "pyproject.toml": ("deleted", False, True),
    }
    assert (found["README.md"].old_mode, found["README.md"].new_mode) == ("100644", "100755")
    assert (found["new"].old_mode, found["pyproject.toml"].new_mode) == ("", "")
    assert found["new"].added == 2


async def test_a_rename_tells_both_names_and_only_what_changed(workspace: Workspace) -> None:
    git(workspace.path, "mv", "wordcount/counting.py", "wordcount/words of text.py")
    with (workspace.path / "wordcount/words of text.py").open("a") as file:
        file.write("# the end\n")
    found = (await files(workspace))["wordcount/words of text.py"]
    assert (found.status, found.old_path, found.added, found.removed) == ("renamed", "wordcount/counting.py", 1, 0)
    lines = await patch(workspace, found.path, old=found.old_path)
    assert changed(lines) == [("added", "# the end")]


@pytest.mark.parametrize("name", ODD_NAMES)
async def test_a_name_of_any_bytes_is_told_and_its_lines_are_found(name: str, workspace: Workspace) -> None:
    path = workspace.path / name
    path.parent.mkdir(exist_ok=True)
    path.write_text("one\n")
    git(workspace.path, "add", "--all")
    git(workspace.path, "commit", "--quiet", "--message", "Odd")
    head = git(workspace.path, "rev-parse", "HEAD")
    assert name in await files(workspace, head)
    path.write_text("two\n")
    assert (await files(workspace))[name].status == "added"
    assert changed(await patch(workspace, name)) == [("added", "two")]
    assert changed(await patch(workspace, name, head)) == [("added", "one")]
    assert (await workspace.content(head, name)).data == b"one\n"
    assert name in await workspace.names()


async def test_a_renamed_file_with_an_odd_name_has_its_lines(workspace: Workspace) -> None:
    (workspace.path / 'a "b"\n').write_text("".join(f"{n}\n" for n in range(40)))
    git(workspace.path, "add", "--all")
    git(workspace.path, "commit", "--quiet", "--message", "Odd")
    git(workspace.path, "mv", 'a "b"\n', "c\td ")
    git(workspace.path, "commit", "--quiet", "--message", "Moved")
    with (workspace.path / "c\td ").open("a") as file:
        file.write("more\n")
    git(workspace.path, "commit", "--quiet", "--all", "--amend", "--message", "Moved and changed")
    head = git(workspace.path, "rev-parse", "HEAD")
    assert changed(await patch(workspace, "c\td ", head, 'a "b"\n')) == [("added", "more")]


async def test_lines_have_their_numbers_on_both_sides(workspace: Workspace) -> None:
    commit_files(workspace.path, {"a": "1\n2\n3\n4\n"}, "A")
    head = commit_files(workspace.path, {"a": "1\nzwei\n3\n3a\n4\n"}, "B")
    found = await patch(workspace, "a", head)
    assert found.whole
    assert [(line.kind, line.old, line.new, line.text) for line in found.lines] == [
        ("same", 1, 1, "1"),
        ("removed", 2, 0, "2"),
        ("added", 0, 2, "zwei"),
        ("same", 3, 3, "3"),
        ("added", 0, 4, "3a"),
        ("same", 4, 5, "4"),
    ]


async def test_lines_that_look_like_a_diff_are_lines(workspace: Workspace) -> None:
    commit_files(workspace.path, {"a": "-- x\ndiff --git a/b b/b\n@@ -1 +1 @@\n"}, "A")
    head = commit_files(workspace.path, {"a": "++ x\n\\ No newline at end of file\n"}, "B")
    found = await patch(workspace, "a", head)
    assert {text for _, text in changed(found)} == {
        *("-- x", "diff --git a/b b/b", "@@ -1 +1 @@", "++ x", "\\ No newline at end of file")
    }
    assert all(line.ended for line in found.lines)


async def test_a_line_without_an_end_and_one_with_crlf_are_told(workspace: Workspace) -> None:
    commit_files(workspace.path, {"a": "one\ntwo\n"}, "A")
    (workspace.path / "a").write_bytes(b"one\r\ntwo")
    git(workspace.path, "commit", "--quiet", "--all", "--message", "B")
    found = await patch(workspace, "a", git(workspace.path, "rev-parse", "HEAD"))
    assert [(line.kind, line.text, line.ended) for line in found.lines] == [
        ("removed", "one", True),
        ("removed", "two", True),
        ("added", "one\r", True),
        ("added", "two", False),
    ]


async def test_what_differs_in_white_space_alone_can_be_passed_over(workspace: Workspace) -> None:
    commit_files(workspace.path, {"a": "if x:\n    y\nz\n", "b": "b\n"}, "A")
    head = commit_files(workspace.path, {"a": "if x:\n        y\nzett\n", "b": "b  \n"}, "B")
    assert len(changed(await patch(workspace, "a", head))) == 4
    assert changed(await patch(workspace, "a", head, space=True)) == [("removed", "z"), ("added", "zett")]
    assert changed(await patch(workspace, "b", head, space=True)) == []


async def test_a_binary_file_has_sizes_and_no_lines(workspace: Workspace) -> None:
    (workspace.path / "picture").write_bytes(b"\0" * 300)
    git(workspace.path, "add", "--all")
    git(workspace.path, "commit", "--quiet", "--message", "Picture")
    head = git(workspace.path, "rev-parse", "HEAD")
    (workspace.path / "picture").write_bytes(b"\0" * 500)
    now, then = (await files(workspace))["picture"], (await files(workspace, head))["picture"]
    assert (now.binary, now.old_bytes, now.new_bytes) == (True, 0, 500)
    assert (then.binary, then.old_bytes, then.new_bytes) == (True, 0, 300)
    assert (await patch(workspace, "picture")).lines == ()


async def test_a_link_in_the_place_of_a_file_and_a_folder_in_the_place_of_one(workspace: Workspace) -> None:
    path = workspace.path
    (path / "README.md").unlink()
    (path / "README.md").symlink_to("/etc/passwd")
    (path / "pyproject.toml").unlink()
    (path / "pyproject.toml").mkdir()
    (path / "pyproject.toml" / "inside").write_text("x\n")
    found = await files(workspace)
    assert found["README.md"].status == "retyped"
    assert ("added", "/etc/passwd") in changed(await patch(workspace, "README.md"))
    assert {kind for kind, _ in changed(await patch(workspace, "pyproject.toml"))} == {"removed"}
    assert changed(await patch(workspace, "pyproject.toml/inside")) == [("added", "x")]


async def test_the_version_of_a_file_changes_with_its_content_and_with_nothing_else(workspace: Workspace) -> None:
    (workspace.path / "a").write_text("one\n")
    (workspace.path / "b").write_text("one\n")
    first = await files(workspace)
    (workspace.path / "a").write_text("other\n")
    second = await files(workspace)
    assert first["b"].version == second["b"].version
    assert first["a"].version != second["a"].version
    git(workspace.path, "add", "--all")
    git(workspace.path, "commit", "--quiet", "--message", "Both")
    assert {name: each.version for name, each in (await files(workspace)).items()} == {
        name: each.version for name, each in second.items()
    }


async def test_the_first_commit_and_a_merge_are_compared_with_what_was_before(workspace: Workspace) -> None:
    path = workspace.path
    first = git(path, "rev-list", "--max-parents=0", "HEAD")
    assert {each.status for each in (await files(workspace, first)).values()} == {"added"}
    git(path, "checkout", "--quiet", "-b", "side", "HEAD~1")
    commit_files(path, {"side": "x\n"}, "Side")
    git(path, "checkout", "--quiet", "main")
    git(path, "merge", "--quiet", "--no-ff", "-m", "Merge", "side")
    assert list(await files(workspace, git(path, "rev-parse", "HEAD"))) == ["side"]


async def test_of_very_many_files_the_first_are_told_and_the_rest_counted(workspace: Workspace) -> None:
    for number in range(MAX_FILES + 5):
        (workspace.path / f"{number:05}").write_text("x\n")
    found = await workspace.changes("")
    assert (len(found.files), found.more, found.added) == (MAX_FILES, 5, MAX_FILES + 5)


async def test_a_file_of_very_many_lines_has_those_around_its_changes(workspace: Workspace) -> None:
    lines = [f"line number {number}\n" for number in range(100_000)]
    commit_files(workspace.path, {"long": "".join(lines)}, "Long")
    lines[50_000] = "changed\n"
    head = commit_files(workspace.path, {"long": "".join(lines)}, "Changed")
    found = await patch(workspace, "long", head)
    assert (found.whole, found.cut, len(found.lines)) == (False, False, 22)
    assert changed(found) == [("removed", "line number 50000"), ("added", "changed")]


async def test_a_patch_that_is_too_large_is_cut_at_a_line(workspace: Workspace) -> None:
    (workspace.path / "large").write_text("a line of text\n" * 700_000)
    found = await patch(workspace, "large")
    assert found.cut
    assert {line.text for line in found.lines} == {"a line of text"}


@pytest.mark.parametrize("commit", ["", "HEAD"])
async def test_a_file_that_did_not_change_has_no_patch(commit: str, workspace: Workspace) -> None:
    head = git(workspace.path, "rev-parse", "HEAD")
    with pytest.raises(NotFound):
        await patch(workspace, "README.md", head if commit else "")


@pytest.mark.parametrize("path", ["nowhere", "wordcount", "", "../wordcount", "/etc/passwd", ".git/config"])
async def test_what_is_no_file_of_a_commit_is_not_found(path: str, workspace: Workspace) -> None:
    with pytest.raises(NotFound):
        await workspace.content(git(workspace.path, "rev-parse", "HEAD"), path)


@pytest.mark.parametrize("commit", ["0" * 40, "HEAD", "--output=x", "abc"])
async def test_of_an_unknown_commit_there_is_nothing(commit: str, workspace: Workspace) -> None:
    for ask in (workspace.changes(commit), patch(workspace, "a", commit), workspace.content(commit, "a")):
        with pytest.raises(NotFound):
            await ask


async def test_of_a_huge_file_in_a_commit_the_beginning_is_read(workspace: Workspace) -> None:
    head = commit_files(workspace.path, {"huge": "x" * (MAX_CONTENT_BYTES + 10)}, "Huge")
    found = await workspace.content(head, "huge")
    assert (len(found.data), found.size) == (MAX_CONTENT_BYTES, MAX_CONTENT_BYTES + 10)


async def test_names_are_those_of_tracked_and_new_files(workspace: Workspace) -> None:
    (workspace.path / "new").write_text("x\n")
    (workspace.path / "build").mkdir()
    (workspace.path / "build" / "out").write_text("ignored\n")
    names = await workspace.names()
    assert {"new", "wordcount/counting.py"} <= set(names)
    assert "build/out" not in names


async def test_who_types_a_name_does_not_start_git_with_every_letter(workspace: Workspace) -> None:
    first = await workspace.names()
    (workspace.path / "new").write_text("x\n")
    assert await workspace.names() is first


async def test_a_folder_without_git_has_names_and_no_changes(tmp_path: Path, data_dir: Path) -> None:
    folder = tmp_path / "plain"
    (folder / "below").mkdir(parents=True)
    (folder / "below" / "file").write_text("x\n")
    (folder / ".hidden").write_text("x\n")
    (folder / "round").symlink_to(folder)
    workspace = await RepositoryWorkspaces(folder, data_dir).open("s1", {})
    assert await workspace.names() == ["round", "below/file"]
    assert (await workspace.changes("")).files == ()
    for ask in (patch(workspace, "below/file"), workspace.content("c0ffee", "below/file"), workspace.changes("c0ffee")):
        with pytest.raises(NotFound):
            await ask


def test_of_a_very_large_folder_not_all_names_are_told(tmp_path: Path) -> None:
    for number in range(MAX_NAMES + 1):
        (tmp_path / str(number)).touch()
    assert len(names_below(tmp_path)) == MAX_NAMES


async def test_nothing_that_the_workspace_names_is_run(workspace: Workspace, tmp_path: Path) -> None:
    traps = Traps(tmp_path / "traps")
    head = commit_files(workspace.path, {".gitattributes": ATTRIBUTES, "a": "a\n"}, "Attributes")
    (workspace.path / "a").write_text("b\n")
    traps.arm(workspace.path / ".git", "clone")
    spring(workspace.path, "diff")
    assert traps.sprung != set()
    traps.forget()
    await workspace.changes("")
    await workspace.changes(head)
    await patch(workspace, "a")
    await patch(workspace, "a", head)
    await workspace.content(head, "a")
    await workspace.names()
    assert traps.sprung == set()


async def test_looks_at_the_same_time_do_not_disturb_each_other(workspace: Workspace) -> None:
    (workspace.path / "a").write_text("a\n")
    async with trio.open_nursery() as nursery:
        for _ in range(4):
            nursery.start_soon(workspace.changes, "")
            nursery.start_soon(workspace.names)
            nursery.start_soon(workspace.diff, "")


async def test_the_commits_since_the_base_are_told_whatever_is_compared(workspace: Workspace) -> None:
    head = commit_files(workspace.path, {"a": "a\n"}, "A")
    commit_files(workspace.path, {"b": "b\n"}, "B")
    for commit in ("", head):
        assert [each.subject for each in (await workspace.changes(commit)).commits] == ["B", "A"]
